package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/model/schema"
)

// defaultGNMI is where the controller serves gNMI; 9339 is IANA's port for it.
const defaultGNMI = "127.0.0.1:9339"

// configTimeout bounds an answer of the controller.
const configTimeout = 60 * time.Second

func newConfig() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Get, set and compare a running controller's configuration, over gNMI",
		Long: `config talks gNMI to a running controller. Paths are those of docs/model.md; the leading /firstack may be left out.
Any other gNMI client does as well (docs/gnmi.md).`,
	}
	var address string
	cmd.PersistentFlags().StringVar(&address, "gnmi", defaultGNMI, "address of the controller's gNMI server")
	cmd.AddCommand(newConfigGet(&address), newConfigSet(&address), newConfigDiff(&address))
	return cmd
}

// withGNMI calls the controller.
func withGNMI(ctx context.Context, address string, call func(context.Context, gpb.GNMIClient) error) error {
	ctx, cancel := context.WithTimeout(ctx, configTimeout)
	defer cancel()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		return fmt.Errorf("--gnmi: %w", err)
	}
	defer conn.Close()
	err = call(ctx, gpb.NewGNMIClient(conn))
	if st, ok := status.FromError(err); ok && err != nil {
		return errors.New(st.Message())
	}
	return err
}

// runningTree gets the configuration that a controller has.
func runningTree(ctx context.Context, c gpb.GNMIClient) (*schema.Root, *config.Config, error) {
	r, err := c.Get(ctx, &gpb.GetRequest{Type: gpb.GetRequest_CONFIG, Encoding: gpb.Encoding_JSON_IETF, Path: []*gpb.Path{{}}})
	if err != nil {
		return nil, nil, err
	}
	if len(r.GetNotification()) != 1 || len(r.GetNotification()[0].GetUpdate()) != 1 {
		return nil, nil, errors.New("the server does not give its tree: is it a firstack controller?")
	}
	root, err := model.Decode(r.GetNotification()[0].GetUpdate()[0].GetVal().GetJsonIetfVal())
	if err != nil {
		return nil, nil, err
	}
	running, err := model.ToConfig(root)
	return root, running, err
}

// parsePath reads a path as people write it.
func parsePath(text string) (*gpb.Path, error) {
	full := strings.TrimPrefix(text, "/")
	if full != "" && !strings.HasPrefix(full, "firstack/") && full != "firstack" && !strings.HasPrefix(full, "firstack:") {
		full = "firstack/" + full
	}
	p, err := model.ParsePath("/" + full)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", text, err)
	}
	return p, nil
}
