package plan

import (
	"cmp"
	"net/netip"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/replicagateway"
)

// Forms of the replica gateway, numbered as in p4src/common/constants.p4.
const (
	formA      = 1
	formB      = 2
	formC      = 3
	formOrigin = 4
)

// StandIn is a web server behind a replica gateway and the server that it stands for.
type StandIn struct {
	Replica netip.AddrPort // where it listens
	Server  netip.AddrPort // what clients connect to
	Form    uint8          // 1 to 3: configuration A to C; 4: an origin server behind the service's address
	State   Health
	Rate    uint32 // new connections per second above which it is busy; 0: no limit
	Burst   uint32 // of that, in connections
}

// MeterKey names a meter cell: a stand-in with a limit.
type MeterKey struct {
	Replica netip.Addr
	Server  netip.AddrPort
}

// StandIns lists who stands behind a replica gateway by its name.
func StandIns(gateway string, services []config.Service, probed Probed) []StandIn {
	var list []StandIn
	for i := range services {
		s := &services[i]
		server := netip.AddrPortFrom(s.Server, s.Port)
		for _, r := range s.Replicas {
			if r.Gateway == gateway {
				list = append(list, StandIn{
					Replica: netip.AddrPortFrom(r.Address, r.Port), Server: server, Form: form(r.Configuration),
					State: State(r.AdminState, probed(s.Name, r.Name)), Rate: r.MaxConnectionRate, Burst: max(r.Burst, 1),
				})
			}
		}
		for _, o := range s.Origins {
			if o.Gateway == gateway && o.Address != s.Server {
				list = append(list, StandIn{Replica: netip.AddrPortFrom(o.Address, o.Port), Server: server, Form: formOrigin})
			}
		}
	}
	return list
}

func form(c config.Configuration) uint8 {
	switch c {
	case config.ConfigurationB:
		return formB
	case config.ConfigurationC:
		return formC
	}
	return formA
}

// Replica makes the entries of a replica gateway (FIG. 4).
type Replica struct {
	*Router
	program *replicagateway.Program
}

// NewReplica plans for a replica gateway's pipeline.
func NewReplica(p *replicagateway.Program) *Replica {
	return &Replica{program: p, Router: newRouter(p.ARP, p.Routes, p.Neighbors, routerActions[replicagateway.ARPAction, replicagateway.RoutesAction, replicagateway.NeighborsAction]{
		answer: func(mac tables.MAC) replicagateway.ARPAction { return replicagateway.Answer{MAC: mac} },
		learn:  replicagateway.Learn{},
		forward: func(port, hop uint16) replicagateway.RoutesAction {
			return replicagateway.Forward{Port: port, NextHop: hop}
		},
		asForward: func(a replicagateway.RoutesAction) (uint16, uint16, bool) {
			f, ok := a.(replicagateway.Forward)
			return f.Port, f.NextHop, ok
		},
		local:       replicagateway.Local{},
		unreachable: replicagateway.Unreachable{},
		rewrite: func(src, dst tables.MAC) replicagateway.NeighborsAction {
			return replicagateway.Rewrite{SrcAddr: src, DstAddr: dst}
		},
		asRewrite: func(a replicagateway.NeighborsAction) (tables.MAC, bool) {
			r, ok := a.(replicagateway.Rewrite)
			return r.DstAddr, ok
		},
	})}
}

// Hops lists the next hops of the web servers: their packets come tunnelled, before any ARP of theirs.
func (r *Replica) Hops(routing *Routing, list []StandIn) []Hop {
	var hops []Hop
	for _, s := range list {
		hops = routing.Hops(hops, s.Replica.Addr())
	}
	return hops
}

// Stand is the stages in which a replica gateway cracks and answers. draining are stand-ins that the configuration
// no longer has: they take nothing new and let open connections end. Meter cells come first, so that no cell is
// used before it is set; and speakers come before stand-ins, so that no SYN is cracked whose answer would leave in the
// replica's own name.
func (r *Replica) Stand(list, draining []StandIn, direct []netip.Prefix, cells *Numbers[MeterKey]) ([]Stage, error) {
	meters, speak, stand := &collector{}, &collector{}, &collector{}
	for _, p := range direct {
		if p.Bits() == 0 {
			p = netip.Prefix{}
		}
		speak.add(r.program.Directs.Entity(replicagateway.DirectsEntry{
			Key: replicagateway.DirectsKey{DstAddr: p}, Action: replicagateway.Direct{},
		}))
	}
	speakers := map[netip.AddrPort]bool{}
	for i, s := range append(list[:len(list):len(list)], draining...) {
		if i >= len(list) {
			s.State, s.Rate = Dead, 0
		}
		cell := uint32(0) // never configured, so never red
		if s.Rate > 0 {
			n, err := cells.Get(MeterKey{s.Replica.Addr(), s.Server})
			if err != nil {
				return nil, err
			}
			cell = n
			meters.add(r.program.NewConnectionsMeter.Entity(int64(cell), &tables.MeterConfig{
				CIR: int64(s.Rate), CBurst: int64(s.Burst), PIR: int64(s.Rate), PBurst: int64(s.Burst),
			}))
		}
		if s.Form == formOrigin {
			s.State = Active // its packets are the service's own: no state keeps them back
		}
		stand.add(r.program.StandIns.Entity(replicagateway.StandInsEntry{
			Key: replicagateway.StandInsKey{
				ReplicaAddr: s.Replica.Addr(), ServerAddr: s.Server.Addr(), ServerPort: s.Server.Port(),
			},
			Action: replicagateway.StandInFor{Form: s.Form, ReplicaPort: s.Replica.Port(), State: uint8(s.State), Index: cell},
		}))
		// In configuration A one web server may stand for several servers; as whom it speaks does not matter there.
		if speakers[s.Replica] {
			continue
		}
		speakers[s.Replica] = true
		speak.add(r.program.Speakers.Entity(replicagateway.SpeakersEntry{
			Key:    replicagateway.SpeakersKey{ReplicaAddr: s.Replica.Addr(), ReplicaPort: s.Replica.Port()},
			Action: replicagateway.SpeakAs{Form: s.Form, ServerAddr: s.Server.Addr(), ServerPort: s.Server.Port()},
		}))
	}
	stages := []Stage{
		{Name: "meters", Entities: meters.entities},
		{Name: "speakers", Tables: []uint32{r.program.Speakers.ID(), r.program.Directs.ID()}, Entities: speak.entities},
		{Name: "stand-ins", Tables: []uint32{r.program.StandIns.ID()}, Entities: stand.entities},
	}
	return stages, cmp.Or(meters.err, speak.err, stand.err)
}

// NewCells numbers the meter's cells; cell 0 is for those without a limit.
func (r *Replica) NewCells() *Numbers[MeterKey] {
	return NewNumbers[MeterKey]("meter cell", uint32(max(r.program.NewConnectionsMeter.Size()-1, 0)))
}

// ReadStandIns asks for everything that RestoreStandIns wants to see.
func (r *Replica) ReadStandIns() []*p4v1.Entity {
	return []*p4v1.Entity{r.program.StandIns.ReadAll(tables.With{Counter: true}), r.program.Speakers.ReadAll(tables.With{Counter: true})}
}

// RestoreStandIns reads who a switch lets stand in, with the packets that both entries of each have counted, and
// takes in which cells are in use.
func (r *Replica) RestoreStandIns(entities []*p4v1.Entity, cells *Numbers[MeterKey]) map[StandIn]int64 {
	spoken := map[netip.AddrPort]int64{}
	for _, e := range entities {
		if t := e.GetTableEntry(); r.program.Speakers.Is(t) {
			if s, err := r.program.Speakers.Decode(t); err == nil && !s.Default && s.Counter != nil {
				spoken[netip.AddrPortFrom(s.Key.ReplicaAddr, s.Key.ReplicaPort)] = s.Counter.Packets
			}
		}
	}
	list := map[StandIn]int64{}
	for _, e := range entities {
		t := e.GetTableEntry()
		if !r.program.StandIns.Is(t) {
			continue
		}
		s, err := r.program.StandIns.Decode(t)
		if err != nil || s.Default {
			continue
		}
		a, ok := s.Action.(replicagateway.StandInFor)
		if !ok {
			continue
		}
		one := StandIn{
			Replica: netip.AddrPortFrom(s.Key.ReplicaAddr, a.ReplicaPort),
			Server:  netip.AddrPortFrom(s.Key.ServerAddr, s.Key.ServerPort),
			Form:    a.Form,
		}
		if a.Index != 0 {
			cells.Restore(MeterKey{s.Key.ReplicaAddr, one.Server}, a.Index)
		}
		count := spoken[one.Replica]
		if s.Counter != nil {
			count += s.Counter.Packets
		}
		list[one] = count
	}
	return list
}
