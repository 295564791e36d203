package observe

import (
	"net/netip"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// Mode is how a client gateway sent out a connection's first SYN (docs/protocol.md, Steering).
type Mode string

// Discover: by way of the server, whose gateway has it raced. Race: a copy each to several. Direct: to one replica, or
// to the server when that is the nearest. Plain: nothing was steered or tagged.
const (
	Discover Mode = "discover"
	Racing   Mode = "race"
	Direct   Mode = "direct"
	Plain    Mode = "plain"
)

// Copy is one SYN that left a client gateway.
type Copy struct {
	To     netip.Addr    // a replica, or the server
	At     time.Duration // since the client sent its first SYN
	Tagged bool
	Tunnel bool // encapsulated, so straight to a replica
	SYN    int  // which of the client's SYNs it is a copy of, from 1
}

// Mode tells it from the copies of the first SYN. A lone untagged SYN to the server is Plain: on the wire a server that
// was chosen as the nearest looks no different.
func (r *Race) Mode() Mode {
	var first []Copy
	for _, c := range r.Copies {
		if c.SYN == 1 {
			first = append(first, c)
		}
	}
	switch {
	case len(first) > 1:
		return Racing
	case len(first) == 1 && first[0].Tunnel:
		return Direct
	case len(first) == 1 && first[0].Tagged:
		return Discover
	}
	return Plain
}

func (o *Observer) copied(seg Segment, at time.Time) {
	race := o.races[seg.Src]
	if race == nil {
		return
	}
	c := Copy{To: seg.Dst.Addr(), At: at.Sub(race.Start), Tagged: tagged(seg.TCP), SYN: race.SYNs}
	if seg.Outer != nil {
		c.To, c.Tunnel = seg.Outer.Dst, true
	}
	race.Copies = append(race.Copies, c)
}

// tagged: its first option is the tag (docs/protocol.md, The tag).
func tagged(tcp *layers.TCP) bool {
	if len(tcp.Options) == 0 {
		return false
	}
	o := tcp.Options[0]
	return o.OptionType == 253 && len(o.OptionData) >= 2 && o.OptionData[0] == 0x46 && o.OptionData[1] == 0x41
}
