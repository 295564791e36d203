package spec

import "net/netip"

// Topology is a whole network. The tags doc, enum, min, max and required are the rules that the
// decoder checks and docs/topology.schema.json states.
type Topology struct {
	Name        string     `yaml:"name" required:"true" doc:"Name of the topology."`
	Description string     `yaml:"description,omitempty" doc:"What it is for, in a sentence or two."`
	Seed        uint64     `yaml:"seed,omitempty" doc:"Seed of every random choice: loss, jitter, content."`
	TimeScale   float64    `yaml:"time_scale,omitempty" min:"0.001" max:"1000" doc:"Factor on every delay; 0.1 runs ten times faster. Default 1."`
	Sites       []Site     `yaml:"sites" required:"true" doc:"Places, with the delays between them."`
	RoundTrips  RoundTrips `yaml:"round_trips" required:"true" doc:"Round-trip times between the sites."`
	Links       Links      `yaml:"links,omitempty" doc:"How links treat frames, beside the delay."`
	Gateways    []Gateway  `yaml:"gateways" required:"true" doc:"Switches, one role each."`
	Hosts       []Host     `yaml:"hosts" required:"true" doc:"Clients, origin servers, replicas and management hosts."`
	Services    []Service  `yaml:"services" required:"true" doc:"Servers whose connections are raced."`
}

// Site is a place.
type Site struct {
	Name   string `yaml:"name" required:"true" doc:"Name, as the round-trip table has it."`
	Prefix Prefix `yaml:"prefix,omitempty" doc:"IPv4 prefix of the site's LANs, /24 or shorter. Default 10.n.0.0/16 for the n-th site."`
}

// RoundTrips is the round-trip matrix in milliseconds. Row = from, column = to. Where only one
// direction is given it holds for both; a site's own round trip is 0 unless given.
type RoundTrips struct {
	File string                        `yaml:"file,omitempty" doc:"CSV file beside the topology: a head line 'from,<site>,…', then a row per site. It may hold more sites than are used."`
	MS   map[string]map[string]float64 `yaml:"ms,omitempty" min:"0" max:"3600000" doc:"Milliseconds by from-site and to-site; overrides the file."`
}

// Links holds the treatment of frames.
type Links struct {
	WAN   Path            `yaml:"wan,omitempty" doc:"Every path between two gateways."`
	LAN   LAN             `yaml:"lan,omitempty" doc:"Every link between a host and its gateway."`
	Paths []DirectionPath `yaml:"paths,omitempty" doc:"Paths of their own, each replacing wan for one direction between two sites."`
}

// Path is the treatment of frames in one direction.
type Path struct {
	JitterMS      float64 `yaml:"jitter_ms,omitempty" min:"0" max:"60000" doc:"Each frame's delay is drawn evenly from delay plus or minus this, in ms; frames may overtake."`
	Loss          float64 `yaml:"loss,omitempty" min:"0" max:"1" doc:"Probability that a frame is lost."`
	Duplicate     float64 `yaml:"duplicate,omitempty" min:"0" max:"1" doc:"Probability that a frame arrives twice."`
	Reorder       float64 `yaml:"reorder,omitempty" min:"0" max:"1" doc:"Probability that a frame is held back, so that later ones overtake it."`
	ReorderMS     float64 `yaml:"reorder_ms,omitempty" min:"0" max:"60000" doc:"How long it is held back, in ms. Default a quarter of the delay, at least 1."`
	BandwidthMbit float64 `yaml:"bandwidth_mbit,omitempty" min:"0" max:"1000000" doc:"Mbit/s; 0 = unlimited."`
	Queue         int     `yaml:"queue,omitempty" min:"0" max:"1048576" doc:"Frames that may be in flight. Default 16384."`
	MTU           int     `yaml:"mtu,omitempty" min:"68" max:"9000" doc:"Largest IPv4 packet in bytes. Default 1500."`
}

// LAN is the treatment of frames between a host and its gateway, in both directions.
type LAN struct {
	DelayMS float64 `yaml:"delay_ms,omitempty" min:"0" max:"60000" doc:"One way, in ms. Default 0."`
	Path    `yaml:",inline"`
}

// DirectionPath is the treatment of frames from one site to another.
type DirectionPath struct {
	From string `yaml:"from" required:"true" doc:"Site that sends."`
	To   string `yaml:"to" required:"true" doc:"Site that receives."`
	Path `yaml:",inline"`
}

// Role of a gateway or host.
type Role string

// Roles of gateways, each a program of its own, and of hosts.
const (
	ClientGateway  Role = "client-gateway"
	ServerGateway  Role = "server-gateway"
	ReplicaGateway Role = "replica-gateway"

	Client     Role = "client"
	Origin     Role = "origin"
	Replica    Role = "replica"
	Management Role = "management"
)

// Gateway is a switch between a site's hosts and the wide-area core.
type Gateway struct {
	Name       string `yaml:"name" required:"true" doc:"Unique among gateways and hosts."`
	Role       Role   `yaml:"role" required:"true" enum:"client-gateway,server-gateway,replica-gateway" doc:"Which program it runs."`
	Site       string `yaml:"site" required:"true" doc:"Where it stands."`
	ID         uint16 `yaml:"id,omitempty" min:"1" max:"65535" doc:"Number in the tag and P4Runtime device id. Default by order, from 1."`
	LAN        Prefix `yaml:"lan,omitempty" doc:"IPv4 prefix of its hosts. Default the k-th /24 of the site's prefix."`
	Address    Addr   `yaml:"address,omitempty" doc:"Its own address on the LAN. Default the first of the prefix."`
	WANAddress Addr   `yaml:"wan_address,omitempty" doc:"Its address towards the core, the second host of a /30. Default from 172.31.0.0/16."`
}

// Host is a computer with a TCP/IP stack of its own.
type Host struct {
	Name      string `yaml:"name" required:"true" doc:"Unique among gateways and hosts."`
	Role      Role   `yaml:"role" required:"true" enum:"client,origin,replica,management" doc:"What it does."`
	Site      string `yaml:"site,omitempty" doc:"Where it stands. Default its gateway's site."`
	Gateway   string `yaml:"gateway,omitempty" doc:"Gateway it is attached to. Default the only fitting one at its site."`
	Addresses []Addr `yaml:"addresses,omitempty" doc:"Its addresses, the first being the one it sends from. Default one from the gateway's LAN, from .10 up."`
}

// Configuration is how a replica's answers reach the client, as the patent application has it.
type Configuration string

// A: addresses translated both ways. B: the replica's side answers in the server's name. C: a tunnel.
const (
	ConfigurationA Configuration = "A"
	ConfigurationB Configuration = "B"
	ConfigurationC Configuration = "C"
)

// OriginPolicy says when the origin takes part in a race.
type OriginPolicy string

// Race: at once. Standby: only for a retransmitted SYN or when no replica is live. Never: not at all.
const (
	PolicyRace    OriginPolicy = "race"
	PolicyStandby OriginPolicy = "standby"
	PolicyNever   OriginPolicy = "never"
)

// Service is a server whose connections are raced among replicas.
type Service struct {
	Name         string           `yaml:"name" required:"true" doc:"Unique among services."`
	Server       Addr             `yaml:"server,omitempty" doc:"Address that clients connect to; origins behind the server gateway have it as well as their own. Default from 192.0.2.0/24."`
	Port         uint16           `yaml:"port,omitempty" min:"1" max:"65535" doc:"TCP port that clients connect to. Default 80."`
	OriginPolicy OriginPolicy     `yaml:"origin_policy,omitempty" enum:"race,standby,never" doc:"When the origin takes part in a race. Default standby."`
	Origins      []ServiceOrigin  `yaml:"origins" required:"true" doc:"Origin servers. The first stands behind the server gateway. Others stand there too, or behind replica gateways, which hand them their share."`
	Replicas     []ServiceReplica `yaml:"replicas,omitempty" doc:"Replicas that hold the same content."`
}

// ServiceOrigin is an origin server of a service.
type ServiceOrigin struct {
	Host   string `yaml:"host" required:"true" doc:"A host of role origin."`
	Port   uint16 `yaml:"port,omitempty" min:"1" max:"65535" doc:"TCP port it listens on. Default the service's, which those behind the server gateway always have."`
	Weight int    `yaml:"weight,omitempty" min:"1" max:"1000" doc:"Share of the connections. Default 1."`
}

// ServiceReplica is a replica of a service.
type ServiceReplica struct {
	Host          string        `yaml:"host" required:"true" doc:"A host of role replica."`
	Configuration Configuration `yaml:"configuration,omitempty" enum:"A,B,C" doc:"How its answers reach the client. Default A."`
	Port          uint16        `yaml:"port,omitempty" min:"1" max:"65535" doc:"TCP port it listens on. Default the service's."`
	HealthPort    uint16        `yaml:"health_port,omitempty" min:"1" max:"65535" doc:"TCP port for probes. Default the port; its gateway lets management hosts talk to the replica as itself."`
}

// Prefix is an IPv4 prefix in YAML; the zero value is one that was omitted.
type Prefix struct{ netip.Prefix }

// Addr is an IPv4 address in YAML; the zero value is one that was omitted.
type Addr struct{ netip.Addr }
