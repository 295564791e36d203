// Package top draws a running controller's state on a terminal: services with their replicas, what is decided a second,
// and switches. A frame is a function of two samples, so it can be tested, and printed by scripts.
package top

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/firstack/firstack/controller/state"
)

// Ask gets one of the controller's answers ("/v1/sessions").
type Ask func(ctx context.Context, path string) ([]byte, error)

// Sample is the state at one time.
type Sample struct {
	At       time.Time
	Sessions []state.Session
	Services []state.Service
	Replicas []state.Server
	Steering []state.Steering
	Learning []state.Learning
	Counters []state.Counter
}

// Take asks for everything.
func Take(ctx context.Context, ask Ask) (*Sample, error) {
	s := &Sample{}
	for _, part := range []struct {
		name string
		into any
	}{
		{"sessions", &s.Sessions}, {"services", &s.Services}, {"replicas", &s.Replicas}, {"steering", &s.Steering},
		{"learning", &s.Learning}, {"counters", &s.Counters},
	} {
		data, err := ask(ctx, "/v1/"+part.name)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, part.into); err != nil {
			return nil, fmt.Errorf("answer to /v1/%s: %w", part.name, err)
		}
	}
	s.At = time.Now()
	return s, nil
}

// packets sums decisions up, of one switch or, with "", of all.
func (s *Sample) packets(gateway string, decisions ...string) float64 {
	sum := 0.0
	for _, c := range s.Counters {
		for _, d := range decisions {
			if c.Decision == d && (gateway == "" || c.Switch == gateway) {
				sum += float64(c.Packets)
			}
		}
	}
	return sum
}

func (s *Sample) replica(service, name string) *state.Server {
	for i := range s.Replicas {
		if r := &s.Replicas[i]; r.Service == service && r.Name == name {
			return r
		}
	}
	return &state.Server{}
}

func (s *Sample) session(gateway string) *state.Session {
	for i := range s.Sessions {
		if s.Sessions[i].Switch == gateway {
			return &s.Sessions[i]
		}
	}
	return &state.Session{}
}

// learning is a client gateway's; nil for others.
func (s *Sample) learning(gateway string) *state.Learning {
	for i := range s.Learning {
		if s.Learning[i].Switch == gateway {
			return &s.Learning[i]
		}
	}
	return nil
}
