package config

import (
	"net/netip"

	"github.com/firstack/firstack/controller/target"
)

// Role says which of the three programs a switch runs.
type Role string

// The roles (patent FIG. 2, 5, 6; FIG. 3; FIG. 4).
const (
	ClientGateway  Role = "client-gateway"
	ServerGateway  Role = "server-gateway"
	ReplicaGateway Role = "replica-gateway"
)

// Values lists the roles.
func (Role) Values() []string {
	return []string{string(ClientGateway), string(ServerGateway), string(ReplicaGateway)}
}

// Switch is one switch under this controller.
type Switch struct {
	// Unique name, used in logs, metrics and references.
	Name string `yaml:"name" rule:"required,key,format=name"`
	// Which of the three programs it runs.
	Role Role `yaml:"role" rule:"required"`
	// host:port of its P4Runtime server.
	Address string `yaml:"address" rule:"required,format=endpoint"`
	// What the switch is. auto tells by the architecture that its program is compiled for.
	Target target.Name `yaml:"target" default:"auto"`
	// The program, where it is not the one that is built in. Required for tofino and tofino2.
	Pipeline *Pipeline `yaml:"pipeline"`
	// P4Runtime device id. BMv2's own default is 0, which the specification does not allow.
	DeviceID uint64 `yaml:"device-id" default:"1"`
	// TLS towards the switch; without it insecure has to be true.
	TLS *TLS `yaml:"tls"`
	// Asks for plaintext by name.
	Insecure bool `yaml:"insecure"`
	// Where the switch's ports are followed over gNMI; without it every port counts as up.
	GNMI *GNMI `yaml:"gnmi"`
	// Goes into the tags that a client gateway makes. Default: the position in the list, from 1.
	GatewayID uint16 `yaml:"gateway-id" rule:"min=1"`
	// Ports that have addresses of their own.
	Ports []Port `yaml:"ports"`
	// Where prefixes are sent that are not connected by a port's address.
	Routes []Route `yaml:"routes"`
	// Next hops whose MAC address is known; others are asked for by ARP.
	Neighbors []Neighbor `yaml:"neighbors"`
	// Replica gateways only: prefixes that talk to the replicas as themselves, health probes above all. What a
	// replica sends there is routed as it is, whatever its configuration.
	Direct []netip.Prefix `yaml:"direct"`
}

// Pipeline names the files of a compiled program, on the controller's machine.
type Pipeline struct {
	// P4Info in text form.
	P4Info string `yaml:"p4info" rule:"required"`
	// What the switch takes as p4_device_config: BMv2 JSON, Stratum's BfPipelineConfig (pipeline_config.pb.bin), or
	// the .conf that p4c writes for Tofino.
	DeviceConfig string `yaml:"device-config" rule:"required"`
}

// TLS names PEM files.
type TLS struct {
	// Certificates that may sign the switch's. Default: the system's.
	CA string `yaml:"ca"`
	// Certificate of this controller, if the switch wants one.
	Cert string `yaml:"cert"`
	// Key of that certificate.
	Key string `yaml:"key"`
}

// GNMI is a switch's gNMI server, which serves OpenConfig interfaces as Stratum does. It is reached as its P4Runtime
// server is: by the same TLS, or in plaintext where that is asked for.
type GNMI struct {
	// host:port of it. Stratum and firstack-switch serve it where they serve P4Runtime.
	Address string `yaml:"address" rule:"required,format=endpoint"`
}

// PortState is what the operator wants of a switch's port.
type PortState string

// Enabled, or disabled: then it neither takes nor sends frames.
const (
	PortUp   PortState = "up"
	PortDown PortState = "down"
)

// Values lists the states.
func (PortState) Values() []string { return []string{string(PortUp), string(PortDown)} }

// Side tells a client gateway where a port leads.
type Side string

// Towards the clients, or towards the wide area.
const (
	LAN Side = "lan"
	WAN Side = "wan"
)

// Values lists the sides.
func (Side) Values() []string { return []string{string(LAN), string(WAN)} }

// Port is a switch port that has addresses of its own.
type Port struct {
	// Number of the port in the switch; 0 is where v1model sends what nobody gave a port, 255 leads to the
	// controller, 510 and 511 are reserved. On Tofino the chip's device port; 192 and 320 (Tofino 2: 2) lead to the
	// controller.
	Port uint16 `yaml:"port" rule:"required,key,min=1,max=509"`
	// lan towards the clients of a client gateway, wan everywhere else.
	Side Side `yaml:"side" default:"wan"`
	// Ethernet address of the port.
	MAC MAC `yaml:"mac" rule:"required"`
	// up enables it, down disables it, over gNMI. Left out, it is as the switch has it.
	AdminState PortState `yaml:"admin-state"`
	// The gateway's own addresses, each with the length of the connected prefix.
	Addresses []netip.Prefix `yaml:"addresses" rule:"host"`
}

// Route sends a prefix to a next hop.
type Route struct {
	// Destinations.
	Prefix netip.Prefix `yaml:"prefix" rule:"required,key"`
	// Port it leaves by.
	Port uint16 `yaml:"port" rule:"required,min=1,max=509"`
	// Next hop. Without it the prefix is connected: each destination is its own next hop.
	Via netip.Addr `yaml:"via"`
}

// Neighbor is a next hop whose MAC address is known; others are asked for by ARP.
type Neighbor struct {
	// IPv4 address.
	Address netip.Addr `yaml:"address" rule:"required,key"`
	// Port it is reached by.
	Port uint16 `yaml:"port" rule:"required,min=1,max=509"`
	// Ethernet address.
	MAC MAC `yaml:"mac" rule:"required"`
}
