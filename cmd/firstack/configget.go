package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/spf13/cobra"

	"github.com/firstack/firstack/internal/gnmitree"
)

func newConfigGet(at *gnmiAccess) *cobra.Command {
	return &cobra.Command{
		Use:   "get [PATH...]",
		Short: "Print the configuration, or what is at paths",
		Long: `get prints the configuration in effect as a file for firstack run -c. With paths it prints what is there, state
included, as JSON; wildcards are taken.`,
		Example: "  firstack config get > firstack.yaml\n" +
			"  firstack config get 'services/service[name=web]/replicas/replica[name=*]/state/health'",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withGNMI(cmd.Context(), at, func(ctx context.Context, c gpb.GNMIClient) error {
				if len(args) > 0 {
					return getPaths(ctx, c, cmd.OutOrStdout(), args)
				}
				_, running, err := runningTree(ctx, c)
				if err != nil {
					return err
				}
				_, err = cmd.OutOrStdout().Write(running.Encode())
				return err
			})
		},
	}
}

func getPaths(ctx context.Context, c gpb.GNMIClient, out io.Writer, args []string) error {
	req := &gpb.GetRequest{Encoding: gpb.Encoding_JSON_IETF}
	for _, arg := range args {
		p, err := parsePath(arg)
		if err != nil {
			return err
		}
		req.Path = append(req.Path, p)
	}
	r, err := c.Get(ctx, req)
	if err != nil {
		return err
	}
	for _, n := range r.GetNotification() {
		for _, u := range n.GetUpdate() {
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, u.GetVal().GetJsonIetfVal(), "", "  "); err != nil {
				return fmt.Errorf("answer at %s: %w", gnmitree.Text(u.GetPath()), err)
			}
			if _, err := fmt.Fprintf(out, "%s: %s\n", gnmitree.Text(u.GetPath()), pretty.Bytes()); err != nil {
				return err
			}
		}
	}
	return nil
}
