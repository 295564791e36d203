package simulate

import (
	"time"
)

// Device is a server that connections may run to: the origin or a replica.
type Device struct {
	Name   string
	Site   int
	Weight uint16 // share among equally near ones; 0 = 1

	// Servers is how many connections are served at once; 0: without limit, and nothing below matters.
	Servers int
	// Service is the mean time that serving a connection takes, drawn exponentially.
	Service time.Duration
	// Backlog is how many more connections may wait; beyond that the device is busy and answers no SYN.
	Backlog int
}

// OriginPolicy says when the origin takes part in a discovery.
type OriginPolicy string

// Race: at once. Standby: for a retransmitted SYN, or when no replica is alive. Never: only when no replica is alive.
const (
	OriginRace    OriginPolicy = "race"
	OriginStandby OriginPolicy = "standby"
	OriginNever   OriginPolicy = "never"
)

// Deployment is a service in a world. The first device is the origin.
type Deployment struct {
	World   *World
	Devices []Device
}

// Population is clients at a site.
type Population struct {
	Site    int
	Clients uint64
	// Rate is how many connections all of them open in a second, in a Poisson process.
	Rate float64
	// Gateways share the clients evenly; 0 = 1. Each learns by itself.
	Gateways int
}

// Kind of a Change.
type Kind uint8

// What may happen to a device.
const (
	Down   Kind = iota // answers nothing
	Up                 // is as it was
	Slower             // its round trips take longer by By, from whatever it was
	Busy               // answers no SYN
	Free               // does again
)

// Change is something that happens to a device.
type Change struct {
	At     time.Duration
	Device int
	Kind   Kind
	By     time.Duration // Slower
}

// revives says whether a device answers SYNs after the change, as one that goes down or gets busy does not.
func (c *Change) revives() bool { return c.Kind == Up || c.Kind == Free }

// Settings are what a run's parts have in common. Complete fills in what is zero.
type Settings struct {
	Seed uint64
	// Workers is how many goroutines share the work; 0: as many as processors. It changes no result.
	Workers int
	// Jitter is the most by which an answer is late, evenly drawn; negative: none.
	Jitter time.Duration
	// Loss is the probability that a SYN or its answer is lost.
	Loss float64
	// Learn is the time from an answer to what the controller makes of it in the switch.
	Learn time.Duration
	// Detect is how long a device is down or busy, or answers again, before probes have told everybody; negative: never.
	// That load makes a device busy for moments, probes do not notice.
	Detect time.Duration
	// DNSError and AnycastError are the shares of clients that are sent elsewhere than to the nearest.
	DNSError, AnycastError float64
	// DNSLife is how long a name's answer is kept by clients.
	DNSLife time.Duration
	// Converge is how long routing takes to leave a device that is down.
	Converge time.Duration
	// Origin is the origin policy of a service that is steered.
	Origin OriginPolicy
	// Step is how often servers' queues are looked at.
	Step time.Duration
	// Progress is called now and then with how much is done, 0 to 1, from any goroutine; nil: nobody asks.
	Progress func(policy string, done float64)
}

// Complete fills in what is zero, and returns the whole.
func (s Settings) Complete() Settings {
	set(&s.Jitter, 200*time.Microsecond)
	set(&s.Learn, 20*time.Millisecond)
	set(&s.Detect, 3*time.Second)
	set(&s.DNSLife, time.Minute)
	set(&s.Converge, 30*time.Second)
	set(&s.Step, 5*time.Millisecond)
	s.Jitter = max(s.Jitter, 0)
	if s.Origin == "" {
		s.Origin = OriginRace
	}
	return s
}

func set(d *time.Duration, to time.Duration) {
	if *d == 0 {
		*d = to
	}
}
