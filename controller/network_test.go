package controller_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/packet"
)

// The network of most tests: a client gateway, a server gateway with the origin, and a replica gateway for each of
// three replicas, in configuration A, B and C.
const (
	clientAddr = "10.0.0.10"
	serverAddr = "192.0.2.80"
)

var replicaAddrs = map[string]string{"A": "198.51.100.10", "B": "198.51.101.10", "C": "198.51.102.10"}

func mac(n byte) config.MAC { return config.MAC{2, 0, 0, 0, 0, n} }

// gatewaySwitch is a switch with port 1 to the wide area and port 2 to hosts.
func gatewaySwitch(name string, role config.Role, n byte, lanAddress string, hosts ...string) config.Switch {
	core := netip.AddrFrom4([4]byte{172, 16, n, 2})
	s := config.Switch{
		Name: name, Role: role, Address: name + ":9559", Insecure: true,
		Ports: []config.Port{
			{Port: wan, MAC: mac(n), Addresses: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, n, 1}), 30)}},
			{Port: lan, MAC: mac(n + 0x80), Addresses: []netip.Prefix{netip.MustParsePrefix(lanAddress)}},
		},
		Routes:    []config.Route{{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Port: wan, Via: core}},
		Neighbors: []config.Neighbor{{Address: core, Port: wan, MAC: mac(0xfe)}},
	}
	if role == config.ClientGateway {
		s.Ports[1].Side = config.LAN
	}
	for i, h := range hosts {
		s.Neighbors = append(s.Neighbors, config.Neighbor{Address: netip.MustParseAddr(h), Port: lan, MAC: mac(n + 0x40 + byte(i))})
	}
	return s
}

func network(policy config.OriginPolicy, replicas ...string) *config.Config {
	c := &config.Config{Controller: config.Controller{Listen: config.ListenOff}, Health: config.Health{Off: true}}
	c.Switches = []config.Switch{
		gatewaySwitch("cg", config.ClientGateway, 1, "10.0.0.1/24", clientAddr),
		gatewaySwitch("sg", config.ServerGateway, 2, "192.0.2.1/24", serverAddr),
	}
	s := config.Service{
		Name: "web", Server: netip.MustParseAddr(serverAddr), Port: 80, Gateway: "sg", OriginPolicy: policy,
		Steering: config.Steering{Mode: config.SteeringDiscover}, // each connection is a race of all, by the server gateway
	}
	for i, form := range replicas {
		a := netip.MustParseAddr(replicaAddrs[form])
		gateway := "rg" + form
		c.Switches = append(c.Switches, gatewaySwitch(gateway, config.ReplicaGateway, byte(3+i), netip.PrefixFrom(a.Prev(), 24).String(), a.String()))
		s.Replicas = append(s.Replicas, config.Replica{
			Name: "replica-" + form, Address: a, Port: 8080, Configuration: config.Configuration(form), Gateway: gateway,
		})
	}
	c.Services = []config.Service{s}
	c.Steering.Mode = config.SteeringDiscover // where the service is not listed as well
	c.Complete()
	if err := c.Validate(); err != nil {
		panic(err)
	}
	return c
}

// build makes the switches of a network, and web servers that answer.
func (l *lab) build(c *config.Config) {
	for _, s := range c.Switches {
		behind := []string{s.Ports[0].Addresses[0].Masked().String(), s.Ports[1].Addresses[0].Masked().String()}
		l.add(s.Name, behind...)
	}
	for _, one := range c.Services {
		l.serve(one.Gateway, one.Server)
		for _, r := range one.Replicas {
			l.serve(r.Gateway, r.Address)
		}
	}
}

// serve puts a web server behind a gateway: it accepts every SYN and echoes payloads.
func (l *lab) serve(gateway string, at netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hosts[at] = func(l *lab, frame []byte) {
		if answer := respond(frame); answer != nil {
			l.switches[gateway].receive(lan, answer)
		}
	}
}

// segment is a TCP packet as a host sees it.
type segment struct {
	*packet.Ethernet
	*packet.IPv4
	*packet.TCP
	payload []byte
}

func segmentOf(frame []byte) (s segment, ok bool) {
	for _, layer := range packet.Decode(frame).Layers {
		switch x := layer.(type) {
		case *packet.Ethernet:
			s.Ethernet = x
		case *packet.IPv4:
			s.IPv4 = x
		case *packet.TCP:
			s.TCP = x
		case *packet.Payload:
			s.payload = x.Data
		}
	}
	return s, s.TCP != nil
}

// respond is a server's side of TCP, as far as one packet calls for one answer.
func respond(frame []byte) []byte {
	s, ok := segmentOf(frame)
	if !ok {
		return nil
	}
	seq := 5000 + uint32(s.IPv4.Dst.As4()[2]) // each server has its own
	text := fmt.Sprintf("eth %v>%v / ip %v>%v / tcp %d>%d ", s.Ethernet.Dst, s.Ethernet.Src, s.IPv4.Dst, s.IPv4.Src, s.DstPort, s.SrcPort)
	switch s.Flags {
	case packet.SYN:
		text += fmt.Sprintf("SA seq=%d ack=%d mss=1460", seq, s.Seq+1)
	case packet.PSH | packet.ACK:
		text += fmt.Sprintf("PA seq=%d ack=%d / payload \"from %v\"", seq+1, s.Seq+uint32(len(s.payload)), s.IPv4.Dst)
	case packet.FIN | packet.ACK:
		text += fmt.Sprintf("FA seq=%d ack=%d", seq+1, s.Seq+1)
	default:
		return nil
	}
	return packet.MustParse(text).Build()
}

// client is the client's side of one connection.
type client struct {
	lab  *lab
	port uint16
	isn  uint32
	in   chan segment
}

// client puts a client on a port of the client's host.
func (l *lab) client(port uint16, isn uint32) *client {
	c := &client{lab: l, port: port, isn: isn, in: make(chan segment, 100)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.clients == nil {
		l.clients = map[uint16]*client{}
		l.hosts[netip.MustParseAddr(clientAddr)] = func(l *lab, frame []byte) {
			s, ok := segmentOf(frame)
			l.mu.Lock()
			defer l.mu.Unlock()
			if !ok || l.clients[s.DstPort] == nil {
				l.note("client: " + packet.Decode(frame).String())
				return
			}
			if s.IPv4.Src.String() != serverAddr || s.SrcPort != 80 {
				l.t.Errorf("the client sees %v", packet.Decode(frame))
			}
			select {
			case l.clients[s.DstPort].in <- s:
			default:
			}
		}
	}
	l.clients[port] = c
	return c
}

func (c *client) send(what string) {
	c.lab.switches["cg"].receive(lan, packet.MustParse(fmt.Sprintf(
		"eth 41>81 / ip %s>%s df / tcp %d>80 %s", clientAddr, serverAddr, c.port, what)).Build())
}

func (c *client) syn() { c.send(fmt.Sprintf("S seq=%d mss=1460 sackok", c.isn)) }

// next is what the client gets, within a time in which everything arrives.
func (c *client) next() (segment, bool) {
	select {
	case s := <-c.in:
		return s, true
	case <-time.After(30 * time.Second):
		return segment{}, false
	}
}

// open connects and says which server answered, by its sequence number.
func (c *client) open() (server byte) {
	c.lab.t.Helper()
	c.syn()
	s, ok := c.next()
	if !ok || s.Flags != packet.SYN|packet.ACK || s.Ack != c.isn+1 {
		c.lab.t.Fatalf("port %d: no SYN-ACK but %+v", c.port, s.TCP)
	}
	c.send(fmt.Sprintf("A seq=%d ack=%d", c.isn+1, s.Seq+1))
	return byte(s.Seq - 5000)
}

// ask sends a request and gives the answer.
func (c *client) ask() string {
	c.lab.t.Helper()
	c.send(fmt.Sprintf("PA seq=%d ack=1 / payload \"get\"", c.isn+1))
	for {
		s, ok := c.next()
		if !ok {
			c.lab.t.Fatalf("port %d: no answer", c.port)
		}
		if len(s.payload) > 0 {
			return string(s.payload)
		}
	}
}

// racedSYN is a raced SYN as a server gateway sends it.
func racedSYN(replica string) []byte {
	return packet.MustParse(fmt.Sprintf("eth fe>01 / ip %s>%s df / ip 10.99.0.1>%s df / tcp 1234>80 S tag=permitted,attempt=0,gw=9",
		serverAddr, replica, serverAddr)).Build()
}
