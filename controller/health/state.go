// Package health probes replicas and origin servers and says which are active, busy or dead.
//
// A target that has not been probed yet counts as active, and stays so until as many probes in a row have failed as
// the configuration's fall says: a dead replica that is raced by mistake loses by silence and costs nothing, while
// a live one that is left out by mistake costs every client behind it the nearest replica.
package health

import (
	"fmt"
	"time"
)

// State is what a target's probes say of it.
type State int

// Active: takes connections. Busy: answers 503, as operation 406 of the patent has it, and is better left alone.
// Dead: operation 404.
const (
	Active State = iota
	Busy
	Dead
)

// String gives active, busy or dead.
func (s State) String() string {
	switch s {
	case Active:
		return "active"
	case Busy:
		return "busy"
	case Dead:
		return "dead"
	}
	return fmt.Sprintf("State(%d)", int(s))
}

// MarshalText is String.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Status is a target's state with what led to it.
type Status struct {
	State  State
	Since  time.Time     // when it took this state, or was first heard of
	Probes uint64        // ended so far; 0: the state is a guess
	Delay  time.Duration // of the last probe that did not fail
	Err    error         // of the last probe, if it failed
}

// Change is a target's step from one state to another.
type Change struct {
	Target   Target
	Old, New State
	Err      error // what the probe failed with, where that was the cause
}

// outcome is what one probe found.
type outcome struct {
	state State // Dead: it failed
	delay time.Duration
	err   error
}

// record is a target's history as far as it matters.
type record struct {
	Status
	good, bad int // probes in a row
}

// add takes in one outcome and gives the state that follows. It takes fall failures in a row to die, and rise probes
// in a row that did not fail to come back to life, or good ones to stop being busy. Becoming busy takes one: the
// server says so itself.
func (r *record) add(o outcome, rise, fall int) State {
	r.Probes++
	r.Err = o.err
	switch {
	case o.state == Dead:
		r.bad++
		r.good = 0
		if r.bad >= fall {
			return Dead
		}
		return r.State
	case o.state == Busy && r.State != Dead:
		r.good = 0
	default:
		r.good++
	}
	r.bad = 0
	r.Delay = o.delay
	switch {
	case r.State == Active, r.State == Busy && o.state == Busy:
		return o.state
	case r.good >= rise:
		r.good = 0
		return o.state
	}
	return r.State
}
