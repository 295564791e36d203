// Package config is the one configuration tree of firstack: switches, services and their replicas, redirection
// rules and timers. The YAML file of `firstack run` is this tree as it stands.
//
// Reading is strict: an unknown key, a bad value or a dangling reference is refused with file, line, column and
// path, all of them at once. A tree made in Go goes through the same rules: Complete, then Validate.
//
// What a field accepts stands in its tags, which the decoder, the validator, the schema and the encoder share:
// `default` is the value of a key that is left out, and `rule` lists required, key (tells the elements of a list
// apart), min, max, format (name, endpoint, listen, path) and host (a prefix that is an address with its length).
package config

import (
	"fmt"
	"net/netip"
)

//go:generate go run ./internal/genschema -o ../../docs/config.schema.json

// Config is the root.
type Config struct {
	// About this process.
	Controller Controller `yaml:"controller"`
	// The switches under this controller.
	Switches []Switch `yaml:"switches"`
	// The services whose connections are raced.
	Services []Service `yaml:"services"`
	// Which SYNs client gateways tag; the first rule that matches counts. Default: one rule that redirects ports
	// 80 and 443; an empty list redirects nothing.
	Redirections []Redirection `yaml:"redirections"`
	// How client gateways use what they learned of services that are not listed.
	Steering Steering `yaml:"steering"`
	// Lives of slots and translations.
	Timers Timers `yaml:"timers"`
	// How replicas and origin servers are probed.
	Health Health `yaml:"health"`
}

// Controller is about this process.
type Controller struct {
	// The P4Runtime election id (spec 1.5 section 5.3): one number, or "high,low" for the two halves of 64 bits.
	// The highest among the controllers of a switch is its primary.
	ElectionID ElectionID `yaml:"election-id" default:"1"`
	// host:port of the state, metrics and health endpoints; "off" for none.
	Listen string `yaml:"listen" rule:"format=listen" default:"127.0.0.1:9561"`
}

// Action is what a redirection rule does with a SYN.
type Action string

// Redirect tags it as permitted; forbid tags it as not permitted (the option byte's other state: patent
// operation 210); pass leaves it untagged.
const (
	ActionRedirect Action = "redirect"
	ActionForbid   Action = "forbid"
	ActionPass     Action = "pass"
)

// Values lists the actions.
func (Action) Values() []string {
	return []string{string(ActionRedirect), string(ActionForbid), string(ActionPass)}
}

// Redirection says which SYNs a client gateway tags; the first that matches counts.
type Redirection struct {
	// Place of the rule: the list has them in ascending order. It tells rules apart when they change. Default: 10 more
	// than that of the rule before.
	Sequence uint32 `yaml:"sequence" rule:"key,min=1"`
	// Prefix of the clients.
	Clients netip.Prefix `yaml:"clients" default:"0.0.0.0/0"`
	// Prefix of the servers.
	Servers netip.Prefix `yaml:"servers" default:"0.0.0.0/0"`
	// TCP ports of the servers. Default: all.
	Ports []uint16 `yaml:"ports" rule:"min=1"`
	// redirect tags the SYN as permitted, forbid tags it as not permitted, pass leaves it untagged.
	Action Action `yaml:"action" default:"redirect"`
}

func (c *Config) validateRedirections(r *report) {
	for i := 1; i < len(c.Redirections); i++ {
		if before, at := c.Redirections[i-1].Sequence, c.Redirections[i].Sequence; at < before {
			r.add(fmt.Sprintf("redirections[%d].sequence", i), "%d is less than that of the rule before, %d", at, before)
		}
	}
}
