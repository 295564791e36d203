package bench

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

const (
	gatewayName = "cg-frankfurt"
	// young is how many connections are opened before the first of them has to be learned.
	young = 1000
	slots = 65536 // p4src/common/sizes.p4
)

// BenchmarkLearn opens connections: a SYN from a client, an answer from a replica, which wins in the switch; its
// digest goes to the controller, and both translation entries come back. One op is one connection whose entries are
// in the switch.
func BenchmarkLearn(b *testing.B) {
	top, err := spec.Default()
	check(b, err)
	n, err := live.Start(b.Context(), top, live.Options{Scale: 0.01, Edit: func(c *config.Config) {
		c.Health.Off = true
		c.Timers.SlotPending, c.Timers.Tell = 10*time.Millisecond, 2*time.Millisecond
	}})
	check(b, err)
	defer n.Close()
	l := &learner{sw: n.Switch(gatewayName), opener: newOpener()}
	before := processorTime()
	b.ResetTimer()
	for done := 0; done < b.N; done += young {
		l.open(b, min(young, b.N-done))
	}
	b.ReportMetric(float64(b.N)/(processorTime()-before).Seconds(), "connections/core-s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "connections/s")
}

// learner opens connections in a client gateway and waits for their translations.
type learner struct {
	sw      *softswitch.Switch
	opener  *opener
	learned int
}

func (l *learner) open(b *testing.B, count int) {
	var flows []flow
	for range count {
		f := l.opener.next()
		flows = append(flows, f)
		l.sw.Receive(plan.LAN, l.opener.syn(f))
		l.sw.Receive(plan.WAN, l.opener.answer(f))
	}
	l.learned += count
	deadline := time.Now().Add(time.Minute)
	for again := time.Now().Add(50 * time.Millisecond); l.entries() < l.learned; {
		if now := time.Now(); now.After(deadline) {
			b.Fatalf("%d of %d connections learned", l.entries(), l.learned)
		} else if now.After(again) {
			// A digest was lost, as digests may be: the client's packets make the switch tell again.
			for _, f := range flows {
				l.sw.Receive(plan.LAN, l.opener.data(f))
			}
			again = now.Add(50 * time.Millisecond)
		}
		time.Sleep(100 * time.Microsecond)
	}
	for _, f := range flows { // translated now, they give their slots back
		l.sw.Receive(plan.LAN, l.opener.data(f))
	}
}

// entries counts the connections that have both.
func (l *learner) entries() (count int) {
	p := l.sw.Pipeline()
	p.Do(func() {
		count = min(p.Table("ClientGateway.translation.outbound").Len(), p.Table("ClientGateway.translation.inbound").Len())
	})
	return count
}

// flow is a client's address and port.
type flow struct {
	addr uint32
	port uint16
}

// opener makes the packets of connections to a server that is raced but not there, so that nobody else answers. It leaves
// out clients whose slot one of the last few batches has.
type opener struct {
	synFrame, answerFrame, dataFrame []byte
	n                                uint32
	used                             map[uint16]uint32 // slot, and n when it was taken
}

func newOpener() *opener {
	frame := func(src, dst, flags string, sport, dport uint16) []byte {
		return packet.New().Eth("aa", "bb").IP(src, dst).DF().TCP(sport, dport, flags).Options(packet.MSS(1460)).Build()
	}
	const nobody, winner, anyone = "203.0.113.9", "198.51.100.1", "10.1.0.0"
	return &opener{
		synFrame: frame(anyone, nobody, "S", 0, 80), answerFrame: frame(winner, anyone, "SA", 80, 0),
		dataFrame: frame(anyone, nobody, "A", 0, 80), used: map[uint16]uint32{},
	}
}

func (o *opener) next() flow {
	for {
		o.n++
		f := flow{10<<24 | 64<<16 | o.n>>14, uint16(1024 + o.n&0x3fff)}
		var key [6]byte
		binary.BigEndian.PutUint32(key[:], f.addr)
		binary.BigEndian.PutUint16(key[4:], f.port)
		slot := crc16(key[:]) & (slots - 1)
		if taken, ok := o.used[slot]; !ok || o.n-taken > 8*young {
			o.used[slot] = o.n
			return f
		}
	}
}

// crc16 is CRC-16/ARC, by which the switch finds a slot.
func crc16(b []byte) (sum uint16) {
	for _, x := range b {
		sum ^= uint16(x)
		for range 8 {
			sum = sum>>1 ^ 0xa001*(sum&1)
		}
	}
	return sum
}

func (o *opener) syn(f flow) []byte  { return o.fill(o.synFrame, 26, 34, f, 38, 1000) }
func (o *opener) data(f flow) []byte { return o.fill(o.dataFrame, 26, 34, f, 38, 1001) }

func (o *opener) answer(f flow) []byte { return o.fill(o.answerFrame, 30, 36, f, 42, 1001) }

// fill puts a client and a sequence or acknowledgement number into a frame and makes its checksums right.
func (o *opener) fill(frame []byte, addr, port int, f flow, number int, value uint32) []byte {
	binary.BigEndian.PutUint32(frame[addr:], f.addr)
	binary.BigEndian.PutUint16(frame[port:], f.port)
	binary.BigEndian.PutUint32(frame[number:], value)
	ip, tcp := frame[14:34], frame[34:]
	binary.BigEndian.PutUint16(ip[10:], 0)
	binary.BigEndian.PutUint16(ip[10:], ^packet.Sum(ip))
	binary.BigEndian.PutUint16(tcp[16:], 0)
	pseudo := [4]byte{0, packet.ProtoTCP, 0, byte(len(tcp))}
	binary.BigEndian.PutUint16(tcp[16:], ^packet.Sum(ip[12:20], pseudo[:], tcp))
	return frame
}
