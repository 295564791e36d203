package plan

import (
	"fmt"
	"net/netip"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/servergateway"
)

func (s *Server) legs(all []service, hops *Numbers[Hop], numbers *ServerNumbers) ([]*p4v1.Entity, error) {
	out := &collector{}
	by := map[netip.Addr]Hop{}
	for _, one := range all {
		for _, l := range one.legs {
			by[l.replica] = l.hop
		}
	}
	// The origin's leg comes first, and is there whether or not a group uses it: it costs one entry.
	n, err := numbers.Legs.Get(netip.Addr{})
	if err != nil {
		return nil, err
	}
	out.add(s.program.Legs.Entity(servergateway.LegsEntry{
		Key: servergateway.LegsKey{Instance: uint16(n)}, Action: servergateway.ToOrigin{},
	}))
	for _, replica := range sortedAddrs(by) {
		n, err := numbers.Legs.Get(replica)
		if err != nil {
			return nil, err
		}
		hop, err := hops.Get(by[replica])
		if err != nil {
			return nil, err
		}
		out.add(s.program.Legs.Entity(servergateway.LegsEntry{
			Key:    servergateway.LegsKey{Instance: uint16(n)},
			Action: servergateway.ToReplica{ReplicaAddr: replica, NextHop: uint16(hop)},
		}))
	}
	return out.entities, out.err
}

// groups makes a service's groups by its origin policy. Without a live replica there are none, and its SYNs go to
// the server as plain ones.
func (s *Server) groups(one *service, numbers *ServerNumbers) (first, retry uint16, entities []*p4v1.Entity, err error) {
	if len(one.legs) == 0 {
		return 0, 0, nil, nil
	}
	make := func(isRetry, withOrigin bool) (uint16, error) {
		base, err := numbers.block(one.at, isRetry, len(one.variants))
		if err != nil {
			return 0, err
		}
		for variant := range one.variants {
			copies, err := one.replicas(numbers, withOrigin, variant)
			if err != nil {
				return 0, err
			}
			entities = append(entities, p4rt.MulticastGroup(base+uint32(variant), copies...))
		}
		return uint16(base), nil
	}
	if first, err = make(false, one.OriginPolicy == config.OriginRace); err != nil {
		return 0, 0, nil, err
	}
	if one.OriginPolicy != config.OriginStandby {
		return first, first, entities, nil
	}
	retry, err = make(true, true)
	return first, retry, entities, err
}

func (s *Server) origins(one *service, set uint16, routing *Routing, hops *Numbers[Hop]) (*p4v1.Entity, error) {
	var choice []tables.Weighted[servergateway.OriginsAction]
	for _, o := range one.origins {
		number := uint32(0)
		if !o.routed {
			n, err := hops.Get(o.hop)
			if err != nil {
				return nil, err
			}
			number = n
		}
		var action servergateway.OriginsAction
		switch {
		case o.routed:
			action = servergateway.AtServer{}
		case o.beside:
			action = servergateway.Beside{Port: o.hop.Port, NextHop: uint16(number), Variant: uint16(o.variant)}
		default:
			_, gateway := routing.Source(o.hop.Port, o.hop.Address)
			if !gateway.IsValid() {
				return nil, fmt.Errorf("plan: origin %s of service %s: port %d has no address to tunnel from", o.Name, one.Name, o.hop.Port)
			}
			action = servergateway.Selected{
				GatewayAddr: gateway, OriginAddr: o.Address,
				Port: o.hop.Port, NextHop: uint16(number), Variant: uint16(o.variant),
			}
		}
		choice = append(choice, tables.Weighted[servergateway.OriginsAction]{Action: action, Weight: max(o.Weight, 1)})
	}
	if len(choice) == 0 {
		choice = []tables.Weighted[servergateway.OriginsAction]{{Action: servergateway.AtServer{}, Weight: 1}}
	}
	return s.program.Origins.Entity(servergateway.OriginsEntry{
		Key: servergateway.OriginsKey{OriginGroup: set}, Set: choice,
	})
}

func (s *Server) service(one *service, set, first, retry uint16) (*p4v1.Entity, error) {
	e := servergateway.ServicesEntry{
		Key:    servergateway.ServicesKey{ServerAddr: one.Server, ServerPort: one.Port},
		Action: servergateway.Replicatable{OriginGroup: set, FirstGroup: first, RetryGroup: retry},
	}
	if one.Replicatable != nil && !*one.Replicatable {
		e.Action = servergateway.NotReplicatable{OriginGroup: set}
	}
	return s.program.Services.Entity(e)
}
