// Command fit compiles the P4 programs for Tofino with p4c's open back end and writes what they take of a pipe into a page:
// stages, memories, PHV, hashes, registers, and the P4Info into p4src/build/tna.
//
//	go run ./p4src/fit -o docs/tofino.md
//
// It needs p4c-barefoot on PATH (p4lang/p4c built with ENABLE_TOFINO), and finds tna.p4 where P4C_TOFINO_INCLUDE says or
// beside it, in ../share/p4c/p4include. With bfas on PATH what it makes is assembled too.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/p4src/manifest"
)

const (
	compiler        = "p4c-barefoot"
	assembler       = "bfas"
	includeVariable = "P4C_TOFINO_INCLUDE"
)

// target is a chip and the architecture by which it is programmed.
type target struct {
	name, arch string
	number     int // of __TARGET_TOFINO__
	options    []string
}

// The open assembler takes no CLOTs of which only one half of the pipe knows ("No length for clot").
var targets = []target{{"tofino", "tna", 1, nil}, {"tofino2", "t2na", 2, []string{"--no-clot"}}}

func main() {
	dir := flag.String("dir", "p4src", "folder of the P4 sources")
	page := flag.String("o", "docs/tofino.md", "page to write the figures into")
	limit := flag.Duration("limit", 15*time.Minute, "how long one compilation may take")
	flag.Parse()
	if err := run(*dir, *page, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "fit:", err)
		os.Exit(1)
	}
}

func run(dir, page string, limit time.Duration) error {
	path, err := exec.LookPath(compiler)
	if err != nil {
		return fmt.Errorf("%s is not on PATH: build p4lang/p4c with its Tofino back end (its backends/tofino/README.md)", compiler)
	}
	include := os.Getenv(includeVariable)
	if include == "" {
		include = filepath.Join(filepath.Dir(path), "..", "share", "p4c", "p4include")
	}
	if _, err := os.Stat(filepath.Join(include, "tna.p4")); err != nil {
		return fmt.Errorf("no tna.p4 in %s: %s has to name its folder", include, includeVariable)
	}
	work, err := os.MkdirTemp("", "firstack-tofino-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	c := compilation{dir: dir, include: include, work: work, limit: limit}
	var fits []*fit
	var failed []error
	for _, program := range p4src.Programs {
		for _, t := range targets {
			f := c.compile(string(program), t)
			fmt.Println(f)
			fits = append(fits, f)
			if f.err != nil {
				failed = append(failed, f.err)
			} else if !f.fits() {
				failed = append(failed, fmt.Errorf("%s.p4 for %s takes %d stages of %d", program, t.name, f.depth(), f.stageCount))
			}
		}
	}
	version, err := manifest.Version(compiler)
	if err != nil {
		return err
	}
	if err := writePage(page, fits, version); err != nil {
		return err
	}
	return errors.Join(failed...)
}

// compilation knows where everything is.
type compilation struct {
	dir, include, work string
	limit              time.Duration
}

// compile places one program in one chip. Where the compiler gives no result, the fit has an error.
func (c *compilation) compile(program string, t target) *fit {
	f := &fit{program: program, target: t.name}
	start := time.Now()
	out := filepath.Join(c.work, program+"-"+t.name)
	if f.err = os.MkdirAll(out, 0o755); f.err != nil {
		return f
	}
	info := filepath.Join(out, "p4info.txtpb")
	arguments := append([]string{"--target", t.name, "--arch", t.arch, fmt.Sprintf("-D__TARGET_TOFINO__=%d", t.number),
		"-I", c.include, "-I", "arch/tna", "-I", "common", "-g", "--Wdisable", "--p4runtime-force-std-externs",
		"--p4runtime-files", info, "-o", out}, t.options...)
	cmd := exec.Command(compiler, append(arguments, program+".p4")...)
	cmd.Dir = c.dir
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if f.err = cmd.Start(); f.err != nil {
		return f
	}
	stop := time.AfterFunc(c.limit, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	f.took = time.Since(start).Round(time.Second)
	if !stop.Stop() {
		f.err = fmt.Errorf("%s.p4 for %s: not fitted within %v", program, t.name, c.limit)
		return f
	}
	if err != nil {
		f.err = fmt.Errorf("%s.p4 for %s: %w\n%s", program, t.name, err, text.Bytes())
		return f
	}
	if f.err = f.read(filepath.Join(out, "pipe", "logs")); f.err != nil {
		return f
	}
	if t.number == 1 {
		if f.err = keepInfo(info, filepath.Join(c.dir, "build", "tna", program+".p4info.txtpb")); f.err != nil {
			return f
		}
	}
	if f.fits() {
		if f.assembled, err = assemble(filepath.Join(out, "pipe", program+".bfa"), filepath.Join(out, "asm"), t.name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			f.assembled = "no"
		}
	}
	return f
}

// assemble makes a binary of the compiler's output, where the assembler is at hand, and says whether it did.
func assemble(source, out, target string) (string, error) {
	if _, err := exec.LookPath(assembler); err != nil {
		return "not tried", nil
	}
	if err := os.MkdirAll(filepath.Join(out, "logs"), 0o755); err != nil {
		return "", err
	}
	text, err := exec.Command(assembler, "--target", target, "-o", out, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s for %s: %w\n%s", assembler, filepath.Base(source), target, err, text)
	}
	return "yes", nil
}

func keepInfo(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
