package model

import (
	"reflect"
	"time"

	"github.com/openconfig/ygot/ygot"

	"github.com/firstack/firstack/controller/model/schema"
	"github.com/firstack/firstack/controller/state"
)

// State is what is told of a controller, its switches and services.
type State struct {
	Revision     uint64
	Ready        bool
	Translations int
	Sessions     []state.Session
	Learning     []state.Learning
	Counters     []state.Counter
	Services     []state.Service
	Replicas     []state.Server
	Cluster      *state.Cluster   // nil: alone
	Steering     []state.Steering // Unlisted: of services that the configuration does not list as well
	Ports        []state.Ports
	Unlisted     bool
}

// Put puts the state into a tree. What the tree knows nothing of, for its configuration is newer, is left out.
func (s *State) Put(root *schema.Root) {
	f := root.GetOrCreateFirstack()
	c := f.GetOrCreateController().GetOrCreateState()
	c.Revision, c.Ready, c.Translations = ygot.Uint64(s.Revision), ygot.Bool(s.Ready), ygot.Uint64(uint64(s.Translations))
	if s.Cluster != nil {
		c.Name, c.Leased = text(s.Cluster.Name), ygot.Bool(s.Cluster.Leased)
	}
	s.putSwitches(f.Switches)
	s.putServices(f.Services)
	s.putSteering(f)
	s.putPorts(f.Switches)
}

func (s *State) putSwitches(all *schema.Firstack_Firstack_Switches) {
	if all == nil {
		return
	}
	for i := range s.Sessions {
		if one := all.Switch[s.Sessions[i].Switch]; one != nil {
			putSession(one.GetOrCreateState(), &s.Sessions[i])
		}
	}
	for i := range s.Learning {
		if one := all.Switch[s.Learning[i].Switch]; one != nil {
			putLearning(one.GetOrCreateState(), &s.Learning[i])
		}
	}
	for _, n := range s.Counters {
		if one := all.Switch[n.Switch]; one != nil {
			d := one.GetOrCreateDecisions().GetOrCreateDecision(n.Decision).GetOrCreateState()
			d.Name, d.Packets, d.Bytes = ygot.String(n.Decision), ygot.Uint64(uint64(n.Packets)), ygot.Uint64(uint64(n.Bytes))
		}
	}
}

func putLearning(to *schema.Firstack_Firstack_Switches_Switch_State, l *state.Learning) {
	m := to.GetOrCreateLearning()
	m.Flows, m.Unwritten = ygot.Uint64(uint64(l.Flows)), ygot.Uint64(uint64(l.Unwritten))
	m.Learnt, m.Adopted = ygot.Uint64(l.Learnt), ygot.Uint64(l.Adopted)
	m.Full, m.Stale = ygot.Uint64(l.Full), ygot.Uint64(l.Stale)
	m.Reused, m.Repaired = ygot.Uint64(l.Reused), ygot.Uint64(l.Repaired)
	retired := reflect.ValueOf(m.GetOrCreateRetired()).Elem()
	for reason, n := range l.Retired {
		put(retired, reason, n)
	}
	slots := to.GetOrCreateSlots()
	slots.Capacity = ygot.Uint64(uint64(l.Slots.Capacity))
	if !l.Slots.Counted.IsZero() {
		slots.InUse, slots.Counted = ygot.Uint64(uint64(l.Slots.InUse)), since(l.Slots.Counted)
	}
}

func putSession(to *schema.Firstack_Firstack_Switches_Switch_State, s *state.Session) {
	to.SessionState = sessionStates[s.State]
	to.SessionSince = since(s.Since)
	to.Settled = ygot.Bool(s.Settled)
	to.Problems = s.Problems
	to.Leader = text(s.Leader)
	if s.Leader != "" {
		to.Standby = ygot.Bool(s.Standby)
	}
	to.ElectionId = text(s.ElectionID)
	to.HighestElectionId = text(s.Highest)
	to.PipelineCookie = text(s.Cookie)
	to.P4RuntimeVersion = text(s.API)
	to.LastError = text(s.Error)
	to.CertificateExpires = since(s.CertificateExpires)
	n := to.GetOrCreateCounters()
	n.Connects, n.PipelinePushes = ygot.Uint64(s.Stats.Connects), ygot.Uint64(s.Stats.PipelinePushes)
	n.DigestLists, n.DigestListsDropped = ygot.Uint64(s.Stats.DigestLists), ygot.Uint64(s.Stats.DigestsDropped)
	n.PacketIns, n.PacketInsDropped = ygot.Uint64(s.Stats.Packets), ygot.Uint64(s.Stats.PacketsDropped)
	n.PacketOuts = ygot.Uint64(s.Stats.PacketOuts)
	n.Updates, n.UpdatesFailed = ygot.Uint64(s.Stats.Updates), ygot.Uint64(s.Stats.UpdatesFailed)
}

var sessionStates = map[string]schema.E_FirstackTypes_SessionState{
	"disconnected": schema.FirstackTypes_SessionState_disconnected,
	"connecting":   schema.FirstackTypes_SessionState_connecting,
	"backup":       schema.FirstackTypes_SessionState_backup,
	"preparing":    schema.FirstackTypes_SessionState_preparing,
	"primary":      schema.FirstackTypes_SessionState_primary,
}

var healthStates = map[string]schema.E_FirstackTypes_Health{
	"active": schema.FirstackTypes_Health_active,
	"busy":   schema.FirstackTypes_Health_busy,
	"dead":   schema.FirstackTypes_Health_dead,
}

func (s *State) putServices(all *schema.Firstack_Firstack_Services) {
	if all == nil {
		return
	}
	for _, r := range s.Replicas {
		if service := all.Service[r.Service]; service != nil && service.Replicas != nil {
			if one := service.Replicas.Replica[r.Name]; one != nil {
				st := one.GetOrCreateState()
				st.Health, st.HealthSince, st.HealthError = healthStates[r.Health], since(r.Since), text(r.Error)
				st.Wins, st.Losses = ygot.Uint64(r.Wins), ygot.Uint64(r.Losses)
				st.Translations = ygot.Uint64(uint64(r.Translations))
				if r.Delay.Count > 0 {
					d := st.GetOrCreateDelay()
					d.Count, d.Sum, d.Min, d.Mean, d.Last = delay(&r.Delay)
					for _, b := range r.Delay.Buckets {
						bound := uint64(b.Bound * 1e9)
						h := one.GetOrCreateDelayHistogram().GetOrCreateBucket(bound).GetOrCreateState()
						h.UpperBound, h.Count = ygot.Uint64(bound), ygot.Uint64(b.Count)
					}
				}
			}
		}
	}
	for i := range s.Services {
		if service := all.Service[s.Services[i].Name]; service != nil {
			putService(service, &s.Services[i])
		}
	}
}

func putService(to *schema.Firstack_Firstack_Services_Service, s *state.Service) {
	st := to.GetOrCreateState()
	st.Raced = s.Raced
	running := uint64(0)
	if to.Replicas != nil {
		for _, r := range to.Replicas.Replica {
			if r.State != nil && r.State.Translations != nil {
				running += *r.State.Translations
			}
		}
	}
	st.Translations = ygot.Uint64(running)
	for _, o := range s.Origins {
		if to.Origins == nil || to.Origins.Origin[o.Name] == nil {
			continue
		}
		one := to.Origins.Origin[o.Name]
		st := one.GetOrCreateState()
		st.Health, st.HealthSince, st.HealthError = healthStates[o.Health], since(o.Since), text(o.Error)
		st.Wins, st.Losses = ygot.Uint64(o.Wins), ygot.Uint64(o.Losses)
		st.Translations = ygot.Uint64(uint64(o.Translations))
		if o.Delay.Count > 0 {
			d := st.GetOrCreateDelay()
			d.Count, d.Sum, d.Min, d.Mean, d.Last = delay(&o.Delay)
			for _, b := range o.Delay.Buckets {
				bound := uint64(b.Bound * 1e9)
				h := one.GetOrCreateDelayHistogram().GetOrCreateBucket(bound).GetOrCreateState()
				h.UpperBound, h.Count = ygot.Uint64(bound), ygot.Uint64(b.Count)
			}
		}
	}
}

// delay gives the figures of measured delays in nanoseconds.
func delay(d *state.Delay) (count, sum, least, mean, last *uint64) {
	ms := func(v float64) *uint64 { return ygot.Uint64(uint64(v * 1e6)) }
	return ygot.Uint64(d.Count), ygot.Uint64(uint64(d.Sum * 1e9)), ms(d.Min), ms(d.Mean), ms(d.Last)
}

// since gives a time in nanoseconds since the epoch; none while it is not known.
func since(t time.Time) *uint64 {
	if t.IsZero() {
		return nil
	}
	return ygot.Uint64(uint64(t.UnixNano()))
}

// text gives a leaf that is left out when it is empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Operational takes out of a tree's state what is only there because it is configured.
func Operational(root *schema.Root) { operational(reflect.ValueOf(root.GetOrCreateFirstack()).Elem()) }

func operational(node reflect.Value) {
	if i := fieldOf(node.Type(), "config"); i >= 0 {
		if state := child(node, "state", false); state.IsValid() {
			config := node.Type().Field(i).Type.Elem()
			for j := range config.NumField() {
				state.Field(fieldOf(state.Type(), config.Field(j).Tag.Get("path"))).SetZero()
			}
		}
	}
	for i := range node.NumField() {
		switch field := node.Field(i); {
		case field.Kind() == reflect.Map:
			for _, key := range field.MapKeys() {
				operational(field.MapIndex(key).Elem())
			}
		case field.Kind() == reflect.Pointer && !field.IsNil() && field.Elem().Kind() == reflect.Struct:
			operational(field.Elem())
		}
	}
}
