package model

import (
	"github.com/openconfig/ygot/ygot"

	"github.com/firstack/firstack/controller/model/schema"
	"github.com/firstack/firstack/controller/state"
)

// putPorts puts what switches tell of their ports into a tree. What the tree knows nothing of is left out.
func (s *State) putPorts(all *schema.Firstack_Firstack_Switches) {
	if all == nil {
		return
	}
	for i := range s.Ports {
		told := &s.Ports[i]
		one := all.Switch[told.Switch]
		if one == nil {
			continue
		}
		st := one.GetOrCreateGnmi().GetOrCreateState()
		st.Connected, st.ConnectedSince, st.LastError = ygot.Bool(told.Connected), since(told.Since), text(told.Error)
		for j := range told.Ports {
			putPort(one.GetOrCreateInterfaces().GetOrCreateInterface(told.Ports[j].Name).GetOrCreateState(), &told.Ports[j])
		}
	}
}

func putPort(to *schema.Firstack_Firstack_Switches_Switch_Interfaces_Interface_State, p *state.Port) {
	to.Name, to.Id = ygot.String(p.Name), ygot.Uint32(p.Port)
	to.AdminStatus, to.OperStatus, to.LastChange = text(p.Admin), text(p.Oper), since(p.Changed)
	n, c := to.GetOrCreateCounters(), &p.Counters
	n.InOctets, n.InPkts, n.InDiscards, n.InErrors = &c.InOctets, &c.InPackets, &c.InDiscards, &c.InErrors
	n.OutOctets, n.OutPkts, n.OutDiscards, n.OutErrors = &c.OutOctets, &c.OutPackets, &c.OutDiscards, &c.OutErrors
}
