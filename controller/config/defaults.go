package config

import (
	"fmt"
	"math"
	"reflect"

	"github.com/firstack/firstack/controller/internal/shape"
)

// DefaultPorts are those of the one redirection rule that holds when there are none.
var DefaultPorts = []uint16{80, 443}

// sequenceStep leaves room for rules between two of a file.
const sequenceStep = 10

// DefaultOrigin is the name of the origin server of a service that lists none.
const DefaultOrigin = "origin"

// Default gives a complete configuration without switches and services.
func Default() *Config {
	c := new(Config)
	c.Complete()
	return c
}

// Complete fills in everything that was left out of a tree made in Go, where a zero value means left out. Load and
// Parse have done it already, and take a zero that is written down as a zero. It is idempotent.
func (c *Config) Complete() { c.complete(&report{}) }

func (c *Config) complete(r *report) {
	if c.Redirections == nil {
		c.Redirections = []Redirection{{Ports: append([]uint16(nil), DefaultPorts...)}}
	}
	sequence := uint32(0)
	for i := range c.Redirections {
		rule := &c.Redirections[i]
		left(r, fmt.Sprintf("redirections[%d].sequence", i), &rule.Sequence, sequence+min(sequenceStep, math.MaxUint32-sequence))
		sequence = rule.Sequence
	}
	for i := range c.Services {
		if s := &c.Services[i]; len(s.Origins) == 0 && s.Server.IsValid() {
			s.Origins = []Origin{{Name: DefaultOrigin, Address: s.Server}}
		}
	}
	defaults(r, "", reflect.ValueOf(c).Elem(), c.Health.Off)
	for i := range c.Switches {
		s, path := &c.Switches[i], fmt.Sprintf("switches[%d]", i)
		left(r, path+".gateway-id", &s.GatewayID, uint16(min(i+1, 0xffff)))
	}
	for i := range c.Services {
		c.Services[i].complete(r, fmt.Sprintf("services[%d]", i))
	}
}

func (s *Service) complete(r *report, path string) {
	for i := range s.Origins {
		left(r, fmt.Sprintf("%s.origins[%d].port", path, i), &s.Origins[i].Port, s.Port)
	}
	for i := range s.Replicas {
		replica, path := &s.Replicas[i], fmt.Sprintf("%s.replicas[%d]", path, i)
		left(r, path+".port", &replica.Port, s.Port)
		left(r, path+".health-port", &replica.HealthPort, replica.Port)
		left(r, path+".burst", &replica.Burst, replica.MaxConnectionRate)
	}
}

// left sets what was left out.
func left[T comparable](r *report, path string, field *T, value T) {
	var zero T
	if *field == zero && !r.isGiven(path) {
		*field = value
	}
}

// defaults sets all fields that have a default in their tag and were left out.
func defaults(r *report, path string, v reflect.Value, probesOff bool) {
	for _, f := range shape.Fields(v.Type()) {
		at, field := shape.Join(path, f.Key), v.Field(f.Index)
		switch {
		case f.Default != "":
			if !field.IsZero() || r.isGiven(at) || probesOff && at == "health.interval" {
				continue
			}
			if err := shape.Set(field, f.Default); err != nil {
				panic(fmt.Sprintf("default of %s: %v", at, err))
			}
		case shape.IsScalar(f.Type):
		case field.Kind() == reflect.Struct:
			defaults(r, at, field, probesOff)
		case field.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct && !shape.IsScalar(f.Type.Elem()):
			for i := range field.Len() {
				defaults(r, shape.Index(at, i), field.Index(i), probesOff)
			}
		}
	}
}
