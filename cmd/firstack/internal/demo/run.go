package demo

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/observe"
	"github.com/firstack/firstack/topo/spec"
)

// Options of a demo.
type Options struct {
	Topology *spec.Topology
	Config   spec.Configuration // what every replica is set to; "" keeps the topology's own
	Plain    bool               // nothing is redirected: for comparison
	Requests int
	Size     int64 // bytes of each answer
	Fail     []Failure
	Trace    *Trace // nil: none; sees the first request's packets
}

// Failure cuts a replica off at a time since the start of the requests.
type Failure struct {
	Replica string
	At      time.Duration
}

// settle is the time between requests in which the controller hears of the last answers and tells the switch what it
// makes of them.
const settle = 50 * time.Millisecond

// requestTimeout bounds one request; a client's SYN is sent about five times within it.
const requestTimeout = 30 * time.Second

// A session is a running network with a client and a service.
type session struct {
	opts     Options
	network  *live.Network
	observer *observe.Observer
	client   *host.Host
	site     string
	service  *spec.Service
	sites    map[netip.Addr]Leg // site and role of everybody who may answer
	configs  map[netip.Addr]spec.Configuration
	down     map[string]bool // hosts cut off
}

// Run builds the network, makes the requests one after the other and gives each record to report as it comes.
func Run(ctx context.Context, opts Options, report func(Record) error) error {
	s, err := open(ctx, opts)
	if err != nil {
		return err
	}
	defer s.network.Close()
	start := time.Now()
	failures := slices.Clone(opts.Fail)
	slices.SortFunc(failures, func(a, b Failure) int { return cmp.Compare(a.At, b.At) })
	for i := range opts.Requests {
		for len(failures) > 0 && time.Since(start) >= failures[0].At {
			if err := s.network.World.SetHostDown(failures[0].Replica, true); err != nil {
				return err
			}
			s.down[failures[0].Replica] = true
			failures = failures[1:]
		}
		record, err := s.request(ctx, i+1)
		if err != nil {
			return err
		}
		if err := report(record); err != nil {
			return err
		}
		if i == opts.Requests-1 {
			break
		}
		wait := settle
		if len(failures) > 0 { // leave the failure time to come
			wait = max(wait, min(100*time.Millisecond, failures[0].At))
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func open(ctx context.Context, opts Options) (*session, error) {
	t := opts.Topology
	clients := t.HostsOf(spec.Client)
	if len(clients) == 0 || len(t.Services) == 0 {
		return nil, fmt.Errorf("topology %s: a demo needs a client and a service", t.Name)
	}
	for _, f := range opts.Fail {
		if h := t.Host(f.Replica); h == nil {
			return nil, fmt.Errorf("topology %s: no host %q to fail", t.Name, f.Replica)
		}
	}
	if opts.Config != "" {
		t.SetConfiguration(opts.Config)
	}
	network, err := live.Start(ctx, t, live.Options{Tracer: opts.Trace.For, Plain: opts.Plain, Edit: patient})
	if err != nil {
		return nil, err
	}
	s := &session{opts: opts, network: network, service: &t.Services[0], site: clients[0].Site, down: map[string]bool{}}
	s.client = network.World.Host(clients[0].Name)
	s.watch()
	return s, nil
}

// patient gives probes the time that a busy machine may take: a race needs no probe to leave a dead replica behind.
func patient(c *config.Config) { c.Health.Interval, c.Health.Timeout = 10*time.Second, 10*time.Second }

// watch puts the observer on the wire and notes who is who.
func (s *session) watch() {
	var clientGateways, replicaGateways []string
	for _, g := range s.network.World.Topology().Gateways {
		switch g.Role {
		case spec.ClientGateway:
			clientGateways = append(clientGateways, g.Name)
		case spec.ReplicaGateway:
			replicaGateways = append(replicaGateways, g.Name)
		}
	}
	s.observer = observe.New(clientGateways, replicaGateways)
	s.network.World.Fabric().AddTap(func(e link.TapEvent) {
		s.observer.See(observe.Frame{At: e.Time, From: e.From, To: e.To, Delivered: e.Fate == link.Delivered, Data: e.Frame})
	})
	plan := s.network.World.Plan()
	s.sites = map[netip.Addr]Leg{}
	s.configs = map[netip.Addr]spec.Configuration{}
	for _, o := range s.service.Origins {
		h := plan.Host(o.Host)
		leg := Leg{Site: h.Site, Role: string(spec.Origin)}
		s.sites[h.All[0]] = leg
		s.sites[s.service.Server.Addr] = leg
	}
	for _, r := range s.service.Replicas {
		h := plan.Host(r.Host)
		s.sites[h.All[0]] = Leg{Site: h.Site, Role: string(spec.Replica)}
		s.configs[h.All[0]] = r.Configuration
	}
}

// request makes one request and tells how its race went.
func (s *session) request(ctx context.Context, number int) (Record, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	config := string(s.opts.Config)
	if s.opts.Plain {
		config = Plain
	}
	r := Record{Mode: string(observe.Plain), LimitMS: milliseconds(s.limit().Seconds()), Config: config, Request: number, Client: s.site, Bytes: s.opts.Size}
	server := netip.AddrPortFrom(s.service.Server.Addr, s.service.Port)
	if number == 1 {
		s.opts.Trace.Follow(s.client.Address())
		defer s.opts.Trace.Stop()
	}
	result, err := s.client.Fetch(ctx, host.Request{Server: server, Size: s.opts.Size, Seed: uint64(number)})
	if err != nil {
		r.Error = err.Error()
	}
	scale := s.network.World.Fabric().Scale()
	ms := func(d time.Duration) float64 { return milliseconds(d.Seconds() / scale) }
	r.ConnectMS, r.FirstByteMS, r.TotalMS = ms(result.Connect), ms(result.FirstByte), ms(result.Total)
	r.Bytes, r.SHA256OK, r.ServedBy = result.Bytes, result.SHA256OK, result.ServedBy
	race := s.observer.Race(result.Local)
	if race == nil {
		return r, nil
	}
	s.awaitLosers(ctx, result.Local, race)
	race = s.observer.Race(result.Local)
	s.fill(&r, race, ms)
	r.Mode, r.SYNCopies = string(race.Mode()), len(race.Copies)
	s.observer.Forget(result.Local)
	return r, nil
}

// awaitLosers waits for the answers of the legs that were sent, so that the picture is whole; not for long, for
// a busy or dead replica never answers.
func (s *session) awaitLosers(ctx context.Context, client netip.AddrPort, race *observe.Race) {
	longest := 3 * time.Duration(float64(s.longestRoundTrip())*s.network.World.Fabric().Scale())
	deadline := race.Start.Add(longest)
	for time.Now().Before(deadline) {
		race := s.observer.Race(client)
		answered := map[netip.Addr]bool{}
		for _, a := range race.Answers {
			answered[a.From] = true
		}
		missing := len(race.Legs) == 0
		for addr := range race.Legs {
			missing = missing || !answered[addr]
		}
		if !missing || pause(ctx, 2*time.Millisecond) != nil {
			return
		}
	}
}

// limit is the round trip from the client to the nearest device that may serve it: to the origin where nothing is
// redirected, else to a replica that is up, or to the origin where that takes part in races.
func (s *session) limit() time.Duration {
	t := s.network.World.Topology()
	var nearest time.Duration
	near := func(name string) {
		if d := t.RoundTrip(s.site, t.Host(name).Site); nearest == 0 || d < nearest {
			nearest = d
		}
	}
	for _, r := range s.service.Replicas {
		if !s.opts.Plain && !s.down[r.Host] {
			near(r.Host)
		}
	}
	for _, o := range s.service.Origins {
		if s.opts.Plain || s.service.OriginPolicy == spec.PolicyRace || nearest == 0 {
			near(o.Host)
		}
	}
	return nearest
}

func (s *session) longestRoundTrip() time.Duration {
	t := s.network.World.Topology()
	var longest time.Duration
	for _, a := range t.Gateways {
		for _, b := range t.Gateways {
			longest = max(longest, t.RoundTrip(a.Site, b.Site))
		}
	}
	return longest
}

// fill puts the race's legs into the record, the first to answer first.
func (s *session) fill(r *Record, race *observe.Race, ms func(time.Duration) float64) {
	legs := map[netip.Addr]Leg{}
	for addr := range race.Legs {
		leg := s.sites[addr]
		leg.ArrivalMS, leg.Fate = -1, FateSilent
		legs[addr] = leg
	}
	for _, a := range race.Answers {
		leg, seen := legs[a.From]
		if !seen {
			leg = s.sites[a.From]
		} else if leg.Fate != FateSilent {
			continue // a repeat
		}
		leg.ArrivalMS, leg.Fate = ms(a.At), FateLate
		if a.Fate == observe.Won {
			leg.Fate = FateWon
			r.Winner, r.WinnerRole = leg.Site, leg.Role
			if c, ok := s.configs[a.From]; ok && r.Config == "" {
				r.Config = string(c)
			}
		}
		legs[a.From] = leg
	}
	for _, leg := range legs {
		r.Legs = append(r.Legs, leg)
	}
	arrival := func(l Leg) float64 {
		if l.ArrivalMS < 0 {
			return math.Inf(1)
		}
		return l.ArrivalMS
	}
	slices.SortFunc(r.Legs, func(a, b Leg) int {
		return cmp.Or(cmp.Compare(arrival(a), arrival(b)), cmp.Compare(a.Site, b.Site))
	})
}
