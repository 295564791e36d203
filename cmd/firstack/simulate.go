package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/firstack/firstack/topo/simulate"
	"github.com/firstack/firstack/topo/simulate/scenario"
)

type simulateFlags struct {
	matrix, placements, scenario, policies, origin string
	replicas, connections, warm, workers           int
	clients, seed                                  uint64
	loss, dnsError, anycastError                   float64
	jitter, learn, detect, dnsLife, converge, step time.Duration
	json, quiet                                    bool
	csv, plots, format, prefix                     string
}

func newSimulate() *cobra.Command {
	var f simulateFlags
	var policies []string
	for _, p := range simulate.Policies {
		policies = append(policies, fmt.Sprintf("  %-8s  %s", p.Name, p.Title))
	}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Simulate ways of choosing a replica over round-trip tables, without packets",
		Long: `simulate plays connections over a table of round trips, and tells for each policy how near the replica is that they got,
how long handshakes took, how the load spread and how many SYNs that cost. Without a scenario it plays every placement
of a client's site, an origin and replicas among the table's sites, each with connections that follow each other.
A scenario (YAML) has populations of clients, servers with a capacity, and failures. Policies:

` + strings.Join(policies, "\n") + `

The limit is the round trip to the nearest of origin and replicas that answer. docs/nearest.md tells what is modelled how.`,
		Example: `  firstack simulate
  firstack simulate --placements 500 --replicas 3 --policy race,steer --json
  firstack simulate --matrix my.csv --plots plots
  firstack simulate --scenario docs/nearest/failures.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runSimulate(cmd, &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.matrix, "matrix", "", "round trips in ms as CSV, row to column (default: ten cloud regions)")
	flags.StringVar(&f.placements, "placements", "all", "placements to play: all, or a number of randomly chosen ones")
	flags.IntVar(&f.replicas, "replicas", 4, "replicas in each placement")
	flags.StringVar(&f.scenario, "scenario", "", "scenario file (YAML) to play instead of placements")
	flags.StringVar(&f.policies, "policy", "all", "policies, separated by commas, or all")
	flags.StringVar(&f.origin, "origin-policy", "", "with steer: when the origin takes part: race, standby, never (default race, or the scenario's)")
	flags.IntVar(&f.connections, "connections", 0, "connections: of each placement (default 1000), or of the scenario in all (default its own)")
	flags.IntVar(&f.warm, "warm", 10, "connections of each gateway that are not counted, as it still learns")
	flags.Uint64Var(&f.clients, "clients", 1000, "clients behind the gateway of each placement")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of everything that is drawn")
	flags.IntVar(&f.workers, "workers", 0, "goroutines (default: as many as processors); the result is the same")
	flags.Float64Var(&f.dnsError, "dns-error", 0.2, "share of clients that DNS sends elsewhere than to the nearest")
	flags.DurationVar(&f.dnsLife, "dns-life", time.Minute, "how long a name's answer is kept")
	flags.Float64Var(&f.anycastError, "anycast-error", 0.2, "share of clients that routing takes elsewhere than to the nearest")
	flags.DurationVar(&f.converge, "converge", 30*time.Second, "how long routing takes to leave a device that is down")
	flags.Float64Var(&f.loss, "loss", 0, "probability that a SYN or its answer is lost")
	flags.DurationVar(&f.jitter, "jitter", 200*time.Microsecond, "most by which an answer is late")
	flags.DurationVar(&f.learn, "learn", 20*time.Millisecond, "from an answer to what the controller makes of it in the switch")
	flags.DurationVar(&f.detect, "detect", 3*time.Second, "until probes find that a replica is down, or back; negative: never")
	flags.DurationVar(&f.step, "step", 5*time.Millisecond, "how often servers' queues are looked at")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line and policy, and nothing else")
	flags.BoolVar(&f.quiet, "quiet", false, "tell no progress")
	flags.StringVar(&f.csv, "csv", "", "write one row a policy to this file")
	flags.StringVar(&f.plots, "plots", "", "write plots into this folder")
	flags.StringVar(&f.format, "plot-format", "svg", "svg or png")
	flags.StringVar(&f.prefix, "plot-prefix", "", "begin the plots' file names with this")
	return cmd
}

func runSimulate(cmd *cobra.Command, f *simulateFlags) error {
	policies, err := simulate.ParsePolicies(f.policies)
	if err != nil {
		return fmt.Errorf("--policy: %w", err)
	}
	settings, err := f.settings(cmd)
	if err != nil {
		return err
	}
	progress := io.Discard
	if !f.quiet {
		progress = cmd.ErrOrStderr()
	}
	told := newProgress(progress)
	settings.Progress = told.tell
	start := time.Now()
	var report *simulate.Report
	if f.scenario != "" {
		report, err = f.traffic(cmd, policies, settings)
	} else {
		report, err = f.places(cmd, policies, settings)
	}
	told.end()
	if err != nil {
		return err
	}
	return f.write(cmd, report, time.Since(start))
}

// settings checks the flags that both kinds of run have.
func (f *simulateFlags) settings(cmd *cobra.Command) (simulate.Settings, error) {
	none := simulate.Settings{}
	for name, v := range map[string]float64{"loss": f.loss, "dns-error": f.dnsError, "anycast-error": f.anycastError} {
		if !(v >= 0 && v <= 1) {
			return none, fmt.Errorf("--%s: %v is not from 0 to 1", name, v)
		}
	}
	for name, v := range map[string]time.Duration{
		"dns-life": f.dnsLife, "converge": f.converge, "jitter": f.jitter, "learn": f.learn, "step": f.step,
	} {
		if v < 0 || v > time.Hour || v == 0 && (name == "step" || name == "dns-life") {
			return none, fmt.Errorf("--%s: %v is not a time of up to an hour", name, v)
		}
	}
	switch policy := simulate.OriginPolicy(f.origin); policy {
	case "", simulate.OriginRace, simulate.OriginStandby, simulate.OriginNever:
	default:
		return none, fmt.Errorf("--origin-policy: %q is not one of race, standby, never", f.origin)
	}
	if f.format != "svg" && f.format != "png" {
		return none, fmt.Errorf("--plot-format: %q is not one of svg, png", f.format)
	}
	if f.workers < 0 || f.warm < 0 || f.connections < 0 {
		return none, errors.New("--workers, --warm and --connections: must not be negative")
	}
	s := simulate.Settings{
		Seed: f.seed, Workers: f.workers, Loss: f.loss, DNSError: f.dnsError, AnycastError: f.anycastError,
		Jitter: f.jitter, Learn: f.learn, Detect: f.detect, DNSLife: f.dnsLife, Converge: f.converge, Step: f.step,
		Origin: simulate.OriginPolicy(f.origin),
	}
	// A zero is meant as one, and not as the default.
	for _, d := range []*time.Duration{&s.Jitter, &s.Learn, &s.Converge, &s.Detect} {
		if *d == 0 {
			*d = 1
		}
	}
	return s, nil
}

func (f *simulateFlags) traffic(cmd *cobra.Command, policies []simulate.Policy, settings simulate.Settings) (*simulate.Report, error) {
	for _, name := range []string{"matrix", "placements", "replicas", "clients"} {
		if cmd.Flags().Changed(name) {
			return nil, fmt.Errorf("--%s: not with --scenario, which has its own", name)
		}
	}
	s, err := scenario.Load(f.scenario)
	if err != nil {
		return nil, err
	}
	if f.connections > 0 {
		s.Connections = int64(f.connections)
	}
	if cmd.Flags().Changed("warm") {
		s.Warm = f.warm
	}
	if settings.Origin == "" {
		settings.Origin = s.Origin.Policy
	}
	return s.Traffic().Run(cmd.Context(), policies, settings)
}

func (f *simulateFlags) places(cmd *cobra.Command, policies []simulate.Policy, settings simulate.Settings) (*simulate.Report, error) {
	world, err := f.world()
	if err != nil {
		return nil, err
	}
	places, err := world.Placements(f.replicas)
	if err != nil {
		return nil, fmt.Errorf("--replicas: %w", err)
	}
	if f.placements != "all" {
		n, err := strconv.Atoi(f.placements)
		if err != nil || n < 1 || n > 10_000_000 {
			return nil, fmt.Errorf("--placements: %q is neither all nor a number from 1 to 10000000", f.placements)
		}
		places = simulate.Sample(places, n, f.seed)
	}
	run := simulate.PlacementRun{World: world, Placements: places, Connections: 1000, Warm: f.warm, Clients: f.clients}
	if f.connections > 0 {
		run.Connections = f.connections
	}
	if run.Warm >= run.Connections {
		return nil, fmt.Errorf("--warm: %d of %d connections leaves none to count", run.Warm, run.Connections)
	}
	return run.Run(cmd.Context(), policies, settings)
}

func (f *simulateFlags) world() (*simulate.World, error) {
	if f.matrix == "" {
		return simulate.Regions()
	}
	file, err := os.Open(f.matrix)
	if err != nil {
		return nil, fmt.Errorf("--matrix: %w", err)
	}
	defer file.Close()
	w, err := simulate.ReadWorld(f.matrix, file)
	if err != nil {
		return nil, fmt.Errorf("--matrix: %w", err)
	}
	return w, nil
}
