package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

// Names of interfaces inside the namespaces.
const (
	hostInterface    = "eth0"
	wanInterface     = "wan"
	lanInterface     = "lan"
	controlInterface = "ctl"
)

// wanCableMTU is that of the cables between gateways and core: larger than any path's, for it is the core that
// judges the size of a packet and tells the sender.
const wanCableMTU = 9216

// controlNetwork joins the P4Runtime servers and the controller. Link-local (RFC 3927), so that no topology's
// addresses are in its way.
var controlNetwork = netip.MustParsePrefix("169.254.95.0/24")

const (
	p4runtimePort     = 9559 // IANA's number for P4Runtime
	maxGateways       = 250  // addresses of the control network, the first being the controller's
	firstControlHost  = 2
	controllerAddress = 1
)

// Layout is a topology as it stands on Linux. It is complete: who builds it needs no other source, and `firstack lab
// plan --json` prints it. Times are nanoseconds.
type Layout struct {
	Topology    string    `json:"topology"`
	Description string    `json:"description"`
	TimeScale   float64   `json:"time_scale"`
	Seed        uint64    `json:"seed"`
	Core        Core      `json:"core"`
	Control     Control   `json:"control"`
	Gateways    []Gateway `json:"gateways"`
	Hosts       []Host    `json:"hosts"`
	Services    []Service `json:"services"`
}

// Core is the router between the gateways.
type Core struct {
	CableMTU   int             `json:"cable_mtu"`
	Interfaces []CoreInterface `json:"interfaces"`
	Paths      []Path          `json:"paths"`
	Wires      []Wire          `json:"wires"` // empty when LANs take no time
}

// CoreInterface is the core's end of the cable to a gateway's port WAN.
type CoreInterface struct {
	Gateway   string         `json:"gateway"`
	Interface string         `json:"interface"`
	Address   netip.Addr     `json:"address"`
	MAC       string         `json:"mac"`
	PeerMAC   string         `json:"peer_mac"`
	Reached   []netip.Prefix `json:"reached"`
}

// Path is one direction between two gateways.
type Path struct {
	From      string        `json:"from"`
	To        string        `json:"to"`
	RoundTrip time.Duration `json:"round_trip_ns"` // both directions, with TimeScale
	Spread    time.Duration `json:"spread_ns"`     // how far jitter takes a round trip from that, either way
	Shape     link.Shape    `json:"shape"`         // without TimeScale
	MTU       int           `json:"mtu"`
}

// Wire joins two interfaces of the core's namespace, both ways with the same shape: the cable of a host whose LAN
// takes time.
type Wire struct {
	Host  string     `json:"host"`
	Near  string     `json:"near"` // towards the host
	Far   string     `json:"far"`  // towards its gateway
	Shape link.Shape `json:"shape"`
}

// Control is the network of the P4Runtime servers.
type Control struct {
	Host    string       `json:"host"` // the management host, where the controller runs
	Address netip.Prefix `json:"address"`
}

// Gateway is a switch.
type Gateway struct {
	Name     string       `json:"name"`
	Role     spec.Role    `json:"role"`
	Site     string       `json:"site"`
	DeviceID uint16       `json:"device_id"`
	CPUPort  uint32       `json:"cpu_port"`
	WAN      GatewayPort  `json:"wan"`
	LAN      GatewayPort  `json:"lan"`
	Control  netip.Prefix `json:"control"`
	// P4Runtime is host:port of its server in the control network.
	P4Runtime string `json:"p4runtime"`
}

// GatewayPort is a port of a switch and the interface that it stands for. The address is the program's, not the
// kernel's.
type GatewayPort struct {
	Port      uint32       `json:"port"`
	Interface string       `json:"interface"`
	MAC       string       `json:"mac"`
	Address   netip.Prefix `json:"address"`
}

// Host is a computer.
type Host struct {
	Name      string           `json:"name"`
	Role      spec.Role        `json:"role"`
	Site      string           `json:"site"`
	Gateway   string           `json:"gateway"`
	Interface string           `json:"interface"`
	MAC       string           `json:"mac"`
	Addresses []netip.Prefix   `json:"addresses"` // the one it sends from first
	Via       netip.Addr       `json:"via"`       // its default route
	MTU       int              `json:"mtu"`
	Listen    []netip.AddrPort `json:"listen"` // of its web server
}

// Service is a server whose connections are raced.
type Service struct {
	Name     string          `json:"name"`
	Server   netip.AddrPort  `json:"server"`
	Policy   string          `json:"origin_policy"`
	Origins  []string        `json:"origins"`
	Replicas []ServedReplica `json:"replicas"`
}

// ServedReplica is a host that stands in for a service's server.
type ServedReplica struct {
	Host          string `json:"host"`
	Configuration string `json:"configuration"`
}

// nodeName is what can name a namespace, a file and a Mininet node.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// coreNode is the core's name among the nodes.
const coreNode = "core"

// checkNames refuses what cannot stand in a name of a namespace or in a configuration of nginx.
func checkNames(p *plan.Plan) error {
	var errs []error
	node := func(kind, name, site string) {
		if name == coreNode || !nodeName.MatchString(name) {
			errs = append(errs, fmt.Errorf("%s %q: a lab's nodes are named by letters, digits, dots, underscores and hyphens, and none is called %q", kind, name, coreNode))
		}
		if strings.ContainsAny(site, "\"$\\\n\r") {
			errs = append(errs, fmt.Errorf("site %q: a lab's web servers cannot tell a name with quotes, dollars, backslashes or line breaks", site))
		}
	}
	for _, g := range p.Gateways {
		node("gateway", g.Name, g.Site)
	}
	for _, h := range p.Hosts {
		node("host", h.Name, h.Site)
	}
	return errors.Join(errs...)
}

// Lay writes down how a plan stands on Linux.
func Lay(p *plan.Plan) (*Layout, error) {
	t := p.Topology
	if err := checkNames(p); err != nil {
		return nil, fmt.Errorf("topology %s: %w", t.Name, err)
	}
	if len(p.Gateways) > maxGateways {
		return nil, fmt.Errorf("topology %s: %d gateways, a lab takes %d", t.Name, len(p.Gateways), maxGateways)
	}
	l := &Layout{
		Topology: t.Name, Description: t.Description, TimeScale: t.TimeScale, Seed: t.Seed,
		Core: layCore(p), Hosts: []Host{}, Services: []Service{},
	}
	for i, g := range p.Gateways {
		l.Gateways = append(l.Gateways, layGateway(i, g))
	}
	for _, h := range p.Hosts {
		l.Hosts = append(l.Hosts, layHost(p, h))
		if h.Role == spec.Management && l.Control.Host == "" {
			l.Control = Control{Host: h.Name, Address: controlAddress(controllerAddress)}
		}
	}
	if l.Control.Host == "" {
		return nil, fmt.Errorf("topology %s: no host of role management: a lab's controller runs there, and probes the replicas from there", t.Name)
	}
	for _, s := range t.Services {
		l.Services = append(l.Services, layService(s))
	}
	return l, nil
}

func layCore(p *plan.Plan) Core {
	t := p.Topology
	c := Core{CableMTU: wanCableMTU, Wires: []Wire{}}
	for i, g := range p.Gateways {
		c.Interfaces = append(c.Interfaces, CoreInterface{
			Gateway: g.Name, Interface: fmt.Sprintf("wan%d", i+1), Address: g.CoreAddress(),
			MAC: g.CoreMAC.String(), PeerMAC: g.Ports[0].MAC.String(), Reached: g.Reached,
		})
		for _, to := range p.Gateways {
			shape, back := t.WANShape(g.Site, to.Site), t.WANShape(to.Site, g.Site)
			c.Paths = append(c.Paths, Path{
				From: g.Name, To: to.Name, Shape: shape, MTU: t.WANPath(g.Site, to.Site).MTU,
				RoundTrip: time.Duration(float64(shape.Delay+back.Delay) * t.TimeScale),
				Spread:    time.Duration(float64(shape.Jitter+back.Jitter) * t.TimeScale),
			})
		}
	}
	shape := t.LANShape()
	if shape == (link.Shape{}) {
		return c
	}
	for i, h := range p.Hosts {
		c.Wires = append(c.Wires, Wire{
			Host: h.Name, Near: fmt.Sprintf("host%d", i+1), Far: fmt.Sprintf("lan%d", i+1), Shape: shape,
		})
	}
	return c
}

func layGateway(i int, g *plan.Gateway) Gateway {
	control := controlAddress(firstControlHost + i)
	return Gateway{
		Name: g.Name, Role: g.Role, Site: g.Site, DeviceID: g.ID, CPUPort: p4src.CPUPort,
		WAN:     layPort(g.Ports[0], wanInterface),
		LAN:     layPort(g.Ports[1], lanInterface),
		Control: control, P4Runtime: netip.AddrPortFrom(control.Addr(), p4runtimePort).String(),
	}
}

func layPort(p plan.Port, name string) GatewayPort {
	return GatewayPort{Port: p.ID, Interface: name, MAC: p.MAC.String(), Address: p.Address}
}

func layHost(p *plan.Plan, h *plan.Host) Host {
	lan := p.Gateway(h.Gateway).LAN
	out := Host{
		Name: h.Name, Role: h.Role, Site: h.Site, Gateway: h.Gateway, Interface: hostInterface, MAC: h.MAC.String(),
		Via: h.GatewayAddress, MTU: p.Topology.Links.LAN.MTU, Listen: h.Listen,
	}
	if out.Listen == nil {
		out.Listen = []netip.AddrPort{}
	}
	for _, a := range h.All {
		bits := 32
		if lan.Contains(a) {
			bits = lan.Bits()
		}
		out.Addresses = append(out.Addresses, netip.PrefixFrom(a, bits))
	}
	return out
}

func layService(s spec.Service) Service {
	out := Service{
		Name: s.Name, Server: netip.AddrPortFrom(s.Server.Addr, s.Port), Policy: string(s.OriginPolicy),
		Replicas: []ServedReplica{},
	}
	for _, o := range s.Origins {
		out.Origins = append(out.Origins, o.Host)
	}
	for _, r := range s.Replicas {
		out.Replicas = append(out.Replicas, ServedReplica{Host: r.Host, Configuration: string(r.Configuration)})
	}
	return out
}

func controlAddress(n int) netip.Prefix {
	a := controlNetwork.Addr().As4()
	a[3] = byte(n)
	return netip.PrefixFrom(netip.AddrFrom4(a), controlNetwork.Bits())
}

// Gateway returns the gateway of this name, or nil.
func (l *Layout) Gateway(name string) *Gateway {
	for i := range l.Gateways {
		if l.Gateways[i].Name == name {
			return &l.Gateways[i]
		}
	}
	return nil
}

// Host returns the host of this name, or nil.
func (l *Layout) Host(name string) *Host {
	for i := range l.Hosts {
		if l.Hosts[i].Name == name {
			return &l.Hosts[i]
		}
	}
	return nil
}

// HostsOf returns the hosts with this role, in order.
func (l *Layout) HostsOf(role spec.Role) []*Host {
	var list []*Host
	for i := range l.Hosts {
		if l.Hosts[i].Role == role {
			list = append(list, &l.Hosts[i])
		}
	}
	return list
}

// MTU returns that of the cable between a host and its gateway.
func (l *Layout) lanMTU() int {
	mtu := spec.DefaultMTU
	for _, h := range l.Hosts {
		mtu = max(mtu, h.MTU)
	}
	return mtu
}
