package config

import "net/netip"

// OriginPolicy says when a raced SYN goes to an origin server as well.
type OriginPolicy string

// Race: at once, as the patent has it. Standby: when the SYN is a retransmission or no replica is live. Never.
const (
	OriginRace    OriginPolicy = "race"
	OriginStandby OriginPolicy = "standby"
	OriginNever   OriginPolicy = "never"
)

// Values lists the policies.
func (OriginPolicy) Values() []string {
	return []string{string(OriginRace), string(OriginStandby), string(OriginNever)}
}

// Protocol is a transport protocol.
type Protocol string

// TCP is the one that is raced.
const TCP Protocol = "tcp"

// Values lists the protocols.
func (Protocol) Values() []string { return []string{string(TCP)} }

// Service is one server address and port with its origin servers and replicas.
type Service struct {
	// Unique name.
	Name string `yaml:"name" rule:"required,key,format=name"`
	// Address that clients connect to.
	Server netip.Addr `yaml:"server" rule:"required"`
	// TCP port that clients connect to.
	Port uint16 `yaml:"port" rule:"required,min=1"`
	// Transport protocol of its connections.
	Protocol Protocol `yaml:"protocol" default:"tcp"`
	// The server gateway in front of it. Left out where others run it.
	Gateway string `yaml:"gateway"`
	// Whether its content may be served by replicas at all (patent FIG. 3, 310).
	Replicatable *bool `yaml:"replicatable" default:"true"`
	// race: a SYN goes to an origin server at once; standby: when it is a retransmission or no replica is live;
	// never: not at all.
	OriginPolicy OriginPolicy `yaml:"origin-policy" default:"standby"`
	// How client gateways use what they learned of its replicas.
	Steering Steering `yaml:"steering"`
	// Servers of the service itself. Default: one named origin, at the server's own address.
	Origins []Origin `yaml:"origins"`
	// Web servers elsewhere that hold the same content.
	Replicas []Replica `yaml:"replicas"`
}

// Origin is a server of the service itself. One whose address is the service's is reached as it is; another is
// reached encapsulated and stands behind a replica gateway, which cracks the packets for it.
type Origin struct {
	// Name, unique among the origins and replicas of the service.
	Name string `yaml:"name" rule:"required,key,format=name"`
	// The service's own address, or another.
	Address netip.Addr `yaml:"address" rule:"required"`
	// TCP port it listens on. Default: the service's.
	Port uint16 `yaml:"port" rule:"min=1"`
	// Its share of the connections against the other origins'.
	Weight int32 `yaml:"weight" rule:"min=1,max=65535" default:"1"`
	// The replica gateway in front of it, if it has one.
	Gateway string `yaml:"gateway"`
}

// Configuration is how a replica's answers travel: A, B or C of the patent.
type Configuration string

// NAT both ways; the replica spoofs the server; tunnel both ways.
const (
	ConfigurationA Configuration = "A"
	ConfigurationB Configuration = "B"
	ConfigurationC Configuration = "C"
)

// Values lists the configurations.
func (Configuration) Values() []string {
	return []string{string(ConfigurationA), string(ConfigurationB), string(ConfigurationC)}
}

// AdminState is what the operator wants of a replica.
type AdminState string

// Up takes connections. Drain takes no new ones and lets open ones end. Down is treated as dead.
const (
	AdminUp    AdminState = "up"
	AdminDrain AdminState = "drain"
	AdminDown  AdminState = "down"
)

// Values lists the states.
func (AdminState) Values() []string {
	return []string{string(AdminUp), string(AdminDrain), string(AdminDown)}
}

// Replica holds the same content as its service.
type Replica struct {
	// Name, unique among the origins and replicas of the service.
	Name string `yaml:"name" rule:"required,key,format=name"`
	// Its own address.
	Address netip.Addr `yaml:"address" rule:"required"`
	// TCP port it listens on. Default: the service's.
	Port uint16 `yaml:"port" rule:"min=1"`
	// How its answers travel. A: addresses translated both ways; B: it answers in the server's name; C: a tunnel
	// both ways.
	Configuration Configuration `yaml:"configuration" default:"A"`
	// up takes connections, drain takes no new ones and lets open ones end, down counts as dead.
	AdminState AdminState `yaml:"admin-state" default:"up"`
	// Its share of the connections that client gateways send direct, against equally near replicas'.
	Weight int32 `yaml:"weight" rule:"min=1,max=65535" default:"1"`
	// The replica gateway in front of it. Left out where others run it.
	Gateway string `yaml:"gateway"`
	// New connections per second above which the gateway calls the replica busy, by a meter in the switch; 0: no
	// limit.
	MaxConnectionRate uint32 `yaml:"max-connection-rate"`
	// That meter's burst in connections. Default: the rate.
	Burst uint32 `yaml:"burst" rule:"min=1"`
	// Port that is probed. Default: port. A replica in configuration B or C speaks as the server, so its prober
	// has to be in the gateway's direct list, or the probe needs a port of its own.
	HealthPort uint16 `yaml:"health-port" rule:"min=1"`
}
