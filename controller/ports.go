package controller

import (
	"context"
	"fmt"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/controller/ports"
	"github.com/firstack/firstack/controller/state"
)

// portsOf is what the configuration says of a switch's ports.
func portsOf(s *config.Switch) ports.Settings {
	settings := ports.Settings{Ports: map[uint32]ports.Wanted{}}
	if s.GNMI != nil {
		settings.Address = s.GNMI.Address
	}
	for _, p := range s.Ports {
		settings.Ports[uint32(p.Port)] = map[config.PortState]ports.Wanted{
			config.PortUp: ports.Enabled, config.PortDown: ports.Disabled,
		}[p.AdminState]
	}
	return settings
}

// tell has Run look at what the prober and the watchers of ports say. It does not wait.
func (k *Controller) tell() {
	k.heard.Add(1)
	select {
	case k.news <- struct{}{}:
	default:
	}
}

// spread gives every gateway the news of ports and health.
func (k *Controller) spread(ctx context.Context) {
	r, heard := k.roster.Load(), k.heard.Load()
	defer k.known.Store(heard)
	for _, u := range r.units {
		if err := u.gateway.SetPorts(ctx, u.down()); err != nil && ctx.Err() == nil {
			k.options.Logger.Warn("gateway not told of ports", "switch", u.name, "err", err)
		}
	}
	k.cutOff(r)
	for _, u := range r.units {
		if err := u.gateway.HealthChanged(ctx); err != nil && ctx.Err() == nil {
			k.options.Logger.Warn("gateway not told of health", "switch", u.name, "err", err)
		}
	}
}

// down gives the unit's ports that are down, by the numbers that its program knows.
func (u *unit) down() map[uint16]bool {
	down := map[uint16]bool{}
	for id := range u.ports.Down() {
		if id < 1<<16 {
			down[uint16(id)] = true
		}
	}
	return down
}

// cut is what ports that are down keep from being used, by the names of service and server.
type cut struct {
	off   map[[2]string]string // why nothing leads there, from wherever
	apart map[[2]string]bool   // replicas that the service's own gateway has no way to
}

// cutOff works out which replicas and origin servers can't be reached for ports that are down. What a gateway has no
// way to is as good as dead, for all other gateways too: they would send SYNs into a hole.
func (k *Controller) cutOff(r *roster) {
	routing := map[string]*plan.Routing{}
	for i := range r.config.Switches {
		s := &r.config.Switches[i]
		if u := r.unit(s.Name); u != nil {
			if down := u.down(); len(down) > 0 {
				routing[s.Name] = plan.NewRouting(s, down)
			}
		}
	}
	now := &cut{off: map[[2]string]string{}, apart: map[[2]string]bool{}}
	for i := range r.config.Services {
		s := &r.config.Services[i]
		for _, one := range s.Replicas {
			at := routing[one.Gateway]
			name := [2]string{s.Name, one.Name}
			if at.Severed(one.Address) || at.Severed(s.Server) {
				now.off[name] = fmt.Sprintf("no port of %s that is up leads there and back", one.Gateway)
			}
			if routing[s.Gateway].Severed(one.Address) {
				now.apart[name] = true
			}
		}
		for _, o := range s.Origins {
			gateway := o.Gateway
			if gateway == "" {
				gateway = s.Gateway
			}
			if routing[gateway].Severed(o.Address) || o.Gateway != "" && routing[gateway].Severed(s.Server) {
				now.off[[2]string{s.Name, o.Name}] = fmt.Sprintf("no port of %s that is up leads there", gateway)
			}
		}
	}
	old := k.cut.Swap(now)
	if old == nil {
		old = &cut{}
	}
	for name, why := range now.off {
		if old.off[name] == "" {
			k.options.Logger.Warn("cut off", "service", name[0], "server", name[1], "why", why)
		}
	}
	for name := range old.off {
		if now.off[name] == "" {
			k.options.Logger.Info("no longer cut off", "service", name[0], "server", name[1])
		}
	}
}

// cutFrom says why nothing leads to a server; "" when something does.
func (k *Controller) cutFrom(service, server string) string {
	if c := k.cut.Load(); c != nil {
		return c.off[[2]string{service, server}]
	}
	return ""
}

// raced lists the replicas that SYNs for a service go to.
func (k *Controller) raced(s *config.Service) []string {
	names := []string{}
	c := k.cut.Load()
	for _, r := range plan.Raced(s, k.health) {
		if !c.apart[[2]string{s.Name, r.Name}] {
			names = append(names, r.Name)
		}
	}
	return names
}

// Ports tells of the ports of every switch that is asked for them.
func (k *Controller) Ports(context.Context) ([]state.Ports, error) {
	list := []state.Ports{}
	for _, u := range k.roster.Load().units {
		v := u.ports.View()
		if !v.Followed {
			continue
		}
		one := state.Ports{Switch: u.name, Connected: v.Connected, Since: v.Since, Ports: []state.Port{}}
		if v.Err != nil {
			one.Error = v.Err.Error()
		}
		for _, p := range v.Ports {
			one.Ports = append(one.Ports, state.Port{
				Name: p.Name, Port: p.ID, Admin: p.Admin, Oper: p.Oper, Up: !p.IsDown(), Changed: p.Changed,
				Counters: state.PortCounters{
					InOctets: p.Counters.InOctets, InPackets: p.Counters.InPackets, InDiscards: p.Counters.InDiscards, InErrors: p.Counters.InErrors,
					OutOctets: p.Counters.OutOctets, OutPackets: p.Counters.OutPackets, OutDiscards: p.Counters.OutDiscards, OutErrors: p.Counters.OutErrors,
				},
			})
		}
		list = append(list, one)
	}
	return list, nil
}
