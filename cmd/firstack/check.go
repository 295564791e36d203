package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/firstack/firstack/controller/config"
)

func newCheck() *cobra.Command {
	return &cobra.Command{
		Use:     "check FILE",
		Short:   "Check a controller configuration and say what is wrong with it",
		Long:    "check reads a configuration as `firstack run` would and prints every error with file, line, column and path.",
		Example: "  firstack check firstack.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := config.Load(args[0])
			if err != nil {
				fmt.Fprintln(cmd.ErrOrStderr(), err)
				return errReported
			}
			replicas := 0
			for _, s := range c.Services {
				replicas += len(s.Replicas)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d switches, %d services, %d replicas: no error\n",
				args[0], len(c.Switches), len(c.Services), replicas)
			return err
		},
	}
}
