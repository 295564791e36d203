package plan

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/servergateway"
)

// block gives the first of n group numbers in a row, for the variants of one group of a service. A block that has
// to grow and can't moves.
func (n *ServerNumbers) block(service netip.AddrPort, retry bool, size int) (uint32, error) {
	group := func(variant int) Group { return Group{Service: service, Retry: retry, Variant: variant} }
	if base, ok := n.Groups.Of(group(0)); ok && n.fits(base, group, size) {
		n.reserve(base, group, size)
		return base, nil
	}
	for k := range maps.Clone(n.Groups.of) {
		if k.Service == service && k.Retry == retry {
			n.Groups.Leave(k)
		}
	}
	for base := uint32(1); base+uint32(size)-1 <= n.Groups.max; base++ {
		if n.fits(base, group, size) {
			n.reserve(base, group, size)
			return base, nil
		}
	}
	return 0, fmt.Errorf("plan: no %d multicast groups in a row are free for service %v", size, service)
}

func (n *ServerNumbers) fits(base uint32, group func(int) Group, size int) bool {
	for v := range size {
		g, taken := n.Groups.taken[base+uint32(v)]
		if number, has := n.Groups.of[group(v)]; taken && g != group(v) || has && number != base+uint32(v) {
			return false
		}
	}
	return true
}

func (n *ServerNumbers) reserve(base uint32, group func(int) Group, size int) {
	for v := range size {
		n.Groups.set(group(v), base+uint32(v))
	}
}

// ReadNumbers asks for everything that RestoreNumbers wants to see.
func (s *Server) ReadNumbers() []*p4v1.Entity {
	return []*p4v1.Entity{s.program.Legs.ReadAll(tables.With{}), s.program.Services.ReadAll(tables.With{})}
}

// RestoreNumbers takes in which numbers a switch uses: a leg shows its replica, and a service its groups.
func (s *Server) RestoreNumbers(entities []*p4v1.Entity, numbers *ServerNumbers) {
	for _, e := range entities {
		switch t := e.GetTableEntry(); {
		case s.program.Legs.Is(t):
			if leg, err := s.program.Legs.Decode(t); err == nil && !leg.Default {
				switch a := leg.Action.(type) {
				case servergateway.ToReplica:
					numbers.Legs.Restore(a.ReplicaAddr, uint32(leg.Key.Instance))
				case servergateway.ToOrigin:
					numbers.Legs.Restore(netip.Addr{}, uint32(leg.Key.Instance))
				}
			}
		case s.program.Services.Is(t):
			if one, err := s.program.Services.Decode(t); err == nil && !one.Default {
				at := netip.AddrPortFrom(one.Key.ServerAddr, one.Key.ServerPort)
				switch a := one.Action.(type) {
				case servergateway.Replicatable:
					numbers.Origins.Restore(at, uint32(a.OriginGroup))
					numbers.Groups.Restore(Group{Service: at}, uint32(a.FirstGroup))
					if a.RetryGroup != a.FirstGroup {
						numbers.Groups.Restore(Group{Service: at, Retry: true}, uint32(a.RetryGroup))
					}
				case servergateway.NotReplicatable:
					numbers.Origins.Restore(at, uint32(a.OriginGroup))
				}
			}
		}
	}
}

// Forget gives back the numbers of services and replicas that are gone, once the switch has nothing of them.
func (n *ServerNumbers) Forget(services map[netip.AddrPort]bool, replicas map[netip.Addr]bool) {
	n.Groups.Keep(func(g Group) bool { return services[g.Service] })
	n.Origins.Keep(func(at netip.AddrPort) bool { return services[at] })
	n.Legs.Keep(func(a netip.Addr) bool { return !a.IsValid() || replicas[a] })
}

func sortedAddrs[V any](m map[netip.Addr]V) []netip.Addr {
	return slices.SortedFunc(maps.Keys(m), netip.Addr.Compare)
}
