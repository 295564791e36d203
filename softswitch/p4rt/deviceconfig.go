package p4rt

import (
	"bytes"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// fieldDeviceData is device_data of p4.tmp.P4DeviceConfig, whose other fields are reassign (1) and extras (2).
const fieldDeviceData = 3

// deviceData returns the BMv2 JSON in a p4_device_config: the bytes themselves, or the device_data of a
// p4.tmp.P4DeviceConfig, in which clients written for BMv2 (those of the p4lang tutorials among them) wrap it.
func deviceData(config []byte) ([]byte, error) {
	if rest := bytes.TrimLeft(config, " \t\r\n"); len(rest) > 0 && rest[0] == '{' {
		return config, nil
	}
	var data []byte
	for rest := config; len(rest) > 0; {
		number, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return nil, fmt.Errorf("neither BMv2 JSON nor a p4.tmp.P4DeviceConfig: %w", protowire.ParseError(n))
		}
		rest = rest[n:]
		if number == fieldDeviceData && kind == protowire.BytesType {
			data, n = protowire.ConsumeBytes(rest)
		} else {
			n = protowire.ConsumeFieldValue(number, kind, rest)
		}
		if n < 0 {
			return nil, fmt.Errorf("neither BMv2 JSON nor a p4.tmp.P4DeviceConfig: %w", protowire.ParseError(n))
		}
		rest = rest[n:]
	}
	return data, nil
}
