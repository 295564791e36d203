package config

import "time"

// SteeringMode is the furthest that a client gateway goes by itself. Each mode may use the ones before it.
type SteeringMode string

// Discover: every SYN takes the way of the patent, by the server gateway to all replicas. Race: what was learned is
// raced by the client gateway itself. Direct: once measured, the nearest gets the SYN alone.
const (
	SteeringDiscover SteeringMode = "discover"
	SteeringRace     SteeringMode = "race"
	SteeringDirect   SteeringMode = "direct"
)

// Values lists the modes.
func (SteeringMode) Values() []string {
	return []string{string(SteeringDiscover), string(SteeringRace), string(SteeringDirect)}
}

// Steering says how client gateways use what they learned of a service's replicas.
type Steering struct {
	// discover: by the server gateway, always; race: the client gateway races the replicas it knows; direct: it sends
	// connections straight to the nearest.
	Mode SteeringMode `yaml:"mode" default:"direct"`
	// Most replicas in one race of the client gateway's, the server apart.
	Legs uint8 `yaml:"legs" rule:"min=1,max=16" default:"4"`
	// Of so many connections that could go direct one is raced, to notice change.
	RaceEvery uint16 `yaml:"race-every" rule:"min=2,max=256" default:"128"`
	// Of so many connections that could go direct one carries a discovery along, to find new replicas.
	ScoutEvery uint16 `yaml:"scout-every" rule:"min=2,max=256" default:"256"`
	// How long a measured delay is trusted.
	Trust time.Duration `yaml:"trust" rule:"min=1s,max=24h" default:"10m"`
	// Replicas are equally near when their round trips differ by no more than this, or than margin-percent.
	Margin time.Duration `yaml:"margin" rule:"min=0s,max=10s" default:"1ms"`
	// The same in percent of the shorter round trip; the greater of the two counts.
	MarginPercent uint8 `yaml:"margin-percent" rule:"max=100" default:"3"`
	// By so much more than the margin, or by hysteresis-percent, a replica has to be worse before it loses its share.
	Hysteresis time.Duration `yaml:"hysteresis" rule:"min=0s,max=10s" default:"1ms"`
	// The same in percent of the shorter round trip; the greater of the two counts.
	HysteresisPercent uint8 `yaml:"hysteresis-percent" rule:"max=100" default:"2"`
	// A direct SYN that has no answer after patience-factor round trips and this has later ones raced instead.
	Patience time.Duration `yaml:"patience" rule:"min=1ms,max=1m" default:"50ms"`
	// Round trips in the patience.
	PatienceFactor uint8 `yaml:"patience-factor" rule:"min=1,max=16" default:"2"`
}
