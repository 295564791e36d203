package differential

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/firstack/firstack/tests/packet"
)

// A flow is a connection that traffic invents, with what its packets have to say to be taken for its own.
type flow struct {
	client, server         string
	clientPort, serverPort uint16
	isn                    uint32
}

// flowsAtOnce is how many flows are spoken of at a time.
const flowsAtOnce = 12

// traffic draws packets of one program.
type traffic struct {
	r       *rand.Rand
	program string
	flows   []flow
	port    uint32 // where the last packet would come in
}

// A given is a frame at a port.
type given struct {
	port  uint32
	frame []byte
	text  string // how it came about
}

// next draws a packet.
func (t *traffic) next() given {
	text := t.packet()
	p, err := packet.Parse(text)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", text, err)) // the texts are made here
	}
	g := given{port: t.port, frame: p.Build(), text: text}
	if chance(t.r, 8) {
		g.port = 1 + uint32(t.r.IntN(ports))
	}
	if chance(t.r, 7) {
		g.frame = mutate(t.r, g.frame)
		g.text += " (mutated)"
	}
	return g
}

func (t *traffic) packet() string {
	frame := fmt.Sprintf("eth %s>%s / ", pick(t.r, macs), pick(t.r, macs))
	t.port = 2
	switch n := t.r.IntN(40); {
	case n == 0:
		return frame + fmt.Sprintf("arp %s sha=%s spa=%s tpa=%s", pick(t.r, []string{"request", "reply", "3"}), pick(t.r, macs), address(t.r), pick(t.r, append(others, address(t.r))))
	case n == 1:
		return frame + t.ip(address(t.r), address(t.r)) + " / udp 53>53 / payload 9"
	case n == 2:
		return frame + t.ip(address(t.r), address(t.r)) + " / icmp echo-request id=1 seq=2 / payload 8"
	case n == 3:
		odd := pick(t.r, []string{" frag=64", " mf", " mf frag=8", " opts=01010101", " opts=9404000001010101", " ver=5", " ihl=4", " ihl=6", " len=20", " len=65535", " proto=6", " evil"})
		return frame + t.ip(address(t.r), address(t.r)) + odd + " / payload 40"
	case n < 9:
		return frame + t.icmp()
	}
	return frame + t.segment()
}

// ip draws an IPv4 header.
func (t *traffic) ip(src, dst string) string {
	text := fmt.Sprintf("ip %s>%s", src, dst)
	if chance(t.r, 6) {
		text += fmt.Sprintf(" ttl=%d", pick(t.r, []int{0, 1, 2, 3, 64, 128, 255}))
	}
	if chance(t.r, 2) {
		text += " df"
	} else {
		text += fmt.Sprintf(" id=%d", t.r.IntN(1<<16))
	}
	if chance(t.r, 3) {
		text += fmt.Sprintf(" dscp=%d ecn=%d", t.r.IntN(64), t.r.IntN(4))
	}
	if chance(t.r, 30) {
		text += fmt.Sprintf(" csum=+0x%04x", 1+t.r.IntN(0xfffe))
	}
	return text
}

// flow picks one that is there, or begins another.
func (t *traffic) flow() *flow {
	if len(t.flows) == 0 || chance(t.r, 12) {
		t.begin()
	}
	f := &t.flows[t.r.IntN(len(t.flows))]
	if chance(t.r, 20) {
		f.isn = t.r.Uint32() // its ports are used again
	}
	return f
}

// begin adds a flow; the oldest makes room.
func (t *traffic) begin() {
	f := flow{
		client: pick(t.r, clients), server: pick(t.r, servers),
		clientPort: uint16(41000 + t.r.IntN(20000)), serverPort: pick(t.r, serverPorts[:2]), isn: t.r.Uint32(),
	}
	if chance(t.r, 4) {
		f.clientPort = pick(t.r, clientPorts)
	}
	if len(t.flows) >= flowsAtOnce {
		t.flows = t.flows[1:]
	}
	t.flows = append(t.flows, f)
}

func (t *traffic) options() string {
	return pick(t.r, []string{"", " mss=1460", " mss=1460 sackok ts=7,0 nop ws=7", " sackok mss=1200", " mss=20", " mss=21", " mss=0",
		" nop nop mss=1460 ts=1,2", " opt=34:0102030405060708 mss=1460", " ts=1,2 sack=1-2,3-4 nop nop", " rawopt=0204", " rawopt=fd0c4641"})
}

func (t *traffic) tag() string {
	switch {
	case chance(t.r, 3):
		return ""
	case chance(t.r, 8):
		return fmt.Sprintf(" tag=answer,direct,attempt=%d,gw=9,epoch=3,mac=0x12345678,res=1", t.r.IntN(8))
	case chance(t.r, 6):
		return " tag=attempt=0,gw=7"
	}
	return fmt.Sprintf(" tag=permitted,attempt=%d,gw=7", max(0, t.r.IntN(12)-4))
}

// tail draws what a segment carries, and an error in its checksum.
func (t *traffic) tail() string {
	text := ""
	if chance(t.r, 30) {
		text += fmt.Sprintf(" csum=+0x%04x", 1+t.r.IntN(0xfffe))
	}
	if chance(t.r, 3) {
		text += fmt.Sprintf(" / payload %d", 1+t.r.IntN(30))
	}
	return text
}

// segment draws a TCP segment of a flow, alone or in a tunnel, from any of those who might send it.
func (t *traffic) segment() string {
	f := t.flow()
	replica := pick(t.r, replicas)
	replicaPort := pick(t.r, []uint16{f.serverPort, f.serverPort, 8080})
	ack := f.isn + 1
	if chance(t.r, 5) {
		ack += uint32(t.r.IntN(2000))
	}
	if t.program == "client_gateway" && chance(t.r, 2) || t.program != "client_gateway" && chance(t.r, 3) {
		return t.upward(f, replica, ack)
	}
	flags := pick(t.r, []string{"SA", "SA", "SA", "A", "PA", "FA", "R", "RA"})
	seq := uint32(t.r.IntN(3)) * 5000
	tag := t.answerTag(flags)
	reply := fmt.Sprintf(" %s seq=%d ack=%d%s%s%s", flags, seq, ack, tag, t.synOptions(flags, tag), t.tail())
	switch t.r.IntN(5) {
	case 0: // the server
		return t.ip(f.server, f.client) + fmt.Sprintf(" / tcp %d>%d", f.serverPort, f.clientPort) + reply
	case 1: // A
		return t.ip(replica, f.client) + fmt.Sprintf(" / tcp %d>%d", replicaPort, f.clientPort) + reply
	case 2: // B
		return t.ip(f.server, f.client) + " / " + t.ip(replica, f.client) + fmt.Sprintf(" / tcp %d>%d", replicaPort, f.clientPort) + reply
	case 3: // C
		return t.ip(replica, f.client) + " / " + t.ip(f.server, f.client) + fmt.Sprintf(" / tcp %d>%d", f.serverPort, f.clientPort) + reply
	}
	return t.ip(address(t.r), f.client) + " / " + t.ip(address(t.r), address(t.r)) + fmt.Sprintf(" / tcp %d>%d", transportPort(t.r), transportPort(t.r)) + reply
}

func (t *traffic) answerTag(flags string) string {
	if flags == "SA" && chance(t.r, 4) {
		return " tag=permitted,answer,attempt=0,gw=9"
	}
	return ""
}

func (t *traffic) synOptions(flags, tag string) string {
	switch {
	case tag != "":
		return pick(t.r, []string{"", " mss=1460", " sackok mss=1200", " ts=1,2"})
	case strings.Contains(flags, "S"):
		return t.options()
	}
	return ""
}

// upward draws a segment from the client's side.
func (t *traffic) upward(f *flow, replica string, ack uint32) string {
	t.port = 1
	syn := t.r.IntN(2) == 0
	flags, rest := pick(t.r, []string{"A", "PA", "FA", "R", "RA", "-"}), fmt.Sprintf(" seq=%d ack=5001", ack)
	if syn {
		flags, rest = "S", fmt.Sprintf(" seq=%d", f.isn)
		if chance(t.r, 12) {
			flags = pick(t.r, []string{"SF", "SR", "SEC"})
		}
		tag := ""
		if t.program != "client_gateway" || chance(t.r, 8) {
			tag = t.tag()
		}
		rest += tag + t.synOptions(flags, tag)
	}
	tail := t.tail()
	if syn && !chance(t.r, 6) {
		tail = ""
	}
	server, serverPort := f.server, f.serverPort
	if chance(t.r, 10) {
		server, serverPort = address(t.r), transportPort(t.r)
	}
	inner := t.ip(f.client, server) + fmt.Sprintf(" / tcp %d>%d %s%s%s", f.clientPort, serverPort, flags, rest, tail)
	tunnelled := t.program == "replica_gateway" && !chance(t.r, 4) || chance(t.r, 12)
	if !tunnelled {
		return inner
	}
	from := f.client
	if syn && !chance(t.r, 4) {
		from = server
	}
	return t.ip(from, replica) + " / " + inner
}

// icmp draws an error about what somebody of a flow sent.
func (t *traffic) icmp() string {
	f := t.flow()
	replica := pick(t.r, replicas)
	kind := pick(t.r, []string{"3/4 mtu=1400", "3/4 mtu=1400", "3/4 mtu=20", "3/1", "3/3", "11/0", "12/0", "4/0", "5/1"})
	size := pick(t.r, []int{28, 28, 48, 48, 48, 68, 20, 8})
	up := fmt.Sprintf(" / tcp %d>%d A seq=%d ack=5001 / payload 40", f.clientPort, f.serverPort, f.isn+1)
	down := fmt.Sprintf(" / tcp %d>%d A seq=5001 ack=%d / payload 40", f.serverPort, f.clientPort, f.isn+1)
	quoted, to := "", f.client
	switch t.r.IntN(8) {
	case 6, 7: // of a tunnel whose headers are in order
		quoted = fmt.Sprintf("ip %s>%s df / ip %s>%s df", f.client, replica, f.client, f.server) + up
	case 0:
		quoted = t.ip(f.client, f.server) + up
	case 1:
		quoted = t.ip(f.client, replica) + up
	case 2:
		quoted = t.ip(f.client, replica) + " / " + t.ip(f.client, f.server) + up
	case 3:
		to = replica
		quoted = t.ip(replica, f.client) + " / " + t.ip(f.server, f.client) + down
	case 4:
		to = f.server
		quoted = t.ip(f.server, f.client) + " / " + t.ip(replica, f.client) + down
	default:
		to = address(t.r)
		quoted = t.ip(address(t.r), address(t.r)) + up
	}
	return t.ip(address(t.r), to) + fmt.Sprintf(" / icmp %s / quote %d / %s", kind, size, quoted)
}
