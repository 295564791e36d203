package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == awakeArgument {
		stayAwake()
	}
	out := flag.String("o", "docs/benchmarks-targets.md", "report to write; its picture goes beside it")
	rounds := flag.Int("rounds", 3, "rounds; the report shows medians")
	binary := flag.String("switch", "bin/firstack-switch", "firstack-switch to measure")
	what := flag.String("what", "packets,inserts,learning,connections", "what to measure")
	note := flag.String("note", "", "a sentence about the circumstances, for the report")
	awake := flag.Bool("awake", true, "keep processors from being taken away")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *out, *binary, *note, *what, *rounds, *awake); err != nil {
		fmt.Fprintln(os.Stderr, "targets:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, binary, note, what string, rounds int, awake bool) error {
	b, err := newBench("tests/vector/data", binary)
	if b != nil {
		defer b.close()
	}
	if err != nil {
		return err
	}
	if awake {
		a, err := keepAwake()
		if err != nil {
			return err
		}
		defer a.stop()
	}
	for _, l := range b.left {
		fmt.Println("NOT MEASURED:", l)
	}
	if err := b.run(ctx, strings.Split(what, ","), rounds); err != nil {
		return err
	}
	return b.report(out, rounds, note)
}
