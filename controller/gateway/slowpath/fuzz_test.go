package slowpath

import (
	"testing"
	"time"

	"github.com/firstack/firstack/tests/packet"
)

// FuzzPacket gives a router frames of all kinds: it must not panic, and what it sends has right checksums.
func FuzzPacket(f *testing.F) {
	for _, s := range []string{
		reply,
		"eth aa>02 / ip 10.0.7.7>198.51.100.9 ttl=1 / tcp 5>80 S",
		"eth aa>02 / ip 10.0.7.7>10.0.0.1 / icmp echo-request id=7 seq=9 / payload 20",
		"eth fe>01 / ip 198.51.100.9>10.0.7.7 / udp 5>80 / payload 8",
		"eth aa>02 / ip 10.0.7.7>203.0.113.1 opts=01010101 / udp 5>80",
	} {
		for why := TTL; why <= NoRoute; why++ {
			f.Add(uint16(2), uint8(why), frame(s))
		}
	}
	f.Fuzz(func(t *testing.T, port uint16, why uint8, in []byte) {
		r := New(routing())
		out, _ := r.Packet(port, Reason(why), in, 0)
		for s := range 5 {
			more, _ := r.Tick(time.Duration(s) * time.Second)
			out = append(out, more...)
		}
		for _, o := range out {
			if err := packet.CheckFrame(o.Frame); err != nil {
				t.Errorf("%s answered with %s: %v", packet.Decode(in), packet.Decode(o.Frame), err)
			}
		}
	})
}
