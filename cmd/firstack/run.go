package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/config"
)

func newRun() *cobra.Command {
	var file, level, format string
	cmd := &cobra.Command{
		Use:   "run -c FILE",
		Short: "Run the controller",
		Long: `run keeps a P4Runtime session with every switch of the configuration, pushes the programs where they differ, writes
what is missing, learns translations and probes replicas. It ends on SIGINT or SIGTERM; the switches keep what they have
and connections go on.`,
		Example: "  firstack run -c firstack.yaml\n  firstack run -c firstack.yaml --log-level debug --log-format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := newLogger(level, format)
			if err != nil {
				return err
			}
			c, err := config.Load(file)
			if err != nil {
				fmt.Fprintln(cmd.ErrOrStderr(), err)
				return errReported
			}
			for _, w := range c.Warnings() {
				logger.Warn("configuration", "file", file, "warning", w)
			}
			k, err := controller.New(c, controller.Options{Logger: logger})
			if err != nil {
				return err
			}
			return k.Run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&file, "config", "c", "", "configuration file (docs/configuration.md)")
	flags.StringVar(&level, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&format, "log-format", "text", "text or json")
	_ = cmd.MarkFlagRequired("config") // fails only for a flag that does not exist
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
