package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/firstack/firstack/cmd/firstack/internal/top"
)

// Of a terminal that does not tell, and of what is printed once.
const (
	defaultColumns = 80
	defaultLines   = 24
)

func newTop() *cobra.Command {
	var address string
	var interval time.Duration
	var once, monochrome bool
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Watch a running controller's services, replicas, races and switches",
		Long: `top asks the controller that runs on this machine (its controller.listen address) every second and shows services with
their replicas, how connections go out, and switches, until q or Ctrl-C. Wins and delays are those of the last interval;
SLOTS are the flow slots in use, and BUSY/s counts SYNs that found theirs so. NO_COLOR is respected.`,
		Example: "  firstack top\n  firstack top --once",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if interval < 100*time.Millisecond {
				return errors.New("--interval: at least 100ms")
			}
			view := top.View{Title: address, Width: defaultColumns}
			get := func(ctx context.Context, path string) ([]byte, error) { return ask(ctx, address, path) }
			if once {
				return printOnce(cmd, view, get, interval)
			}
			in, out := int(os.Stdin.Fd()), int(os.Stdout.Fd())
			if !term.IsTerminal(in) || !term.IsTerminal(out) {
				return errors.New("this is no terminal; --once prints one frame")
			}
			if width, _, err := term.GetSize(out); err == nil && width > 0 {
				view.Width = width
			}
			view.Colour = !monochrome && os.Getenv("NO_COLOR") == ""
			view.Help = true
			return view.Live(cmd.Context(), top.Terminal{
				In: os.Stdin, Out: os.Stdout,
				Size: func() (int, int) {
					width, height, err := term.GetSize(out)
					if err != nil || width <= 0 || height <= 0 {
						return defaultColumns, defaultLines
					}
					return width, height
				},
				Raw: func() (func() error, error) {
					before, err := term.MakeRaw(in)
					return func() error { return term.Restore(in, before) }, err
				},
			}, get, interval)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&address, "controller", "127.0.0.1:9561", "address of the controller's state")
	flags.DurationVar(&interval, "interval", time.Second, "time between frames")
	flags.BoolVar(&once, "once", false, "print one frame, with rates over one interval, and end")
	flags.BoolVar(&monochrome, "no-colour", false, "without colours")
	return cmd
}

// printOnce takes two samples and prints what happened between.
func printOnce(cmd *cobra.Command, view top.View, get top.Ask, interval time.Duration) error {
	ctx := cmd.Context()
	before, err := top.Take(ctx, get)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(interval):
	}
	now, err := top.Take(ctx, get)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), view.Frame(before, now))
	return err
}
