// Command firstack-switch runs the embedded P4 switch as a process. It takes the flags of BMv2's
// simple_switch_grpc, before or after "--", so that scripts made for that run unchanged.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// gcPercent lets garbage be five times what is alive before it is collected: a switch's live memory is
// small, and requests leave much behind. GOGC in the environment overrides it.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	cmd := newCommand(os.Stdout, os.Stderr)
	cmd.SetArgs(mergeTargetFlags(os.Args[1:]))
	if err := cmd.ExecuteContext(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "firstack-switch:", err)
		os.Exit(1)
	}
}

// mergeTargetFlags drops the "--" that simple_switch_grpc wants before its target's own flags, and
// joins "--pcap DIR", as Mininet's switch classes write it, to "--pcap=DIR".
func mergeTargetFlags(args []string) []string {
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--":
		case args[i] == "--pcap" && i+1 < len(args) && isDirectory(args[i+1]):
			out = append(out, "--pcap="+args[i+1])
			i++
		default:
			out = append(out, args[i])
		}
	}
	return out
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
