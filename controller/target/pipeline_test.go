package target_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/firstack/firstack/controller/target"
)

func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const info = `pkg_info { arch: "tna" }`

// What p4c writes for Tofino, with paths relative to where it was run.
const written = `{
  "chip_list": [{"id": "asic-0"}],
  "p4_devices": [{"device-id": 0, "p4_programs": [{
    "program-name": "client_gateway", "bfrt-config": "out/bfrt.json",
    "p4_pipelines": [{
      "p4_pipeline_name": "pipe", "context": "out/pipe/context.json", "config": "out/pipe/tofino.bin",
      "pipe_scope": [0, 1, 2, 3], "path": "out"
    }]
  }]}]
}`

func TestCompilerOutputBecomesOneMessage(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{
		"x.p4info.txtpb": info, "out/client_gateway.conf": written, "out/bfrt.json": "{bfrt}",
		"out/pipe/context.json": "{context}", "out/pipe/tofino.bin": "binary",
	})
	p, device, err := target.LoadPipeline(filepath.Join(dir, "x.p4info.txtpb"), filepath.Join(dir, "out/client_gateway.conf"))
	if err != nil || p.GetPkgInfo().GetArch() != "tna" {
		t.Fatal(p, err)
	}
	program := fields(t, device)
	for field, want := range map[protowire.Number]string{1: "client_gateway", 2: "{bfrt}"} {
		if got := string(program[field]); got != want {
			t.Errorf("field %d is %q, want %q", field, got, want)
		}
	}
	profile := fields(t, program[3])
	for field, want := range map[protowire.Number]string{1: "pipe", 2: "{context}", 3: "binary", 4: "\x00\x01\x02\x03"} {
		if got := string(profile[field]); got != want {
			t.Errorf("field %d of the profile is %q, want %q", field, got, want)
		}
	}
}

func fields(t *testing.T, message []byte) map[protowire.Number][]byte {
	t.Helper()
	out := map[protowire.Number][]byte{}
	for len(message) > 0 {
		n, kind, size := protowire.ConsumeTag(message)
		if size < 0 || kind != protowire.BytesType {
			t.Fatalf("no message: %q", message)
		}
		value, length := protowire.ConsumeBytes(message[size:])
		if length < 0 {
			t.Fatalf("cut off: %q", message)
		}
		out[n], message = value, message[size+length:]
	}
	return out
}

func TestOtherDeviceConfigsAreTakenAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"x.p4info.txtpb": info, "pipeline_config.pb.bin": "\x0a\x01x"})
	_, device, err := target.LoadPipeline(filepath.Join(dir, "x.p4info.txtpb"), filepath.Join(dir, "pipeline_config.pb.bin"))
	if err != nil || !bytes.Equal(device, []byte("\x0a\x01x")) {
		t.Errorf("%q, %v", device, err)
	}
}

func TestBadPipelines(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{
		"x.p4info.txtpb": info, "bad.p4info.txtpb": "tables { nonsense: 1 }", "empty.bin": "", "bad.conf": "{",
		"none.conf": `{"p4_devices": []}`, "two.conf": strings.Replace(written, `"p4_programs": [`, `"p4_programs": [{}, `, 1),
		"nameless.conf": strings.Replace(written, `"client_gateway"`, `""`, 1), "missing.conf": written,
		"unnamed.conf": strings.Replace(written, `"out/pipe/tofino.bin"`, `""`, 1),
	})
	for _, x := range []struct{ info, device, want string }{
		{"none.txtpb", "empty.bin", "P4Info: open"},
		{"bad.p4info.txtpb", "empty.bin", "bad.p4info.txtpb: proto:"},
		{"x.p4info.txtpb", "none.bin", "device config: open"},
		{"x.p4info.txtpb", "empty.bin", "empty.bin is empty"},
		{"x.p4info.txtpb", "nowhere.conf", "device config: open"},
		{"x.p4info.txtpb", "bad.conf", "bad.conf: unexpected end"},
		{"x.p4info.txtpb", "none.conf", "one program on one device"},
		{"x.p4info.txtpb", "two.conf", "one program on one device"},
		{"x.p4info.txtpb", "nameless.conf", "no program-name"},
		{"x.p4info.txtpb", "missing.conf", "out/pipe/tofino.bin is not below"},
		{"x.p4info.txtpb", "unnamed.conf", "a file's name is missing"},
	} {
		_, _, err := target.LoadPipeline(filepath.Join(dir, x.info), filepath.Join(dir, x.device))
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s, %s: error %v, want %s", x.info, x.device, err, x.want)
		}
	}
}
