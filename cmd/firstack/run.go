package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/store"
)

func newRun() *cobra.Command {
	var dir, level, format string
	var s service
	var cluster etcdAccess
	var options controller.Options
	cmd := &cobra.Command{
		Use:   "run [-c FILE] [--store DIR | --etcd HOST:PORT,...]",
		Short: "Run the controller",
		Long: `run keeps a P4Runtime session with every switch of the configuration, pushes the programs where they differ, writes
what is missing, learns translations and probes replicas. It ends on SIGINT or SIGTERM; the switches keep what they have
and connections go on.

SIGHUP has it read the file and all certificates again; what can't be used is logged, and changes nothing. It tells
systemd how it stands, and shows its watchdog signs of life (docs/operations.md).

It is configured over gNMI while it runs (docs/gnmi.md), which takes certificates, or --gnmi-insecure. With --store that
lasts: the file is taken when the store is empty, and from then on the store counts. With --etcd the store is an etcd that
several controllers share: each answers Get and Set, one is primary of a switch, and the others stand by.`,
		Example: "  firstack run -c firstack.yaml\n  firstack run -c firstack.yaml --store /var/lib/firstack --gnmi-insecure\n  firstack run -c firstack.yaml --log-level debug --log-format json\n" +
			"  firstack run --etcd 10.0.0.1:2379,10.0.0.2:2379 --etcd-ca ca.pem --etcd-cert controller.pem --etcd-key controller-key.pem",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := newLogger(level, format)
			if err != nil {
				return err
			}
			options.Logger = logger
			var st store.Store
			if cluster.endpoints != nil {
				if dir != "" {
					return errors.New("--store and --etcd: the configuration lives in one place")
				}
				joined, err := cluster.open(cmd.Context(), logger)
				if err != nil {
					return err
				}
				st, options.Elections, s.shared = joined, joined, cluster.material
			} else if flag := cluster.unused(cmd.Flags()); flag != "" {
				return fmt.Errorf("--%s: there is no --etcd", flag)
			} else if st, err = openStore(dir); err != nil {
				return err
			}
			defer st.Close()
			intent, err := firstIntent(cmd.Context(), st, s.file, logger)
			if len(config.List(err)) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), err)
				return errReported
			}
			if err != nil {
				return err
			}
			for _, w := range intent.Config.Warnings() {
				logger.Warn("configuration", "warning", w)
			}
			k, err := controller.New(intent.Config, options)
			if err != nil {
				return err
			}
			s.kept, s.logger, s.chosen = dir != "" || cluster.endpoints != nil, logger, cmd.Flags().Changed("gnmi")
			return s.serve(cmd.Context(), k, st, intent)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&s.file, "config", "c", "", "configuration file (docs/configuration.md)")
	flags.StringVar(&dir, "store", "", "folder that keeps the configuration; without one it ends with the process")
	flags.StringVar(&options.Listen, "listen", "", "address of the state and metrics, instead of the configuration's controller.listen; off for none")
	cluster.add(flags)
	flags.StringVar(&s.address, "gnmi", defaultGNMI, "address of the gNMI server, which needs certificates or --gnmi-insecure; off for none")
	flags.StringVar(&s.files.Cert, "gnmi-cert", "", "certificate of the gNMI server (PEM)")
	flags.StringVar(&s.files.Key, "gnmi-key", "", "its key (PEM)")
	flags.StringVar(&s.files.CA, "gnmi-ca", "", "authorities of gNMI clients' certificates (PEM); these say who may read and write (docs/operations.md)")
	flags.BoolVar(&s.insecure, "gnmi-insecure", false, "serve gNMI in plaintext, to whoever reaches the address")
	flags.StringVar(&level, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&format, "log-format", "text", "text or json")
	return cmd
}

func newLogger(level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level: %q is not debug, info, warn or error", level)
	}
	options := &slog.HandlerOptions{Level: l}
	switch strings.ToLower(format) {
	case "text":
		return slog.New(slog.NewTextHandler(os.Stderr, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stderr, options)), nil
	}
	return nil, fmt.Errorf("--log-format: %q is not text or json", format)
}
