// Command derive runs p4testgen on the TNA programs and writes tests/testgen/testdata. Run it from the repository's
// root; p4testgen with its tofino target has to be on PATH.
package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/firstack/firstack/tests/testgen"
)

var programs = []string{"server_gateway", "replica_gateway", "client_gateway"}

// A batch of tests is one run of p4testgen, with the seeds 1 and on.
type batch struct {
	policy string
	sizes  string   // of packets, in bits
	focus  []string // on what; sources.go has the words
}

const (
	random = "RANDOM_BACKTRACK"
	greedy = "GREEDY_STATEMENT_SEARCH"
	enough = "720:800" // room for every header, whatever there is
	short  = "120:712" // or not
)

// perRun is how many tests a run makes. Many go the same way through the program: there have to be more of them than are
// wanted.
var perRun = map[string]int{"client_gateway": 32, "server_gateway": 60, "replica_gateway": 34}

var batches = map[string][]batch{
	"client_gateway": {
		{random, enough, nil},
		{greedy, enough, nil},
		{random, short, nil},
		{random, enough, []string{"ROUTED", "ALIVE", "CHANGED", "LAN", "TCP", "SYN", "REDIRECTED"}},
		{random, enough, []string{"ROUTED", "ALIVE", "LAN", "TCP", "SYN"}},
		{random, enough, []string{"ROUTED", "ALIVE", "CHANGED", "LAN", "TCP"}},
		{random, enough, []string{"ROUTED", "ALIVE", "CHANGED", "WAN", "TCP"}},
		{random, enough, []string{"ROUTED", "ALIVE", "WAN", "TCP", "SYNACK"}},
		{random, enough, []string{"ROUTED", "ALIVE", "CHANGED", "WAN", "TUNNEL", "AGREE"}},
		{random, enough, []string{"ROUTED", "WAN", "TUNNEL", "AGREE"}},
		{random, enough, []string{"ROUTED", "ALIVE", "CHANGED", "WAN", "ICMP", "AGREE"}},
	},
	"server_gateway": {
		{random, enough, nil},
		{greedy, enough, nil},
		{random, short, nil},
		{random, enough, []string{"ROUTED", "TCP", "SYN", "TAG"}},
		{random, enough, []string{"ROUTED", "TCP", "SYN"}},
		{random, enough, []string{"ROUTED", "TCP"}},
	},
	"replica_gateway": {
		{random, enough, nil},
		{greedy, enough, nil},
		{random, short, nil},
		{random, enough, []string{"ROUTED", "TUNNEL"}},
		{random, enough, []string{"ROUTED", "TUNNEL", "SYN"}},
		{random, enough, []string{"ROUTED", "TUNNEL", "SYN", "TAG"}},
		{random, enough, []string{"ROUTED", "TUNNEL", "SYN", "TAG", "MSS"}},
		{random, enough, []string{"ROUTED", "TCP"}},
		{random, enough, []string{"ROUTED", "TCP", "SYNACK"}},
		{random, enough, []string{"ROUTED", "TCP", "SYNACK", "MSS"}},
		{random, enough, []string{"ROUTED", "ICMP"}},
		{random, enough, []string{"ROUTED", "ALIVE", "CHANGED", "TUNNEL", "SYN", "TAG", "MSS"}},
		{random, enough, []string{"ROUTED", "ALIVE", "CHANGED", "TUNNEL"}},
		{random, enough, []string{"ROUTED", "ALIVE", "CHANGED", "TCP"}},
	},
}

func main() {
	log.SetFlags(0)
	tests := flag.Int("tests", 0, "tests of one run of p4testgen (default: as many as are committed)")
	seeds := flag.Int("seeds", 1, "runs of each kind, with the seeds 1 and on")
	keep := flag.Int("keep", 400, "cases of each program to write")
	include := flag.String("include", os.Getenv("P4C_TOFINO_INCLUDE"), "folder of core.p4 and tna.p4 (default: $P4C_TOFINO_INCLUDE)")
	work := flag.String("work", "", "folder for p4testgen's own output, which is not made again where it is there (default: one that is removed)")
	only := flag.String("only", "", "this program only")
	flag.Parse()
	if _, err := os.Stat(filepath.Join(*include, "tna.p4")); err != nil {
		log.Fatalf("derive: no tna.p4 in %q: -include or P4C_TOFINO_INCLUDE has to name its folder", *include)
	}
	if err := run(*tests, *seeds, *keep, *include, *work, *only); err != nil {
		log.Fatal("derive: ", err)
	}
}

func run(tests, seeds, keep int, include, work, only string) error {
	if work == "" {
		dir, err := os.MkdirTemp("", "testgen")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		work = dir
	}
	digest, err := testgen.Sources(os.DirFS("p4src"))
	if err != nil {
		return err
	}
	sources := filepath.Join(work, "p4src")
	if err := copySources("p4src", sources); err != nil {
		return err
	}
	for _, program := range programs {
		if only != "" && only != program {
			continue
		}
		tests := cmp.Or(tests, perRun[program])
		s := newSelection(keep)
		for seed := 1; seed <= seeds; seed++ {
			for i, b := range batches[program] {
				out := filepath.Join(work, fmt.Sprintf("%s.%d.%d", program, seed, i))
				if err := derive(sources, program, include, out, seed, tests, b); err != nil {
					return err
				}
				if err := s.takeAll(out); err != nil {
					return err
				}
			}
		}
		if err := s.write(filepath.Join("tests/testgen/testdata", program+".txt"), digest); err != nil {
			return err
		}
		log.Printf("%s: %d tests, %d paths, %d written", program, s.seen, len(s.paths), s.written)
	}
	return nil
}

// derive runs p4testgen once.
func derive(sources, program, include, out string, seed, tests int, b batch) error {
	if _, err := os.Stat(out); err == nil {
		return nil
	}
	cmd := exec.Command("p4testgen", "--target", "tofino", "--arch", "tna", "-D__TARGET_TOFINO__=1",
		"-I", include, "-I", "arch/tna", "-I", "common", "--test-backend", "STF", "--max-tests", fmt.Sprint(tests),
		"--seed", fmt.Sprint(seed), "--path-selection", b.policy, "--packet-size-range", b.sizes,
		"--port-ranges", "0:8,192:192", "--track-coverage", "STATEMENTS", "--out-dir", out, program+".p4")
	for _, focus := range b.focus {
		cmd.Args = append(cmd.Args, "-DFOCUS_"+focus+"=1")
	}
	cmd.Dir = sources
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if e := os.WriteFile(out+".log", output.Bytes(), 0o600); e != nil {
		return e
	}
	if made, _ := filepath.Glob(filepath.Join(out, "*.stf")); err != nil && len(made) == 0 {
		lines := strings.Split(strings.TrimSpace(output.String()), "\n")
		return fmt.Errorf("%s: %w\n%s", program, err, strings.Join(lines[max(0, len(lines)-20):], "\n"))
	}
	return nil // it gives up at some paths, with the tests of others made
}
