package main

import (
	"context"
	"fmt"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/spf13/cobra"

	"github.com/firstack/firstack/controller/config"
)

func newConfigDiff(at *gnmiAccess) *cobra.Command {
	return &cobra.Command{
		Use:   "diff FILE",
		Short: "Show what a file would change",
		Long: `diff lists the differences from the running configuration to that of a file, one a line: what firstack config set
--file would change. The exit status is 1 when there are any.`,
		Example: "  firstack config diff firstack.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted, err := readIntent(args[0])
			if len(config.List(err)) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), err)
				return errReported
			}
			if err != nil {
				return err
			}
			return withGNMI(cmd.Context(), at, func(ctx context.Context, c gpb.GNMIClient) error {
				_, running, err := runningTree(ctx, c)
				if err != nil {
					return err
				}
				changes := config.Diff(running, wanted.Config)
				for _, change := range changes {
					if _, err := fmt.Fprintln(cmd.OutOrStdout(), change); err != nil {
						return err
					}
				}
				if len(changes) > 0 {
					return errReported
				}
				return nil
			})
		},
	}
}
