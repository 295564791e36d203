package simulate

import (
	"fmt"
	"strings"
)

// Policies are the ways of choosing that can be simulated, in the order of reports.
var Policies = []Policy{
	{"origin", "everything runs to the origin"},
	{"dns", "names lead to the device nearest by geography, but for an error rate"},
	{"anycast", "routing leads to the nearest device, but for an error rate"},
	{"race", "the patent's race, with the origin in it"},
	{"standby", "the patent's race; the origin answers retransmitted SYNs only"},
	{"never", "the patent's race without the origin"},
	{"steer", "firstack's steering: discover, race, direct"},
}

// Policy is a way of choosing.
type Policy struct{ Name, Title string }

// ParsePolicies reads names separated by commas; "all" is all.
func ParsePolicies(text string) ([]Policy, error) {
	if text == "all" {
		return Policies, nil
	}
	var list []Policy
	for _, name := range strings.Split(text, ",") {
		i := indexOf(strings.TrimSpace(name))
		if i < 0 {
			return nil, fmt.Errorf("%q is not one of %s, all", name, names())
		}
		list = append(list, Policies[i])
	}
	return list, nil
}

func indexOf(name string) int {
	for i, p := range Policies {
		if p.Name == name {
			return i
		}
	}
	return -1
}

func names() string {
	var list []string
	for _, p := range Policies {
		list = append(list, p.Name)
	}
	return strings.Join(list, ", ")
}

// strategy makes what a policy does at one client gateway.
func (p Policy) strategy(site int, d *Deployment, s *Settings) strategy {
	switch p.Name {
	case "origin":
		return plain{}
	case "dns":
		order := rank(d.Devices, func(i int) float64 { return d.World.distance(site, d.Devices[i].Site) })
		return &dns{order: order, seed: mix(s.Seed) ^ mix(uint64(site))}
	case "anycast":
		order := rank(d.Devices, func(i int) float64 { return float64(d.World.RoundTrip(site, d.Devices[i].Site)) })
		return &anycast{order: order, seed: mix(s.Seed) ^ mix(uint64(site))}
	case "race", "standby", "never":
		return patent{OriginPolicy(p.Name)}
	}
	return newSteered(s, d.Devices)
}
