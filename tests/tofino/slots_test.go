package tofino

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tests/vector"
	"github.com/firstack/firstack/tests/vector/embedded"
)

// readSources reads the P4 sources, for the test's cached result to go with them: the compiler reads them unseen.
func readSources(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"model", "../../p4src"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".p4" {
				return err
			}
			_, err = os.ReadFile(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// compileModel compiles the client gateway for v1model with the slots of TNA (folder model).
func compileModel(t *testing.T) *vector.Program {
	t.Helper()
	if _, err := exec.LookPath("p4c-bm2-ss"); err != nil {
		t.Skip("NOT CHECKED: p4c-bm2-ss is not on PATH, so TNA's slots could not be tried on v1model")
	}
	readSources(t)
	model, err := filepath.Abs("model")
	if err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "model")
	cmd := exec.Command("p4c-bm2-ss", "--arch", "v1model", "--Wdisable", "-I", model, "-I", ".", "-I", "arch/v1model",
		"-I", "common", "-o", target+".json", "--p4runtime-files", target+".p4info.txtpb", "client_gateway.p4")
	cmd.Dir = "../../p4src"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program := &vector.Program{Name: string(p4src.ClientGateway), Info: &configv1.P4Info{}}
	if program.Config, err = os.ReadFile(target + ".json"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(target + ".p4info.txtpb")
	if err != nil {
		t.Fatal(err)
	}
	if err := prototext.Unmarshal(text, program.Info); err != nil {
		t.Fatal(err)
	}
	return program
}

// Every vector of the client gateway holds with TNA's slots as it does with v1model's, but for those that show what
// the two are known to do differently.
func TestSlotsDoAsOnV1Model(t *testing.T) {
	program := compileModel(t)
	vectors, err := vector.LoadAll(os.DirFS("../vector/data"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, v := range vectors {
		if v.Program != program.Name {
			continue
		}
		seen[v.Name] = true
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			target, err := embedded.Start(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			fault := vector.Run(context.Background(), target, program, v)
			if err := target.Close(); err != nil {
				t.Error(err)
			}
			reason, differs := differences[v.Name]
			switch {
			case fault != nil && !differs:
				t.Error(fault)
			case fault == nil && differs:
				t.Error(errors.New("holds, though it should not: " + reason))
			}
		})
	}
	for name := range differences {
		if !seen[name] {
			t.Errorf("no vector is called %q", name)
		}
	}
}
