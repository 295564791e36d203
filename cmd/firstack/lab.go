package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firstack/firstack/topo/lab"
	"github.com/firstack/firstack/topo/spec"
)

func newLab() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Build a topology from Linux namespaces, with real hosts and real switches",
		Long: `lab builds a topology on this machine: a network namespace for each host and gateway, veth pairs between them, the
wide-area core with its delays, nginx as origin and replicas, gateways as processes (firstack-switch, or BMv2's
simple_switch_grpc) and the controller. It needs Linux and root. Everything is named by the lab and removed by down.`,
		Example: `  sudo firstack lab up
  sudo ip netns exec fsl-lab-client curl -s -D - -o /dev/null http://192.0.2.1/1m
  sudo firstack lab status
  sudo firstack lab down`,
	}
	cmd.AddCommand(newLabUp(), newLabDown(), newLabStatus(), newLabPlan(), newLabCore())
	return cmd
}

// labTopology are the flags that say which topology is meant.
type labTopology struct{ file, config string }

func (f *labTopology) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.file, "topology", "t", "", "topology file (default: that of firstack demo)")
	cmd.Flags().StringVar(&f.config, "config", "own", "configuration of the replicas: A, B, C, or own (as the topology has it)")
}

func (f *labTopology) load() (*spec.Topology, error) {
	t, err := loadTopology(f.file)
	if err != nil {
		return nil, err
	}
	switch c := strings.ToUpper(f.config); c {
	case "OWN":
	case "A", "B", "C":
		t.SetConfiguration(spec.Configuration(c))
	default:
		return nil, fmt.Errorf("--config: %q is not one of A, B, C, own", f.config)
	}
	return t, nil
}

func newLabUp() *cobra.Command {
	var topology labTopology
	var opts lab.Options
	var sw string
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Build a lab and return when its services can be connected to",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := topology.load()
			if err != nil {
				return err
			}
			if opts.Switch, err = lab.ParseSwitch(sw); err != nil {
				return err
			}
			opts.Logger = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			l, err := lab.Up(cmd.Context(), t, opts)
			if err != nil {
				return err
			}
			state := l.State()
			return describeLab(cmd.OutOrStdout(), &state, l.Layout)
		},
	}
	topology.add(cmd)
	cmd.Flags().StringVar(&opts.Name, "name", lab.DefaultName, "name of the lab: 1 to 20 lower-case letters, digits and hyphens")
	cmd.Flags().StringVar(&sw, "switch", string(lab.Firstack), "what the gateways are: firstack (firstack-switch) or bmv2 (simple_switch_grpc)")
	cmd.Flags().StringVar(&opts.SwitchBinary, "switch-binary", "", "program of the gateways (default: firstack-switch beside this program, else what PATH has)")
	return cmd
}

// describeLab says how a lab is used.
func describeLab(w io.Writer, s *lab.State, l *lab.Layout) error {
	fmt.Fprintf(w, "lab %s: %s, gateways are %s\n\nround trips, measured and planned:\n", s.Name, s.Topology, s.Switch)
	for _, r := range s.RoundTrips {
		fmt.Fprintf(w, "  %-16s %-16s %8.1f ms %8.1f ms\n", r.From, r.To, float64(r.Measured.Microseconds())/1e3, float64(r.Planned.Microseconds())/1e3)
	}
	fmt.Fprintln(w, "\nservices:")
	for _, service := range l.Services {
		var replicas []string
		for _, r := range service.Replicas {
			replicas = append(replicas, r.Host+" ("+r.Configuration+")")
		}
		fmt.Fprintf(w, "  %-10s http://%s/  origin %s, replicas %s\n", service.Name, service.Server, strings.Join(service.Origins, ", "), strings.Join(replicas, ", "))
	}
	fmt.Fprintln(w, "\ntry:")
	if clients := l.HostsOf(spec.Client); len(clients) > 0 && len(l.Services) > 0 {
		fmt.Fprintf(w, "  ip netns exec %s curl -s -D - -o /dev/null http://%s/1m\n", s.Namespace(clients[0].Name), l.Services[0].Server)
	}
	program, err := os.Executable() // root's PATH seldom has it
	if err != nil {
		program = "firstack"
	}
	fmt.Fprintf(w, "  ip netns exec %s %s show replicas\n", s.Namespace(l.Control.Host), program)
	_, err = fmt.Fprintf(w, "  %s lab status --name %s\n  %s lab down --name %s\n", program, s.Name, program, s.Name)
	return err
}

func newLabDown() *cobra.Command {
	var name string
	var all bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Remove a lab, also what a crash has left of it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			names := []string{name}
			if all {
				var err error
				if names, err = lab.Names(); err != nil {
					return err
				}
			}
			// Removing is not left half done because somebody is impatient; a second signal still ends it.
			ctx := context.WithoutCancel(cmd.Context())
			var errs []error
			for _, n := range names {
				if err := lab.Down(ctx, n); err != nil {
					errs = append(errs, err)
					continue
				}
				fmt.Fprintf(cmd.OutOrStdout(), "lab %s is removed\n", n)
			}
			return errors.Join(errs...)
		},
	}
	cmd.Flags().StringVar(&name, "name", lab.DefaultName, "name of the lab")
	cmd.Flags().BoolVar(&all, "all", false, "all labs")
	return cmd
}

func newLabStatus() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show a lab: its processes and the round trips that were measured",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, runs, err := lab.Status(name)
			if errors.Is(err, lab.ErrNoLab) {
				if names, _ := lab.Names(); len(names) > 0 {
					err = fmt.Errorf("%w; there are: %s", err, strings.Join(names, ", "))
				}
			}
			if err != nil {
				return err
			}
			return showLab(cmd.OutOrStdout(), s, runs)
		},
	}
	cmd.Flags().StringVar(&name, "name", lab.DefaultName, "name of the lab")
	return cmd
}

func showLab(w io.Writer, s *lab.State, runs map[string]bool) error {
	state := "ready"
	if !s.Ready {
		state = "not ready: it is being built, or its building broke off"
	}
	fmt.Fprintf(w, "lab %s: %s, gateways are %s, since %s, %s\n", s.Name, s.Topology, s.Switch, s.Started.Format("2006-01-02 15:04:05 MST"), state)
	fmt.Fprintf(w, "\n%-24s %-8s %-8s %-36s %s\n", "process", "pid", "state", "namespace", "log")
	for _, p := range s.Processes {
		word := "ended"
		if runs[p.Name] {
			word = "runs"
		}
		fmt.Fprintf(w, "%-24s %-8d %-8s %-36s %s\n", p.Name, p.PID, word, p.Namespace, p.Log)
	}
	fmt.Fprintf(w, "\n%-24s %-24s %12s %12s\n", "round trip from", "to", "measured", "planned")
	for _, r := range s.RoundTrips {
		fmt.Fprintf(w, "%-24s %-24s %9.1f ms %9.1f ms\n", r.From, r.To, float64(r.Measured.Microseconds())/1e3, float64(r.Planned.Microseconds())/1e3)
	}
	return nil
}

func newLabPlan() *cobra.Command {
	var topology labTopology
	var asJSON bool
	var dir string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Print what a lab of a topology consists of: addresses, interfaces, paths",
		Long: `plan prints the layout of a topology without building it; it needs no privileges. With --json it is complete, for
programs that build the network themselves, as mininet/firstack.py does. With --dir the files that the processes read
are written too: layout.json, firstack.yaml, nginx/HOST.conf and the content www/.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := topology.load()
			if err != nil {
				return err
			}
			p, l, err := lab.Prepare(t)
			if err != nil {
				return err
			}
			if dir != "" {
				if err := lab.WriteFiles(dir, p, l); err != nil {
					return err
				}
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(l)
			}
			return printPlan(cmd.OutOrStdout(), l)
		},
	}
	topology.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the whole layout as JSON")
	cmd.Flags().StringVar(&dir, "dir", "", "write the files of the lab's processes into this directory (an absolute path)")
	return cmd
}

func printPlan(w io.Writer, l *lab.Layout) error {
	fmt.Fprintf(w, "%s: %s\n\n%-20s %-16s %-16s %-20s %s\n", l.Topology, strings.TrimSpace(l.Description), "gateway", "role", "site", "wan", "lan")
	for _, g := range l.Gateways {
		fmt.Fprintf(w, "%-20s %-16s %-16s %-20s %s\n", g.Name, g.Role, g.Site, g.WAN.Address, g.LAN.Address)
	}
	fmt.Fprintf(w, "\n%-20s %-16s %-16s %-20s %s\n", "host", "role", "gateway", "address", "listens")
	for _, h := range l.Hosts {
		var listen []string
		for _, a := range h.Listen {
			listen = append(listen, a.String())
		}
		fmt.Fprintf(w, "%-20s %-16s %-16s %-20s %s\n", h.Name, h.Role, h.Gateway, h.Addresses[0], strings.Join(listen, " "))
	}
	return nil
}

func newLabCore() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:    "core",
		Short:  "Be the wide-area core of a lab, on interfaces that are there",
		Args:   cobra.NoArgs,
		Hidden: true, // labs and Mininet start it
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := lab.ReadLayout(file)
			if err != nil {
				return err
			}
			return lab.RunCore(cmd.Context(), l, lab.OpenPacket, slog.New(slog.NewTextHandler(os.Stderr, nil)))
		},
	}
	cmd.Flags().StringVar(&file, "layout", "", "layout.json, as lab plan --dir writes it")
	_ = cmd.MarkFlagRequired("layout")
	return cmd
}
