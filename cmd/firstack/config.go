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
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/model/schema"
	"github.com/firstack/firstack/internal/tlsfiles"
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
	var at gnmiAccess
	flags := cmd.PersistentFlags()
	flags.StringVar(&at.address, "gnmi", defaultGNMI, "address of the controller's gNMI server")
	flags.StringVar(&at.files.CA, "gnmi-ca", "", "authorities of the server's certificate (PEM); default: the system's")
	flags.StringVar(&at.files.Cert, "gnmi-cert", "", "certificate to show (PEM)")
	flags.StringVar(&at.files.Key, "gnmi-key", "", "its key (PEM)")
	flags.BoolVar(&at.plain, "gnmi-insecure", false, "talk plaintext, to a controller that runs with this flag as well")
	cmd.AddCommand(newConfigGet(&at), newConfigSet(&at), newConfigDiff(&at))
	return cmd
}

// gnmiAccess is how to reach a controller.
type gnmiAccess struct {
	address string
	files   tlsfiles.Files
	plain   bool // plaintext is meant
}

func (a *gnmiAccess) credentials() (credentials.TransportCredentials, error) {
	switch {
	case a.plain && a.files != (tlsfiles.Files{}):
		return nil, errors.New("--gnmi-insecure contradicts --gnmi-ca, --gnmi-cert and --gnmi-key")
	case a.plain:
		return insecure.NewCredentials(), nil
	}
	conf, err := tlsfiles.New(a.files, nil).Client("")
	if err != nil {
		return nil, err
	}
	return tlsfiles.Credentials(conf, nil), nil
}

// withGNMI calls the controller.
func withGNMI(ctx context.Context, at *gnmiAccess, call func(context.Context, gpb.GNMIClient) error) error {
	ctx, cancel := context.WithTimeout(ctx, configTimeout)
	defer cancel()
	creds, err := at.credentials()
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(at.address, grpc.WithTransportCredentials(creds),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		return fmt.Errorf("--gnmi: %w", err)
	}
	defer conn.Close()
	err = call(ctx, gpb.NewGNMIClient(conn))
	if st, ok := status.FromError(err); ok && err != nil {
		message := st.Message()
		if !at.plain && strings.Contains(message, "first record does not look like a TLS handshake") {
			message += "; where a controller serves plaintext, ask for it: --gnmi-insecure"
		}
		return errors.New(message)
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
