// Command benchreport runs the project's benchmarks and writes docs/benchmarks.md: figures with the machine, the
// command and the date they were measured with.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// section is one table of the report.
type section struct {
	title, text string
	pkg, bench  string
	time        string // -benchtime
}

var sections = []section{
	{
		title: "Embedded switch: packets through the programs, in memory",
		text: "One op is one packet, from `Process` to the transmit callback, on one core. `ClientGatewayTranslated` is the " +
			"path of an open connection: parse, two table look-ups, slot, verdict, rewrite with both checksums, route.",
		pkg: "./tests/bench", bench: "Gateway", time: "2s",
	},
	{
		title: "Memory at one million translations",
		text:  "Bytes of heap per connection: one `outbound` and one `inbound` entry each.",
		pkg:   "./tests/bench", bench: "TranslationMemory", time: "1x",
	},
	{
		title: "P4Runtime inserts into the embedded switch",
		text:  "Over gRPC on loopback TCP, into the client gateway's `outbound` table (four exact keys), by batch size.",
		pkg:   "./tests/bench", bench: "Insert", time: "2s",
	},
	{
		title: "Connections learned end to end",
		text: "A SYN-ACK wins in the switch; its digest travels to the controller over P4Runtime, and the translation entries " +
			"come back. One op is one connection whose entries are in the switch.",
		pkg: "./tests/bench", bench: "Learn", time: "2s",
	},
}

func main() {
	out := flag.String("o", "docs/benchmarks.md", "file to write")
	count := flag.Int("count", 3, "runs of each benchmark; the report shows the median")
	note := flag.String("note", "", "a sentence about the circumstances, for the report")
	flag.Parse()
	if err := run(*out, *count, *note); err != nil {
		fmt.Fprintln(os.Stderr, "benchreport:", err)
		os.Exit(1)
	}
}

func run(out string, count int, note string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Benchmarks\n\nMade by `make bench` on %s. Medians of %d runs; the machine is shared and noisy, so look at ratios.\n\n%s\n",
		time.Now().UTC().Format("2006-01-02"), count, machine())
	if note != "" {
		fmt.Fprintf(&b, "\n%s\n", note)
	}
	for _, s := range sections {
		args := []string{"test", "-run", "^$", "-bench", s.bench, "-benchmem", "-benchtime", s.time,
			"-count", strconv.Itoa(count), "-timeout", "60m", s.pkg}
		command := "go " + strings.Join(args, " ")
		fmt.Println(command)
		var text bytes.Buffer
		cmd := exec.Command("go", args...)
		cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, &text), os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
		results := parse(text.String())
		if len(results) == 0 {
			return fmt.Errorf("%s: no benchmark ran", command)
		}
		fmt.Fprintf(&b, "\n## %s\n%s\n\n    %s\n\n", s.title, s.text, command)
		writeTable(&b, results)
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}

func machine() string {
	model := "unknown processor"
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for _, line := range strings.Split(string(data), "\n") {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	goVersion, _ := exec.Command("go", "version").Output()
	kernel, _ := exec.Command("uname", "-sr").Output()
	cores, _ := exec.Command("nproc").Output()
	return fmt.Sprintf("Machine: %s, %s cores, %s, %s.", model, strings.TrimSpace(string(cores)),
		strings.TrimSpace(string(kernel)), strings.TrimSpace(string(goVersion)))
}
