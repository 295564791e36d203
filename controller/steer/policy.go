package steer

import (
	"net/netip"
	"time"
)

// Mode is how a connection's SYN went out, or the furthest that a policy goes. The numbers are those of the client
// gateway's digest (p4src/common/client/steering.p4).
type Mode uint8

// Discover: by the server gateway to all replicas. Race: from the client gateway to several. Direct: to one replica.
// DirectServer: to the server itself, alone.
const (
	Discover     Mode = 0
	Race         Mode = 1
	Direct       Mode = 2
	DirectServer Mode = 3
)

// Policy is how a service is steered.
type Policy struct {
	// Furthest is the mode that is used once enough is known: Discover, Race or Direct.
	Furthest Mode
	// Origin lets the server be one of those that are raced, which it is when it answers a first SYN by itself.
	Origin bool
	// Legs is the most replicas in one race, the server apart; at least 1.
	Legs int
	// RaceEvery and ScoutEvery: of so many connections that could go direct one races, and one carries a discovery.
	RaceEvery, ScoutEvery int
	// Group is the resolution of shares: weights of a choice sum to at most this; 4 or more.
	Group int
	// Trust is how long a measured delay is trusted, and a silent replica remembered.
	Trust time.Duration
	// Replicas are equally near when they differ by at most Margin or MarginPercent of the shorter delay, whichever
	// is more.
	Margin        time.Duration
	MarginPercent int
	// What is worse than the margin by at most Hysteresis, or HysteresisPercent, keeps its share.
	Hysteresis        time.Duration
	HysteresisPercent int
	// A direct SYN is answered after PatienceFactor delays and Patience, or it is overdue.
	Patience       time.Duration
	PatienceFactor int
	// Weights are the shares of equally near replicas; who is not in it has 1. It is not written to.
	Weights map[netip.Addr]uint16
}

// Default is the policy of a service without settings of its own.
func Default() Policy {
	return Policy{
		Furthest: Direct, Origin: true, Legs: 4, RaceEvery: 128, ScoutEvery: 256, Group: 256, Trust: 10 * time.Minute,
		Margin: time.Millisecond, MarginPercent: 3, Hysteresis: time.Millisecond, HysteresisPercent: 2,
		Patience: 50 * time.Millisecond, PatienceFactor: 2,
	}
}

// near is the greatest delay that counts as equal to the given one.
func (p *Policy) near(delay time.Duration) time.Duration {
	return delay + max(p.Margin, delay*time.Duration(p.MarginPercent)/100)
}

// keeps is the greatest delay with which a share beside one of the given delay is kept.
func (p *Policy) keeps(delay time.Duration) time.Duration {
	return p.near(delay) + max(p.Hysteresis, delay*time.Duration(p.HysteresisPercent)/100)
}

// patience is how long a direct SYN may wait for its answer.
func (p *Policy) patience(delay time.Duration) time.Duration {
	return delay*time.Duration(p.PatienceFactor) + p.Patience
}

func (p *Policy) weight(a netip.Addr) uint16 {
	if w := p.Weights[a]; w > 0 {
		return w
	}
	return 1
}
