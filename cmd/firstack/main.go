// Command firstack is the controller of firstack's switches, and the tool to try, check and look at them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	// The first signal ends what runs in good order; a second one ends the process.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop()
	}()
	if err := newRoot().ExecuteContext(ctx); err != nil {
		if !errors.Is(err, errReported) {
			fmt.Fprintln(os.Stderr, "firstack:", err)
		}
		os.Exit(1)
	}
}

// errReported: the command has said on its own what is wrong.
var errReported = errors.New("failed")

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "firstack",
		Short: "Transparent wide-area load balancing in programmable switches",
		Long: "firstack lets the first SYN-ACK decide which of several replicas a TCP connection runs to.\n" +
			"Start with `firstack demo`: the whole network in one process, no privileges needed.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newDemo(), newRun(), newCheck(), newConfig(), newShow(), newTop(), newLab(), newSimulate(), newCerts(), newVersion())
	return root
}
