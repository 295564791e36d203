package gateway

import (
	"context"
	"net/netip"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/servergateway"
)

// server is the role of FIG. 3.
type server struct {
	*Gateway
	program *servergateway.Program
	plan    *plan.Server
	numbers *plan.ServerNumbers
}

func newServer(g *Gateway, info *p4configv1.P4Info) (*server, error) {
	program, err := servergateway.Bind(info)
	if err != nil {
		return nil, err
	}
	return &server{Gateway: g, program: program, plan: plan.NewServer(program), numbers: plan.NewServerNumbers()}, nil
}

func (s *server) router() *plan.Router { return s.plan.Router }

func (s *server) packets() packets {
	return packets{
		decode: func(p *p4v1.PacketIn) (uint16, uint8, error) {
			h, err := s.program.PacketIn.DecodeIn(p)
			return h.IngressPort, h.Reason, err
		},
		encode: func(port uint16, frame []byte) (*p4v1.PacketOut, error) {
			return s.program.PacketOut.Out(servergateway.PacketOut{EgressPort: port}, frame)
		},
	}
}

func (s *server) services() []*config.Service {
	var own []*config.Service
	for i := range s.config.Services {
		if s.config.Services[i].Gateway == s.name {
			own = append(own, &s.config.Services[i])
		}
	}
	return own
}

func (s *server) readBack(ctx context.Context, conn *p4rt.Conn) (func(gap, now time.Duration), error) {
	entities, err := conn.ReadAll(ctx, s.plan.ReadNumbers()...)
	return func(time.Duration, time.Duration) { s.plan.RestoreNumbers(entities, s.numbers) }, err
}

func (s *server) configure(time.Duration) {}

func (s *server) hops() []plan.Hop { return s.plan.Hops(s.routing, s.services()) }

func (s *server) stages() ([]plan.Stage, []string, error) {
	return s.plan.Services(s.services(), s.routing, s.probed, s.hopNumbers(), s.numbers)
}

func (s *server) hopNumbers() *plan.Numbers[plan.Hop] { return s.Gateway.hops }

func (s *server) settled() {
	services, replicas := map[netip.AddrPort]bool{}, map[netip.Addr]bool{}
	for _, one := range s.services() {
		services[netip.AddrPortFrom(one.Server, one.Port)] = true
		for _, r := range one.Replicas {
			replicas[r.Address] = true
		}
	}
	s.numbers.Forget(services, replicas)
}

func (s *server) restored() bool { return true }

func (s *server) plain([]byte) bool { return true }

func (s *server) digest(*p4v1.DigestList, time.Duration) {}

func (s *server) tick(time.Duration) {}

func (s *server) work(time.Duration) {}

func (s *server) idle() {}

func (s *server) decisions() (entries, other *p4v1.Entity) {
	with := tables.With{Counter: true}
	return s.program.Decisions.ReadAll(with), s.program.Decisions.ReadDefault(with)
}
