package gateway

import (
	"context"
	"net/netip"
	"slices"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/controller/gateway/slowpath"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/replicagateway"
)

// replica is the role of FIG. 4.
type replica struct {
	*Gateway
	program *replicagateway.Program
	plan    *plan.Replica
	cells   *plan.Numbers[plan.MeterKey]
	list    []plan.StandIn
	// draining are stand-ins that the configuration no longer has. The gateway is stateless, so whether they still
	// serve somebody shows only in their counters.
	draining map[place]*drain
	next     time.Duration // of the next look at the counters
	looking  bool
}

// place is where a stand-in stands in the table.
type place struct {
	replica netip.Addr
	server  netip.AddrPort
}

type drain struct {
	plan.StandIn
	count int64 // packets, as last read
	moved time.Duration
}

func placeOf(s plan.StandIn) place { return place{s.Replica.Addr(), s.Server} }

func newReplica(g *Gateway, info *p4configv1.P4Info) (*replica, error) {
	program, err := replicagateway.Bind(info)
	if err != nil {
		return nil, err
	}
	r := &replica{Gateway: g, program: program, plan: plan.NewReplica(program), draining: map[place]*drain{}}
	r.cells = r.plan.NewCells()
	r.configure(0)
	return r, nil
}

func (r *replica) router() *plan.Router { return r.plan.Router }

func (r *replica) packets() packets {
	return packets{
		decode: func(p *p4v1.PacketIn) (uint16, uint8, error) {
			h, err := r.program.PacketIn.DecodeIn(p)
			return h.IngressPort, h.Reason, err
		},
		encode: func(port uint16, frame []byte) (*p4v1.PacketOut, error) {
			return r.program.PacketOut.Out(replicagateway.PacketOut{EgressPort: port}, frame)
		},
	}
}

// standIns lists who stands behind this gateway now.
func (r *replica) standIns() []plan.StandIn {
	return plan.StandIns(r.name, r.config.Services, r.probed)
}

// configure lets what the configuration no longer has drain, and ends the draining of what it has again.
func (r *replica) configure(now time.Duration) {
	old := r.list
	r.list = r.standIns()
	for _, s := range old {
		if r.draining[placeOf(s)] == nil {
			r.draining[placeOf(s)] = &drain{StandIn: s, count: -1, moved: now}
		}
	}
	r.readmit()
}

func (r *replica) readmit() {
	for _, s := range r.list {
		delete(r.draining, placeOf(s))
	}
}

func (r *replica) readBack(ctx context.Context, conn *p4rt.Conn) (func(gap, now time.Duration), error) {
	entities, err := conn.ReadAll(ctx, r.plan.ReadStandIns()...)
	return func(_, now time.Duration) {
		for s, count := range r.plan.RestoreStandIns(entities, r.cells) {
			if r.draining[placeOf(s)] == nil {
				r.draining[placeOf(s)] = &drain{StandIn: s, count: count, moved: now}
			}
		}
		r.readmit()
	}, err
}

func (r *replica) hops() []plan.Hop { return r.plan.Hops(r.routing, r.all()) }

// all are the stand-ins and those that drain.
func (r *replica) all() []plan.StandIn {
	all := append([]plan.StandIn(nil), r.list...)
	return append(all, r.drains()...)
}

func (r *replica) stages() ([]plan.Stage, []string, error) {
	r.list = r.standIns()
	stages, err := r.plan.Stand(r.list, r.drains(), r.self.Direct, r.cells)
	return stages, nil, err
}

func (r *replica) settled() {
	used := map[plan.MeterKey]bool{}
	for _, s := range r.list {
		used[plan.MeterKey{Replica: s.Replica.Addr(), Server: s.Server}] = s.Rate > 0
	}
	r.cells.Keep(func(k plan.MeterKey) bool { return used[k] })
}

func (r *replica) restored() bool { return true }

// plain keeps back tunnelled packets to web servers: they know nothing of tunnels, and would say so to the client.
func (r *replica) plain(frame []byte) bool {
	_, to, tunnel, ok := slowpath.Ends(frame)
	return !ok || !tunnel || !slices.ContainsFunc(r.all(), func(s plan.StandIn) bool { return s.Replica.Addr() == to.Addr() })
}

func (r *replica) digest(*p4v1.DigestList, time.Duration) {}

func (r *replica) tick(time.Duration) {}

func (r *replica) idle() { r.looking = false }

func (r *replica) decisions() (entries, other *p4v1.Entity) {
	with := tables.With{Counter: true}
	return r.program.Decisions.ReadAll(with), r.program.Decisions.ReadDefault(with)
}
