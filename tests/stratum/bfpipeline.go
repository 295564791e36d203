package stratum

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// bfPipeline is a BfPipelineConfig (bf.proto), as far as a chip needs it.
type bfPipeline struct {
	name     string
	bfrt     bool
	profiles int
}

var errFormat = errors.New("Unknown format for p4_device_config.")

// parseBfPipeline is strict where Stratum is not: an empty message would be one too.
func parseBfPipeline(b []byte) (p bfPipeline, err error) {
	for len(b) > 0 {
		n, kind, size := protowire.ConsumeTag(b)
		if size < 0 || kind != protowire.BytesType {
			return p, errFormat
		}
		value, length := protowire.ConsumeBytes(b[size:])
		if length < 0 {
			return p, errFormat
		}
		switch n {
		case 1:
			p.name = string(value)
		case 2:
			p.bfrt = len(value) > 0
		case 3:
			p.profiles++
		default:
			return p, errFormat
		}
		b = b[size+length:]
	}
	if p.name == "" || !p.bfrt || p.profiles == 0 {
		return p, errFormat
	}
	return p, nil
}
