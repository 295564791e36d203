package controller

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway"
	"github.com/firstack/firstack/controller/gateway/flow"
	"github.com/firstack/firstack/controller/health"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/state"
)

var _ state.Source = (*Controller)(nil)

// Sessions tells how the controller stands with each switch.
func (k *Controller) Sessions(ctx context.Context) ([]state.Session, error) {
	list := []state.Session{}
	for _, u := range k.roster.Load().units {
		s := u.session.Status()
		standing, err := u.gateway.Standing(ctx)
		if err != nil {
			return list, fmt.Errorf("switch %s: %w", u.name, err)
		}
		one := state.Session{
			Switch: u.name, Role: string(u.role), Address: s.Address,
			State: s.State.String(), Since: s.Since, Primary: s.State == p4rt.Primary,
			Settled: standing.Settled, Problems: standing.Problems,
			ElectionID: s.Election.String(), Highest: s.Highest.String(),
			Cookie: fmt.Sprintf("%016x", u.cookie), API: s.API, CertificateExpires: u.expires(),
			Stats: state.Stats{
				Connects: s.Stats.Connects, PipelinePushes: uint64(s.Pushed),
				DigestLists: s.Stats.DigestLists, DigestsDropped: s.Stats.DigestsDropped,
				Packets: s.Stats.Packets, PacketsDropped: s.Stats.PacketsDropped, PacketOuts: s.Stats.PacketOuts,
				Updates: s.Stats.Updates, UpdatesFailed: s.Stats.UpdatesFailed,
			},
		}
		if s.Err != nil {
			one.Error = s.Err.Error()
		}
		if e := k.options.Elections; e != nil {
			var self bool
			one.Leader, self = e.Leader(u.name)
			one.Standby = s.State == p4rt.Backup && one.Leader != "" && !self
		}
		list = append(list, one)
	}
	return list, nil
}

// Cluster tells how this controller stands to others; nil when it is alone.
func (k *Controller) Cluster(context.Context) (*state.Cluster, error) {
	if k.options.Elections == nil {
		return nil, nil
	}
	c := k.options.Elections.Standing()
	return &c, nil
}

// standby tells whether a switch is another controller's. What we remember of its connections from when it was ours is
// past.
func (k *Controller) standby(u *unit) bool {
	return k.options.Elections != nil && u.session.Status().State == p4rt.Backup
}

// Ready is nil once every switch is ours and holds what it should, or has another controller that was elected while we
// stand by.
func (k *Controller) Ready(ctx context.Context) error {
	sessions, err := k.Sessions(ctx)
	if err != nil {
		return err
	}
	var errs []error
	if k.known.Load() < k.heard.Load() {
		errs = append(errs, errors.New("gateways have still to hear of health or ports"))
	}
	for _, s := range sessions {
		if !s.Standby && (!s.Primary || !s.Settled) {
			errs = append(errs, fmt.Errorf("switch %s: session %s, tables settled: %v", s.Switch, s.State, s.Settled))
		}
	}
	return errors.Join(errs...)
}

// results are what all client gateways saw of races and run now.
type results struct {
	races   map[gateway.RaceKey]*gateway.Race
	running map[gateway.RaceKey]int
	probes  map[health.Target]health.Status
}

func (k *Controller) results(ctx context.Context) (results, error) {
	all := results{races: map[gateway.RaceKey]*gateway.Race{}, running: map[gateway.RaceKey]int{}, probes: k.prober.Snapshot()}
	for _, u := range k.roster.Load().units {
		m, ok, err := u.gateway.Memory(ctx)
		if err != nil {
			return all, fmt.Errorf("switch %s: %w", u.name, err)
		}
		if !ok {
			continue
		}
		for key, r := range m.Races {
			if all.races[key] == nil {
				all.races[key] = &gateway.Race{}
			}
			all.races[key].Add(&r)
		}
		if k.standby(u) {
			continue
		}
		running, err := u.gateway.Running(ctx)
		if err != nil {
			return all, fmt.Errorf("switch %s: %w", u.name, err)
		}
		for key, n := range running {
			all.running[key] += n
		}
	}
	return all, nil
}

// Services tells how each service is raced now.
func (k *Controller) Services(ctx context.Context) ([]state.Service, error) {
	all, err := k.results(ctx)
	list := []state.Service{}
	c := k.roster.Load().config
	for i := range c.Services {
		s := &c.Services[i]
		one := state.Service{
			Name: s.Name, Server: netip.AddrPortFrom(s.Server, s.Port), Gateway: s.Gateway,
			Replicatable: s.Replicatable == nil || *s.Replicatable, OriginPolicy: string(s.OriginPolicy),
			Raced: []string{}, Origins: []state.Server{},
		}
		if one.Replicatable {
			one.Raced = k.raced(s)
		}
		for _, o := range s.Origins {
			one.Origins = append(one.Origins, k.origin(s, o, all))
		}
		list = append(list, one)
	}
	return list, err
}

// Replicas tells of every replica what is wanted of it, what its probes say and how it did.
func (k *Controller) Replicas(ctx context.Context) ([]state.Server, error) {
	all, err := k.results(ctx)
	list := []state.Server{}
	c := k.roster.Load().config
	for i := range c.Services {
		for _, r := range c.Services[i].Replicas {
			list = append(list, k.replica(&c.Services[i], r, all))
		}
	}
	return list, err
}

func (k *Controller) replica(s *config.Service, r config.Replica, all results) state.Server {
	at, server := netip.AddrPortFrom(r.Address, r.Port), netip.AddrPortFrom(s.Server, s.Port)
	one := k.server(s.Name, r.Name, at, all)
	one.Gateway, one.Configuration, one.Admin = r.Gateway, string(r.Configuration), string(r.AdminState)
	keys := []gateway.RaceKey{{Server: server, Replica: at}}
	if r.Configuration == config.ConfigurationC {
		// Its answers come in the server's name: the port that clients' gateways see is the server's.
		keys = []gateway.RaceKey{{Server: server, Replica: netip.AddrPortFrom(r.Address, s.Port)}, {Server: server, Replica: netip.AddrPortFrom(r.Address, 0)}}
	}
	add(&one, all, keys)
	return one
}

func (k *Controller) origin(s *config.Service, o config.Origin, all results) state.Server {
	one := k.server(s.Name, o.Name, netip.AddrPortFrom(o.Address, o.Port), all)
	one.Gateway = o.Gateway
	if server := netip.AddrPortFrom(s.Server, s.Port); len(s.Origins) == 1 {
		// All of them answer in the server's name, so only a lone one can be told.
		add(&one, all, []gateway.RaceKey{{Server: server, Replica: server}})
	}
	return one
}

func (k *Controller) server(service, name string, at netip.AddrPort, all results) state.Server {
	one := state.Server{Service: service, Name: name, Address: at, Health: k.health(service, name).String()}
	if t, ok := k.roster.Load().targets[[2]string{service, name}]; ok {
		status := all.probes[t]
		one.Since = status.Since
		if status.Err != nil {
			one.Error = status.Err.Error()
		}
	}
	if why := k.cutFrom(service, name); why != "" {
		one.Error = why
	}
	return one
}

func add(one *state.Server, all results, keys []gateway.RaceKey) {
	var sum gateway.Race
	for _, key := range keys {
		if r := all.races[key]; r != nil {
			sum.Add(r)
		}
		one.Translations += all.running[key]
	}
	one.Wins, one.Losses = sum.Wins, sum.Losses
	one.Delay = delayOf(&sum)
}

func delayOf(r *gateway.Race) state.Delay {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	d := state.Delay{Min: ms(r.Min), Last: ms(r.Last), Count: r.Measured, Sum: r.Sum.Seconds()}
	if r.Measured > 0 {
		d.Mean = ms(r.Sum) / float64(r.Measured)
	}
	count := uint64(0)
	for i, bound := range gateway.RaceBounds {
		count += r.Buckets[i]
		d.Buckets = append(d.Buckets, state.Bucket{Bound: bound, Count: count})
	}
	return d
}

// Translations gives at most limit connections that run to replicas, and how many there are.
func (k *Controller) Translations(ctx context.Context, limit int) (state.Translations, error) {
	page := state.Translations{List: []state.Translation{}}
	for _, u := range k.roster.Load().units {
		if k.standby(u) {
			continue
		}
		total, list, err := u.gateway.Connections(ctx, limit-len(page.List))
		if err != nil {
			return page, fmt.Errorf("switch %s: %w", u.name, err)
		}
		page.Total += total
		for _, c := range list {
			replica := c.Winner.End()
			if c.Winner.Form == flow.FormC {
				replica = netip.AddrPortFrom(replica.Addr(), c.Key.ServerPort)
			}
			page.List = append(page.List, state.Translation{
				Switch: u.name, Client: c.Key.ClientEnd(), Server: c.Key.ServerEnd(), Replica: replica,
				Form: c.Winner.Form.String(), State: c.State,
			})
		}
	}
	return page, nil
}

// Counters reads the decisions of every switch that is ours.
func (k *Controller) Counters(ctx context.Context) ([]state.Counter, error) {
	list := []state.Counter{}
	var errs []error
	for _, u := range k.roster.Load().units {
		decisions, err := u.gateway.Decisions(ctx)
		if err != nil && !errors.Is(err, gateway.ErrNoTerm) {
			errs = append(errs, fmt.Errorf("switch %s: %w", u.name, err))
		}
		for _, d := range decisions {
			list = append(list, state.Counter{Switch: u.name, Decision: d.Name, Packets: d.Packets, Bytes: d.Bytes})
		}
	}
	return list, errors.Join(errs...)
}

// Learning tells what the client gateways' memories did.
func (k *Controller) Learning(ctx context.Context) ([]state.Learning, error) {
	list := []state.Learning{}
	for _, u := range k.roster.Load().units {
		m, ok, err := u.gateway.Memory(ctx)
		if err != nil {
			return list, fmt.Errorf("switch %s: %w", u.name, err)
		}
		if !ok {
			continue
		}
		one := state.Learning{
			Switch: u.name, Flows: m.Flows, Unwritten: m.Unwritten,
			Slots: state.Slots{Capacity: m.Slots.Capacity, InUse: m.Slots.InUse, Counted: m.Slots.At}, Learnt: m.Stats.Learnt, Adopted: m.Stats.Adopted, Full: m.Stats.Full,
			Stale: m.Stats.Stale, Reused: m.Stats.Reused, Repaired: m.Stats.Repaired, Retired: map[string]uint64{},
		}
		if k.standby(u) {
			one.Flows = 0
		}
		for _, reason := range flow.Reasons() {
			one.Retired[reason.String()] = m.Stats.Retired[reason]
		}
		list = append(list, one)
	}
	return list, nil
}
