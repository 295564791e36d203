package gateway

import (
	"net/netip"
	"slices"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway/flow"
	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/controller/steer"
	"github.com/firstack/firstack/tables/clientgateway"
)

// steering is what a client gateway learned of services, and how it has connections go out.
type steering struct {
	*client
	services map[netip.AddrPort]*steered
	listed   map[netip.AddrPort]*config.Service
	// Answers of servers without known replicas: the server may be one of those that race, which shows only later.
	servers map[netip.AddrPort]serverAnswer
	counts  map[netip.AddrPort]*SteeringCounts
	numbers *plan.SteeringNumbers
	group   int // the shares' resolution
	swept   time.Duration
}

// steered is one service.
type steered struct {
	*steer.Service
	listed   *config.Service // nil: not in the configuration
	speakers map[netip.Addr]plan.Speaker
	health   map[netip.Addr]plan.Health // as the service was told
	cut      map[netip.Addr]bool        // replicas that nothing leads to
	heard    time.Duration
}

type serverAnswer struct {
	at     time.Duration
	answer steer.Answer
}

// Servers whose answers are kept; one that is nobody's origin gives nothing but these.
const maxServerAnswers = 1024

func newSteering(c *client) *steering {
	s := &steering{
		client: c, services: map[netip.AddrPort]*steered{}, servers: map[netip.AddrPort]serverAnswer{},
		counts: map[netip.AddrPort]*SteeringCounts{}, numbers: plan.NewSteeringNumbers(),
	}
	s.group = s.resolution()
	s.list()
	return s
}

// list finds the configuration's services by what clients connect to.
func (s *steering) list() {
	s.listed = make(map[netip.AddrPort]*config.Service, len(s.config.Services))
	for i := range s.config.Services {
		one := &s.config.Services[i]
		s.listed[netip.AddrPortFrom(one.Server, one.Port)] = one
	}
}

// configure takes in a changed configuration.
func (s *steering) configure(now time.Duration) {
	s.list()
	for server, one := range s.services {
		one.listed = s.listed[server]
		one.SetPolicy(now, s.policy(one.listed))
	}
	s.forgetCounts()
}

// resolution is how finely shares are divided: a selector's members are shared by all services, by weight.
func (s *steering) resolution() int {
	for _, group := range []int{256, 64, 16} {
		if (len(s.services)+1)*group <= s.program.SteeringSelector.Size() {
			return group
		}
	}
	return 4
}

// policy is a service's own, or that of services that are not listed, on this gateway's time.
func (s *steering) policy(listed *config.Service) steer.Policy {
	settings, origin := &s.config.Steering, true
	var weights map[netip.Addr]uint16
	if listed != nil {
		settings, origin = &listed.Steering, listed.OriginPolicy == config.OriginRace
		weights = make(map[netip.Addr]uint16, len(listed.Replicas))
		for _, r := range listed.Replicas {
			weights[r.Address] = uint16(r.Weight)
		}
	}
	furthest := map[config.SteeringMode]steer.Mode{config.SteeringRace: steer.Race, config.SteeringDirect: steer.Direct}[settings.Mode]
	if listed != nil && listed.Replicatable != nil && !*listed.Replicatable {
		furthest = steer.Discover
	}
	return steer.Policy{
		Furthest: furthest, Origin: origin, Legs: int(settings.Legs), Group: s.group,
		RaceEvery: int(settings.RaceEvery), ScoutEvery: int(settings.ScoutEvery), Trust: s.scaled(settings.Trust),
		Margin: s.scaled(settings.Margin), MarginPercent: int(settings.MarginPercent),
		Hysteresis: s.scaled(settings.Hysteresis), HysteresisPercent: int(settings.HysteresisPercent),
		Patience: s.scaled(settings.Patience), PatienceFactor: int(settings.PatienceFactor), Weights: weights,
	}
}

// answered takes in a SYN-ACK.
func (s *steering) answered(server netip.AddrPort, e *clientgateway.FlowEvent, late bool, now time.Duration) {
	s.learn(server, e, late, now)
	if n := s.countsOf(server); n != nil && !late {
		n.answered(steer.Mode(e.Mode))
	}
}

func (s *steering) learn(server netip.AddrPort, e *clientgateway.FlowEvent, late bool, now time.Duration) {
	a := steer.Answer{
		Replica: e.ReplicaAddr, Delay: s.target.Since(e.Elapsed),
		Mode: steer.Mode(e.Mode), Attempt: e.Attempt, Late: late,
	}
	byServer := flow.Form(e.Form) == formServer
	if byServer {
		a.Replica = steer.Server
	}
	one := s.services[server]
	if one == nil {
		if byServer && s.listed[server] == nil {
			s.keep(server, serverAnswer{now, a})
			return
		}
		if !byServer && !s.may(s.listed[server], a.Replica) {
			return
		}
		if one = s.add(server, now); one == nil {
			return
		}
	}
	if !byServer {
		if !s.may(one.listed, a.Replica) {
			return
		}
		one.speakers[a.Replica] = plan.Speaker{Form: flow.Form(e.Form), Port: e.ReplicaPort}
	}
	one.heard = now
	s.changed(one.Observe(now, a))
}

// formServer is the form of the server's own answers (p4src/common/constants.p4).
const formServer flow.Form = 0

// may says whether a replica can be steered to: there is a way, and whoever lists the service lists it.
func (s *steering) may(listed *config.Service, replica netip.Addr) bool {
	if _, _, ok := s.routing.Lookup(replica); !ok {
		return false
	}
	return listed == nil || slices.ContainsFunc(listed.Replicas, func(r config.Replica) bool { return r.Address == replica })
}

// keep remembers a server's answer until a replica's shows that it is one of those that race.
func (s *steering) keep(server netip.AddrPort, a serverAnswer) {
	if a.answer.Mode != steer.Discover || a.answer.Attempt != 0 {
		return
	}
	if len(s.servers) >= maxServerAnswers {
		clear(s.servers)
	}
	s.servers[server] = a
}

// add takes up a service; nil when it is not to be steered, or there is no room.
func (s *steering) add(server netip.AddrPort, now time.Duration) *steered {
	listed := s.listed[server]
	p := s.policy(listed)
	if p.Furthest == steer.Discover || int64(len(s.services)) >= s.program.Steering.Size() {
		return nil
	}
	one := &steered{
		Service: steer.New(p), listed: listed, speakers: map[netip.Addr]plan.Speaker{}, health: map[netip.Addr]plan.Health{},
		cut: map[netip.Addr]bool{}, heard: now,
	}
	s.services[server] = one
	s.regroup(now)
	if listed != nil {
		for _, r := range listed.Replicas {
			if one.health[r.Address] = plan.State(r.AdminState, s.probed(listed.Name, r.Name)); one.health[r.Address] == plan.Dead {
				one.Remove(now, r.Address)
			}
		}
	}
	if kept, ok := s.servers[server]; ok {
		delete(s.servers, server)
		one.Observe(kept.at, kept.answer)
	}
	return one
}

// regroup fits the shares' resolution to the number of services.
func (s *steering) regroup(now time.Duration) {
	group := s.resolution()
	if group == s.group {
		return
	}
	s.group = group
	for _, one := range s.services {
		one.SetPolicy(now, s.policy(one.listed))
	}
}

// silent takes in that a SYN is sent again which had been steered, or whose replica owes an answer for too long.
func (s *steering) silent(server netip.AddrPort, e *clientgateway.FlowEvent, now time.Duration) {
	if e.Event == eventUnanswered && e.Attempt > 1 {
		return
	}
	if n := s.countsOf(server); n != nil && e.Event == eventOverdue {
		n.Overdue++
	} else if n != nil {
		n.Unanswered++
	}
	one := s.services[server]
	if one == nil {
		return
	}
	one.heard = now
	if steer.Mode(e.Mode) == steer.Race {
		s.changed(one.RaceUnanswered(now))
		return
	}
	who, ok := s.asked(server, one, e)
	switch {
	case !ok:
	case e.Event == eventOverdue:
		s.changed(one.Overdue(now, who))
	default:
		s.changed(one.Unanswered(now, who))
	}
}

// asked says whom a direct SYN went to.
func (s *steering) asked(server netip.AddrPort, one *steered, e *clientgateway.FlowEvent) (netip.Addr, bool) {
	if steer.Mode(e.Mode) == steer.DirectServer {
		return steer.Server, true
	}
	for replica := range one.speakers {
		w := plan.Steered{Server: server, Speakers: one.speakers}
		if n, ok := s.numbers.Watch(&w, replica); ok && n == uint32(e.Watch) && e.Watch != 0 {
			return replica, true
		}
	}
	if direct := one.Choice().Direct; len(direct) == 1 {
		return direct[0].Replica, true
	}
	return netip.Addr{}, false
}

// changed has a changed choice written.
func (s *steering) changed(yes bool) {
	if !yes {
		return
	}
	s.job.dirty = true
	s.slow.Configure(s.routing, s.wanted())
}

// sweepEvery is how often services are looked through for those that nobody has connected to for long.
const sweepEvery = time.Minute

// tick lets time pass.
func (s *steering) tick(now time.Duration) {
	for _, one := range s.services {
		if next := one.Next(); next != 0 && next <= now {
			s.changed(one.Tick(now))
		}
	}
	if now-s.swept < s.scaled(sweepEvery) {
		return
	}
	s.swept = now
	for server, one := range s.services {
		p := s.policy(one.listed)
		if now-one.heard > idleTrusts*p.Trust {
			delete(s.services, server)
			s.changed(true)
		}
	}
	s.forgetCounts()
	s.regroup(now)
}

// A service that nobody has connected to for so many times the trust is forgotten.
const idleTrusts = 6

// probes tells services what the probes and the operator say of their replicas now.
func (s *steering) probes(now time.Duration) {
	for _, one := range s.services {
		s.reach(one, now)
		if one.listed == nil {
			continue
		}
		says := make(map[netip.Addr]plan.Health, len(one.listed.Replicas))
		for _, r := range one.listed.Replicas {
			says[r.Address] = plan.State(r.AdminState, s.probed(one.listed.Name, r.Name))
			if one.cut[r.Address] {
				says[r.Address] = plan.Dead
			}
		}
		for a := range one.health {
			if _, listed := says[a]; !listed {
				delete(one.health, a)
				one.Remove(now, a)
			}
		}
		for a, h := range says {
			before, known := one.health[a]
			if known && before == h {
				continue
			}
			one.health[a] = h
			switch h {
			case plan.Dead:
				one.Remove(now, a)
			case plan.Busy:
				if before == plan.Dead {
					one.Revive(now, a)
				}
				one.Suspect(now, a)
			default:
				one.Revive(now, a)
			}
		}
	}
}

// reach takes out of use whom nothing leads to, for a port is down, and takes them back.
func (s *steering) reach(one *steered, now time.Duration) {
	for a := range one.speakers {
		_, _, ok := s.routing.Lookup(a)
		switch {
		case !ok && !one.cut[a]:
			one.cut[a] = true
			one.Remove(now, a)
		case ok && one.cut[a]:
			delete(one.cut, a)
			if one.listed == nil { // or the probes have their say
				one.Revive(now, a)
			}
		}
	}
}

// all lists the services for the plan.
func (s *steering) all() []plan.Steered {
	list := make([]plan.Steered, 0, len(s.services))
	for server, one := range s.services {
		list = append(list, plan.Steered{Server: server, Choice: one.Choice(), Speakers: one.speakers})
	}
	return list
}

// adopt takes in what a switch was told before. Whoever is raced or has connections there is a candidate, to be measured
// anew by the next connections; until then the switch goes on as it is.
func (s *steering) adopt(entities []*p4v1.Entity, now time.Duration) {
	for server, candidates := range s.plan.RestoreSteering(entities, s.numbers) {
		if s.services[server] != nil {
			continue
		}
		one := s.add(server, now)
		if one == nil {
			continue
		}
		for _, a := range candidates {
			if a == steer.Server {
				one.Revive(now, a)
			} else if s.may(one.listed, a) && one.health[a] != plan.Dead {
				one.speakers[a] = plan.Speaker{}
				one.Revive(now, a)
			}
		}
		s.log.Info("steering adopted", "server", server, "candidates", len(candidates))
	}
	s.changed(true)
}
