package target

import (
	"fmt"
	"os"
	"path/filepath"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"google.golang.org/protobuf/encoding/prototext"
)

// LoadPipeline reads a program that was compiled elsewhere: its P4Info in text form, and what the target takes as
// p4_device_config. For BMv2 and firstack-switch that is BMv2 JSON; for Stratum a serialised BfPipelineConfig, or the
// .conf that p4c writes for Tofino, whose files are then packed into one.
func LoadPipeline(p4info, deviceConfig string) (*p4configv1.P4Info, []byte, error) {
	text, err := os.ReadFile(p4info)
	if err != nil {
		return nil, nil, fmt.Errorf("P4Info: %w", err)
	}
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(text, info); err != nil {
		return nil, nil, fmt.Errorf("P4Info %s: %w", p4info, err)
	}
	if filepath.Ext(deviceConfig) == ".conf" {
		device, err := packConf(deviceConfig)
		return info, device, err
	}
	device, err := os.ReadFile(deviceConfig)
	if err != nil {
		return nil, nil, fmt.Errorf("device config: %w", err)
	}
	if len(device) == 0 {
		return nil, nil, fmt.Errorf("device config %s is empty", deviceConfig)
	}
	return info, device, nil
}
