package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// conf is what p4c's Tofino back end writes beside a program, as far as it matters here.
type conf struct {
	Devices []struct {
		Programs []struct {
			Name      string `json:"program-name"`
			BfRt      string `json:"bfrt-config"`
			Pipelines []struct {
				Name    string   `json:"p4_pipeline_name"`
				Context string   `json:"context"`
				Binary  string   `json:"config"`
				Scope   []uint32 `json:"pipe_scope"`
			} `json:"p4_pipelines"`
		} `json:"p4_programs"`
	} `json:"p4_devices"`
}

// Field numbers of stratum.hal.barefoot.BfPipelineConfig and of its Profile (stratum/hal/lib/barefoot/bf.proto).
const (
	bfName, bfRuntimeInfo, bfProfiles                     protowire.Number = 1, 2, 3
	profileName, profileContext, profileBinary, pipeScope protowire.Number = 1, 2, 3, 4
)

// packConf makes of a compiler's output what Stratum takes: one message with the contents of all its files, as
// Stratum's bf_pipeline_builder does.
func packConf(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("device config: %w", err)
	}
	var c conf
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("device config %s: %w", path, err)
	}
	if len(c.Devices) != 1 || len(c.Devices[0].Programs) != 1 {
		return nil, fmt.Errorf("device config %s: Stratum takes one program on one device", path)
	}
	program := c.Devices[0].Programs[0]
	if program.Name == "" || len(program.Pipelines) == 0 {
		return nil, fmt.Errorf("device config %s: has no program-name or no p4_pipelines", path)
	}
	var errs []error
	read := func(name string) []byte {
		data, err := beside(path, name)
		errs = append(errs, err)
		return data
	}
	out := putBytes(nil, bfName, []byte(program.Name))
	out = putBytes(out, bfRuntimeInfo, read(program.BfRt))
	for _, pipe := range program.Pipelines {
		profile := putBytes(nil, profileName, []byte(pipe.Name))
		profile = putBytes(profile, profileContext, read(pipe.Context))
		profile = putBytes(profile, profileBinary, read(pipe.Binary))
		var scope []byte
		for _, n := range pipe.Scope {
			scope = protowire.AppendVarint(scope, uint64(n))
		}
		if len(scope) > 0 {
			profile = putBytes(profile, pipeScope, scope)
		}
		out = putBytes(out, bfProfiles, profile)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("device config %s: %w", path, err)
	}
	return out, nil
}

func putBytes(b []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), value)
}

// beside reads a file that a .conf names. The compiler writes paths relative to where it was run, so one that is not
// there is looked for below the .conf's own folder, leading folders dropped one by one.
func beside(conf, name string) ([]byte, error) {
	if name == "" {
		return nil, errors.New("a file's name is missing")
	}
	if filepath.IsAbs(name) {
		return os.ReadFile(name)
	}
	parts := strings.Split(filepath.ToSlash(filepath.Clean(name)), "/")
	for i := range parts {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(conf), filepath.Join(parts[i:]...)))
		if !errors.Is(err, os.ErrNotExist) {
			return data, err
		}
	}
	return nil, fmt.Errorf("%s is not below %s: %w", name, filepath.Dir(conf), os.ErrNotExist)
}
