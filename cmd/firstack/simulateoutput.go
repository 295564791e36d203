package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/firstack/firstack/topo/simulate"
	"github.com/firstack/firstack/topo/simulate/output"
)

// write gives the report in all the forms that were asked for.
func (f *simulateFlags) write(cmd *cobra.Command, report *simulate.Report, took time.Duration) error {
	out := cmd.OutOrStdout()
	if f.json {
		if err := output.JSON(out, report); err != nil {
			return err
		}
	} else if err := f.print(out, report, took); err != nil {
		return err
	}
	if f.csv != "" {
		if err := writeFile(f.csv, func(w io.Writer) error { return output.CSV(w, report) }); err != nil {
			return fmt.Errorf("--csv: %w", err)
		}
	}
	if f.plots == "" {
		return nil
	}
	names, err := output.Plots(f.plots, f.prefix, f.format, report)
	if err != nil {
		return fmt.Errorf("--plots: %w", err)
	}
	if !f.json {
		fmt.Fprintf(out, "\nplots: %s\n", strings.Join(names, " "))
	}
	return nil
}

func (f *simulateFlags) print(out io.Writer, report *simulate.Report, took time.Duration) error {
	what := f.scenario
	cases, played := int64(1), int64(0)
	for _, r := range report.Results {
		cases = r.Cases
		played += r.Connections
	}
	if f.scenario == "" {
		what = fmt.Sprintf("%d placements, %d replicas each", cases, f.replicas)
	}
	fmt.Fprintf(out, "%s; seed %d; %d connections counted in %.1f s\n\n", what, f.seed, played, took.Seconds())
	return output.Text(out, report)
}

func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// progress tells how far a run is, once it takes long: on a terminal in one line, elsewhere in few.
type progress struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	last     time.Time
	told     bool
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, last: time.Now()}
	if file, ok := w.(*os.File); ok {
		if info, err := file.Stat(); err == nil {
			p.terminal = info.Mode()&os.ModeCharDevice != 0
		}
	}
	return p
}

func (p *progress) tell(policy string, done float64) {
	pause := 10 * time.Second
	if p.terminal {
		pause = time.Second
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.last) < pause {
		return
	}
	p.last, p.told = time.Now(), true
	if p.terminal {
		fmt.Fprintf(p.w, "\r%-8s %3.0f %%", policy, 100*done)
	} else {
		fmt.Fprintf(p.w, "%s: %.0f %%\n", policy, 100*done)
	}
}

// end clears the line.
func (p *progress) end() {
	if p.told && p.terminal {
		fmt.Fprint(p.w, "\r                \r")
	}
}
