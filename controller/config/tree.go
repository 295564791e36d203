// Package config is the one configuration tree of firstack: switches, services and their replicas, redirection
// rules and timers. The YAML file of `firstack run` is this tree as it stands.
//
// Reading is strict: an unknown key, a bad value or a dangling reference is refused with file, line and path.
package config

import (
	"net/netip"
	"time"
)

// Config is the root.
type Config struct {
	Controller   Controller    `yaml:"controller"`
	Switches     []Switch      `yaml:"switches"`
	Services     []Service     `yaml:"services"`
	Redirections []Redirection `yaml:"redirections"`
	Timers       Timers        `yaml:"timers"`
	Health       Health        `yaml:"health"`
}

// Controller is about this process.
type Controller struct {
	// ElectionID is the P4Runtime election id (spec 1.5 section 5.3), the high and low 64 bits; default 0,1.
	ElectionID ElectionID `yaml:"election-id"`
	// Listen is the address of the state, metrics and health endpoints; default 127.0.0.1:9561; "off" for none.
	Listen string `yaml:"listen"`
}

// ElectionID is a 128-bit P4Runtime election id; in YAML "high,low" or one number.
type ElectionID struct{ High, Low uint64 }

// Role says which of the three programs a switch runs.
type Role string

// The roles (patent FIG. 2, 5, 6; FIG. 3; FIG. 4).
const (
	ClientGateway  Role = "client-gateway"
	ServerGateway  Role = "server-gateway"
	ReplicaGateway Role = "replica-gateway"
)

// Switch is one switch under this controller.
type Switch struct {
	Name     string `yaml:"name"`
	Role     Role   `yaml:"role"`
	Address  string `yaml:"address"`   // host:port of its P4Runtime server
	DeviceID uint64 `yaml:"device-id"` // default 1
	TLS      *TLS   `yaml:"tls"`       // nil: plaintext, which Insecure has to ask for by name
	Insecure bool   `yaml:"insecure"`
	// GatewayID goes into the tags that a client gateway makes; default: the position in the list, from 1.
	GatewayID uint16     `yaml:"gateway-id"`
	Ports     []Port     `yaml:"ports"`
	Routes    []Route    `yaml:"routes"`
	Neighbors []Neighbor `yaml:"neighbors"`
	// Direct lists prefixes that talk to the replicas behind a replica gateway as themselves, health probes
	// above all: what a replica sends there is routed as it is, whatever its configuration.
	Direct []netip.Prefix `yaml:"direct"`
}

// TLS names PEM files.
type TLS struct {
	CA   string `yaml:"ca"`
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Side tells a client gateway where a port leads.
type Side string

// Towards the clients, or towards the wide area.
const (
	LAN Side = "lan"
	WAN Side = "wan"
)

// Port is a switch port that has addresses of its own.
type Port struct {
	Port      uint16         `yaml:"port"`
	Side      Side           `yaml:"side"` // default wan
	MAC       MAC            `yaml:"mac"`
	Addresses []netip.Prefix `yaml:"addresses"` // the gateway's own address with the connected prefix
}

// Route sends a prefix to a next hop. Without Via the prefix is connected: each destination is its own next hop.
type Route struct {
	Prefix netip.Prefix `yaml:"prefix"`
	Port   uint16       `yaml:"port"`
	Via    netip.Addr   `yaml:"via"`
}

// Neighbor is a next hop whose MAC address is known; others are asked for by ARP.
type Neighbor struct {
	Address netip.Addr `yaml:"address"`
	Port    uint16     `yaml:"port"`
	MAC     MAC        `yaml:"mac"`
}

// OriginPolicy says when a raced SYN goes to an origin server as well.
type OriginPolicy string

// Race: at once, as the patent has it. Standby: when the SYN is a retransmission or no replica is live. Never.
const (
	OriginRace    OriginPolicy = "race"
	OriginStandby OriginPolicy = "standby"
	OriginNever   OriginPolicy = "never"
)

// Service is one server address and port with its origin servers and replicas.
type Service struct {
	Name          string       `yaml:"name"`
	Server        netip.Addr   `yaml:"server"`
	Port          uint16       `yaml:"port"`
	Gateway       string       `yaml:"gateway"`       // the server gateway in front of it
	Replicatable  *bool        `yaml:"replicatable"`  // default true (patent FIG. 3, 310)
	OriginPolicy  OriginPolicy `yaml:"origin-policy"` // default standby
	Origins       []Origin     `yaml:"origins"`       // default: one, at the server's own address
	Replicas      []Replica    `yaml:"replicas"`
}

// Origin is a server of the service itself. One whose address is the service's is reached as it is; another is
// reached encapsulated and stands behind a replica gateway, which cracks the packets for it.
type Origin struct {
	Name    string     `yaml:"name"`
	Address netip.Addr `yaml:"address"`
	Port    uint16     `yaml:"port"`    // default: the service's
	Weight  int32      `yaml:"weight"`  // default 1
	Gateway string     `yaml:"gateway"` // the replica gateway in front of it, if it has one
}

// Configuration is how a replica's answers travel: A, B or C of the patent.
type Configuration string

// NAT both ways; the replica spoofs the server; tunnel both ways.
const (
	ConfigurationA Configuration = "A"
	ConfigurationB Configuration = "B"
	ConfigurationC Configuration = "C"
)

// AdminState is what the operator wants of a replica.
type AdminState string

// Up takes connections. Drain takes no new ones and lets open ones end. Down is treated as dead.
const (
	AdminUp    AdminState = "up"
	AdminDrain AdminState = "drain"
	AdminDown  AdminState = "down"
)

// Replica holds the same content as its service.
type Replica struct {
	Name          string        `yaml:"name"`
	Address       netip.Addr    `yaml:"address"`
	Port          uint16        `yaml:"port"`          // default: the service's
	Configuration Configuration `yaml:"configuration"` // default A
	AdminState    AdminState    `yaml:"admin-state"`   // default up
	Gateway       string        `yaml:"gateway"`       // the replica gateway in front of it
	// MaxConnectionRate is the number of new connections per second above which the gateway calls the replica
	// busy, by a meter in the switch; 0: no limit. Burst is that meter's burst in connections; default: the rate.
	MaxConnectionRate uint32 `yaml:"max-connection-rate"`
	Burst             uint32 `yaml:"burst"`
	// HealthPort is the port that is probed; default: Port. An (address, port) in configuration B or C speaks as
	// the server, so its prober has to be in the gateway's Direct list, or the probe needs a port of its own.
	HealthPort uint16 `yaml:"health-port"`
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

// Redirection says which SYNs a client gateway tags; the first that matches counts. Default: 80 and 443 to
// anywhere.
type Redirection struct {
	Clients netip.Prefix `yaml:"clients"` // default 0.0.0.0/0
	Servers netip.Prefix `yaml:"servers"` // default 0.0.0.0/0
	Ports   []uint16     `yaml:"ports"`   // default: all
	Action  Action       `yaml:"action"`  // default redirect
}

// Timers; all have defaults.
type Timers struct {
	SlotPending time.Duration `yaml:"slot-pending"` // life of a slot nobody claimed; 3s
	SlotClaimed time.Duration `yaml:"slot-claimed"` // idle life of a claimed slot; 300s
	Tell        time.Duration `yaml:"tell"`         // least time between two digests about one slot; 500ms
	Idle        time.Duration `yaml:"idle"`         // idle life of a translation; 2h4m (RFC 5382 REQ-5)
	Transitory  time.Duration `yaml:"transitory"`   // the same once a FIN or RST was seen; 4m (RFC 5382 REQ-5)
	LingerReset time.Duration `yaml:"linger-reset"` // from a RST to the retirement; 2s
	LingerFIN   time.Duration `yaml:"linger-fin"`   // from the FINs of both sides to the retirement; 60s
}

// Health says how replicas and origin servers are probed.
type Health struct {
	Interval time.Duration `yaml:"interval"` // 2s; 0 with Off
	Timeout  time.Duration `yaml:"timeout"`  // 1s
	Rise     int           `yaml:"rise"`     // good probes in a row that make a dead one live; 2
	Fall     int           `yaml:"fall"`     // failed ones that make a live one dead; 3
	// Path makes the probe an HTTP GET (status 503: busy; below 500: active); empty: a TCP connection.
	Path string `yaml:"path"`
	Off  bool   `yaml:"off"` // every replica counts as active
}
