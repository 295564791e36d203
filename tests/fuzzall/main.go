// Command fuzzall runs every fuzz target of the module, one after the other, for a given time each.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

var target = regexp.MustCompile(`(?m)^Fuzz\w+$`)

func main() {
	each := flag.Duration("time", time.Minute, "time for each target")
	flag.Parse()
	if err := run(*each); err != nil {
		fmt.Fprintln(os.Stderr, "fuzzall:", err)
		os.Exit(1)
	}
}

func run(each time.Duration) error {
	list, err := exec.Command("go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}", "./...").Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	count := 0
	for _, pkg := range strings.Fields(string(list)) {
		out, err := exec.Command("go", "test", "-list", "^Fuzz", pkg).CombinedOutput()
		if err != nil {
			return fmt.Errorf("go test -list %s: %w\n%s", pkg, err, out)
		}
		for _, name := range target.FindAll(out, -1) {
			fmt.Printf("%s %s for %v\n", pkg, name, each)
			var log bytes.Buffer
			cmd := exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+string(name)+"$", "-fuzztime", each.String(),
				"-fuzzminimizetime", "10x", pkg) // else minimising one input may take all of the time
			cmd.Stdout, cmd.Stderr = &log, &log
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%s %s: %w\n%s", pkg, name, err, log.Bytes())
			}
			count++
		}
	}
	fmt.Printf("%d fuzz targets, no finding\n", count)
	return nil
}
