// Package scenario reads what package simulate is to play from YAML: where a service's origin and replicas are and what
// they can take, which populations of clients use it, and what happens meanwhile.
package scenario

import (
	"strconv"
	"time"

	"github.com/firstack/firstack/topo/simulate"
)

// Scenario is the file's form.
type Scenario struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	// Matrix is a round-trip table as CSV, beside the file; "" = the ten cloud regions.
	Matrix string `yaml:"matrix"`
	// Connections in all, of which the first Warm of each gateway are not counted.
	Connections int64 `yaml:"connections"`
	Warm        int   `yaml:"warm"`

	Origin   Origin    `yaml:"origin"`
	Replicas []Replica `yaml:"replicas"`
	Clients  []Clients `yaml:"clients"`
	Changes  []Change  `yaml:"changes"`

	world *simulate.World
}

// Capacity of a device: Servers connections at once, each for Service in the mean, and Backlog more that wait. Without
// servers there is no limit.
type Capacity struct {
	Servers int  `yaml:"servers"`
	Service Time `yaml:"service"`
	Backlog int  `yaml:"backlog"`
}

// Origin is the service's origin. Its policy is that of steered services; the policies race, standby and never have
// their own.
type Origin struct {
	Site     string                `yaml:"site"`
	Policy   simulate.OriginPolicy `yaml:"policy"`
	Capacity `yaml:",inline"`
}

// Replica of the service. Its name is its site's when omitted.
type Replica struct {
	Name     string `yaml:"name"`
	Site     string `yaml:"site"`
	Weight   uint16 `yaml:"weight"`
	Capacity `yaml:",inline"`
}

// Clients at a site: how many, how many connections they open in a second all together, and behind how many gateways.
type Clients struct {
	Site     string  `yaml:"site"`
	Clients  uint64  `yaml:"clients"`
	Rate     float64 `yaml:"rate"`
	Gateways int     `yaml:"gateways"`
}

// Change happens to a device: "origin", or a replica's name. Either State is one of down, up, busy, free, or Slower says
// by how much its round trips get longer.
type Change struct {
	At     Time   `yaml:"at"`
	Device string `yaml:"device"`
	State  string `yaml:"state"`
	Slower Time   `yaml:"slower"`
}

// Time is a duration such as 1m30s. What is none is kept, so that the check can say where it stands: the YAML library
// could not.
type Time struct {
	time.Duration
	wrong string // quoted
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Time) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		t.wrong = strconv.Quote(string(text))
	}
	t.Duration = d
	return nil
}

// States of a Change.
var states = map[string]simulate.Kind{
	"down": simulate.Down, "up": simulate.Up, "busy": simulate.Busy, "free": simulate.Free,
}

// Traffic is the scenario as package simulate plays it.
func (s *Scenario) Traffic() *simulate.Traffic {
	t := &simulate.Traffic{
		Deployment:  simulate.Deployment{World: s.world},
		Connections: s.Connections, Warm: s.Warm,
	}
	add := func(name, site string, weight uint16, c Capacity) {
		t.Deployment.Devices = append(t.Deployment.Devices, simulate.Device{
			Name: name, Site: s.world.Site(site), Weight: weight, Servers: c.Servers, Service: c.Service.Duration, Backlog: c.Backlog,
		})
	}
	add("origin", s.Origin.Site, 1, s.Origin.Capacity)
	for _, r := range s.Replicas {
		add(r.Name, r.Site, r.Weight, r.Capacity)
	}
	for _, c := range s.Clients {
		t.Populations = append(t.Populations, simulate.Population{
			Site: s.world.Site(c.Site), Clients: c.Clients, Rate: c.Rate, Gateways: c.Gateways,
		})
	}
	for _, c := range s.Changes {
		kind, ok := states[c.State]
		if !ok {
			kind = simulate.Slower
		}
		t.Changes = append(t.Changes, simulate.Change{At: c.At.Duration, Device: s.device(c.Device), Kind: kind, By: c.Slower.Duration})
	}
	return t
}

// device returns an index, the origin's being 0; -1 when nobody has the name.
func (s *Scenario) device(name string) int {
	if name == "origin" {
		return 0
	}
	for i := range s.Replicas {
		if s.Replicas[i].Name == name {
			return i + 1
		}
	}
	return -1
}
