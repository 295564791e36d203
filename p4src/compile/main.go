// Command compile builds the P4 programs with p4c and writes the artefacts and their MANIFEST.
//
//	go run ./p4src/compile           compile all programs into p4src/build
//	go run ./p4src/compile -check    compile to a temporary folder and fail if p4src/build differs
//
// It needs p4c-bm2-ss on PATH (p4lang's packages or a build of p4lang/p4c).
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/p4src/manifest"
)

const compiler = "p4c-bm2-ss"

func main() {
	check := flag.Bool("check", false, "compare with the committed artefacts instead of writing them")
	dir := flag.String("dir", "p4src", "folder of the P4 sources")
	flag.Parse()
	if err := run(*dir, *check); err != nil {
		fmt.Fprintln(os.Stderr, "compile:", err)
		os.Exit(1)
	}
}

func run(dir string, check bool) error {
	if _, err := exec.LookPath(compiler); err != nil {
		return fmt.Errorf("%s is not on PATH: install p4lang-p4c (https://github.com/p4lang/p4c#getting-started)", compiler)
	}
	version, err := manifest.Version(compiler)
	if err != nil {
		return err
	}
	out := filepath.Join(dir, "build")
	if check {
		if out, err = os.MkdirTemp("", "firstack-p4-"); err != nil {
			return err
		}
		defer os.RemoveAll(out)
	}
	for _, program := range p4src.Programs {
		fmt.Printf("p4c %s\n", program)
		if err := compile(dir, out, string(program)); err != nil {
			return err
		}
		if check {
			if err := compare(dir, out, string(program)); err != nil {
				return err
			}
		}
	}
	if check {
		return manifest.Check(dir)
	}
	return manifest.Write(dir, version)
}

func compile(dir, out, program string) error {
	abs, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	target := filepath.Join(abs, program)
	cmd := exec.Command(compiler, "--arch", "v1model", "-I", "arch/v1model", "-I", "common", "--Wdisable",
		"-o", target+".json", "--p4runtime-files", target+".p4info.txtpb", program+".p4")
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil { // its remarks on shared controls are of use only then
		return fmt.Errorf("%s %s.p4: %w\n%s", compiler, program, err, text)
	}
	data, err := os.ReadFile(target + ".json")
	if err != nil {
		return err
	}
	var compact bytes.Buffer // p4c indents: most of its 2 MB are blanks
	if err := json.Compact(&compact, data); err != nil {
		return fmt.Errorf("%s.json: %w", program, err)
	}
	compact.WriteByte('\n')
	return os.WriteFile(target+".json", compact.Bytes(), 0o644)
}

func compare(dir, fresh, program string) error {
	for _, kind := range []string{".json", ".p4info.txtpb"} {
		want, err := os.ReadFile(filepath.Join(fresh, program+kind))
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(dir, "build", program+kind))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("build/%s%s is not what p4c makes of the sources: run make p4", program, kind)
		}
	}
	return nil
}
