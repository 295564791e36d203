package model

import (
	"cmp"
	"math"
	"reflect"
	"time"

	"github.com/firstack/firstack/controller/model/schema"
	"github.com/firstack/firstack/controller/state"
)

// putSteering puts what client gateways learned under the services that are listed, and the rest under policies.
func (s *State) putSteering(f *schema.Firstack_Firstack) {
	now := time.Now()
	for i := range s.Steering {
		switch one := &s.Steering[i]; {
		case one.Service == "" && s.Unlisted:
			server := one.Server.String()
			service := f.GetOrCreatePolicies().GetOrCreateSteering().GetOrCreateServices().GetOrCreateService(server)
			service.GetOrCreateState().Server = &server
			putGateway(reflect.ValueOf(service.GetOrCreateGateways()).Elem(), one, now)
		case one.Service != "" && f.Services != nil && f.Services.Service[one.Service] != nil:
			service := f.Services.Service[one.Service]
			putGateway(reflect.ValueOf(service.GetOrCreateSteering().GetOrCreateGateways()).Elem(), one, now)
		}
	}
}

// putGateway fills the container gateways, whose generated structs differ in their names by place.
func putGateway(gateways reflect.Value, s *state.Steering, now time.Time) {
	gateway := entry(gateways, "name", s.Switch)
	to := child(gateway, "state", true)
	put(to, "name", s.Switch)
	put(to, "mode", s.Mode)
	put(to, "direct-share", percent(s.Direct))
	put(to, "race-share", percent(s.Race))
	put(to, "scout-share", percent(s.Scout))
	put(to, "doubtful", s.Doubtful)
	if s.Nearest != "" {
		put(to, "nearest", s.Nearest)
	}
	counters := child(to, "counters", true)
	put(counters, "discovered", s.Counts.Discovered)
	put(counters, "raced", s.Counts.Raced)
	put(counters, "direct", s.Counts.Direct)
	put(counters, "unanswered", s.Counts.Unanswered)
	put(counters, "overdue", s.Counts.Overdue)
	for i := range s.Replicas {
		r := &s.Replicas[i]
		name := cmp.Or(r.Name, r.Address.String())
		to := child(entry(child(gateway, "replicas", true), "name", name), "state", true)
		put(to, "name", name)
		put(to, "address", r.Address.String())
		put(to, "origin", r.Origin)
		put(to, "standing", r.Standing)
		put(to, "share", percent(r.Share))
		if r.Delay > 0 {
			put(to, "round-trip", r.Delay*1e6)
			// To a second, or it would seem to change with every look.
			put(to, "last-measured", now.Add(-time.Duration(r.Age*1e9)).Round(time.Second).UnixNano())
		}
	}
}

// put sets a leaf of a generated struct.
func put(node reflect.Value, leaf string, value any) {
	field := node.Field(fieldOf(node.Type(), leaf))
	if field.Kind() != reflect.Pointer {
		setText(field, value.(string)) // an enumeration
		return
	}
	field.Set(reflect.New(field.Type().Elem()))
	field.Elem().Set(reflect.ValueOf(value).Convert(field.Type().Elem()))
}

// percent gives a part of 1 in percent, to two digits.
func percent(part float64) float64 { return math.Round(part*10000) / 100 }
