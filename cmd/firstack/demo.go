package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firstack/firstack/cmd/firstack/internal/demo"
	"github.com/firstack/firstack/topo/spec"
)

type demoFlags struct {
	config, topology string
	requests         int
	size             int64
	fail             []string
	json, trace      bool
}

func newDemo() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run races over a network in this process and show how they went",
		Long: `demo builds a whole network in this process: hosts with TCP/IP stacks of their own, links with the delays of a
round-trip table, an embedded P4 switch for each gateway, and the controller. Then a client fetches content over HTTP,
and each connection's handshake is drawn: who was asked, whose SYN-ACK came when, who won. The first connection is raced
by way of the origin; what it teaches has the next ones raced straight from the client's gateway, and then sent to the
nearest alone. The limit beside it is the round trip to the nearest device that may serve. The same request with plain
routing to the origin stands there for comparison. No privileges are needed, and nothing leaves the process.`,
		Example: `  firstack demo
  firstack demo --config C --trace
  firstack demo --config A --requests 20 --fail replica-london@2s
  firstack demo --topology my.yaml --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "all", "configuration of the replicas: A (addresses translated), B (replica spoofs the server), C (tunnel), all, or own (as the topology has it)")
	flags.StringVar(&f.topology, "topology", "", "topology file (default: client in Frankfurt, origin in Washington DC, replicas in London, Tokyo, Sao Paulo)")
	flags.IntVar(&f.requests, "requests", 4, "requests for each configuration")
	flags.Int64Var(&f.size, "bytes", 1<<20, "bytes that each request fetches")
	flags.StringArrayVar(&f.fail, "fail", nil, "REPLICA@TIME: cut a replica off at a time since the first request, e.g. replica-london@2s; may be repeated")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line and request, and nothing else")
	flags.BoolVar(&f.trace, "trace", false, "show the first connection packet by packet: tables hit, flow slot before and after, headers changed")
	return cmd
}

func runDemo(cmd *cobra.Command, f demoFlags) error {
	configs, err := configurations(f.config)
	if err != nil {
		return err
	}
	if f.requests < 1 {
		return errors.New("--requests: at least 1 is needed")
	}
	if f.size < 0 {
		return errors.New("--bytes: must not be negative")
	}
	failures, err := parseFailures(f.fail)
	if err != nil {
		return err
	}
	if f.trace && !cmd.Flags().Changed("bytes") {
		f.size = 4 << 10 // the trace is of the handshake and the first data
	}
	out := cmd.OutOrStdout()
	human := out
	if f.json {
		human = io.Discard
	}
	if err := introduce(human, f.topology); err != nil {
		return err
	}

	var records []demo.Record
	run := func(opts demo.Options) error {
		return demo.Run(cmd.Context(), opts, func(r demo.Record) error {
			records = append(records, r)
			if f.json {
				return r.WriteJSON(out)
			}
			return nil
		})
	}
	topology, err := loadTopology(f.topology)
	if err != nil {
		return err
	}
	if err := run(demo.Options{Topology: topology, Plain: true, Requests: f.requests, Size: f.size}); err != nil {
		return err
	}
	plain := records[0]
	for _, c := range configs {
		if topology, err = loadTopology(f.topology); err != nil {
			return err
		}
		opts := demo.Options{Topology: topology, Config: c, Requests: f.requests, Size: f.size, Fail: failures}
		if f.trace {
			opts.Trace = demo.NewTrace(human)
			fmt.Fprintf(human, "\n")
		}
		from := len(records)
		if err := run(opts); err != nil {
			return err
		}
		demo.RenderTitle(human, records[from].Config)
		for i, r := range records[from:] {
			before := records[max(from, from+i-1)]
			if i == 0 || r.Winner != before.Winner || r.Mode != before.Mode || r.Error != "" {
				demo.RenderRace(human, r, plain)
			}
		}
	}
	demo.RenderSummary(human, records)
	for _, r := range records {
		if r.Error != "" || !r.SHA256OK {
			return fmt.Errorf("configuration %s, request %d: %s", r.Config, r.Request, problem(r))
		}
	}
	return nil
}

func problem(r demo.Record) string {
	if r.Error != "" {
		return r.Error
	}
	return "the bytes are not those of the server"
}

func configurations(text string) ([]spec.Configuration, error) {
	switch strings.ToUpper(text) {
	case "ALL":
		return []spec.Configuration{spec.ConfigurationA, spec.ConfigurationB, spec.ConfigurationC}, nil
	case "A", "B", "C":
		return []spec.Configuration{spec.Configuration(strings.ToUpper(text))}, nil
	case "OWN":
		return []spec.Configuration{""}, nil
	}
	return nil, fmt.Errorf("--config: %q is not one of A, B, C, all, own", text)
}

func parseFailures(texts []string) ([]demo.Failure, error) {
	var list []demo.Failure
	for _, text := range texts {
		name, at, ok := strings.Cut(text, "@")
		d, err := time.ParseDuration(at)
		if !ok || err != nil || name == "" || d < 0 {
			return nil, fmt.Errorf("--fail: %q is not REPLICA@TIME, such as replica-london@2s", text)
		}
		list = append(list, demo.Failure{Replica: name, At: d})
	}
	return list, nil
}

func loadTopology(file string) (*spec.Topology, error) {
	if file == "" {
		return spec.Default()
	}
	return spec.Load(file)
}

// introduce says what is about to be shown, with the figures behind it.
func introduce(w io.Writer, file string) error {
	t, err := loadTopology(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %s\n", t.Name, strings.TrimSpace(t.Description))
	clients := t.HostsOf(spec.Client)
	if len(clients) == 0 || len(t.Services) == 0 {
		return nil
	}
	from := clients[0].Site
	service := t.Services[0]
	fmt.Fprintf(w, "\nround trips from %s:\n", from)
	for _, o := range service.Origins {
		site := t.Host(o.Host).Site
		fmt.Fprintf(w, "  %-14s %6.1f ms  origin\n", site, float64(t.RoundTrip(from, site).Microseconds())/1e3)
	}
	for _, r := range service.Replicas {
		site := t.Host(r.Host).Site
		fmt.Fprintf(w, "  %-14s %6.1f ms  replica\n", site, float64(t.RoundTrip(from, site).Microseconds())/1e3)
	}
	if file == "" {
		fmt.Fprintln(w, "Mean round trips between cloud regions, 21 September to 20 October 2024, as IBM Cloud's VPC documentation\npublished them (topo/spec/rtt-ibm-cloud-2024-10.csv).")
	}
	fmt.Fprintf(w, "\nThe first SYN-ACK comes by way of the origin (client, origin, replica, client); everything after runs straight.\n")
	return nil
}
