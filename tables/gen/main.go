// Command gen writes the typed Go bindings of one P4 program from its P4Info.
//
//	go run ./gen -p4info program.p4info.txtpb -out folder
//
// The package is named after the folder. Equal input gives equal output, byte for byte.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"google.golang.org/protobuf/encoding/prototext"
)

func main() {
	in := flag.String("p4info", "", "P4Info in text format")
	out := flag.String("out", "", "folder of the package to write")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	text, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	program := strings.TrimSuffix(filepath.Base(in), ".p4info.txtpb")
	files, err := generate(text, program, filepath.Base(out))
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(out, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate gives the package's files by name.
func generate(text []byte, program, pkg string) (map[string][]byte, error) {
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(text, info); err != nil {
		return nil, err
	}
	m, err := newModel(info, program, pkg)
	if err != nil {
		return nil, err
	}
	return emit(m)
}
