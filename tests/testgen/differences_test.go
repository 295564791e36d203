package testgen

import (
	"bytes"
	"encoding/binary"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tests/vector"
)

// atLeast is how many cases of a program have to agree.
var atLeast = map[string]int{"client_gateway": 245, "server_gateway": 253, "replica_gateway": 324}

// differs says why a case that does not agree need not; docs/tofino.md has the reasons.
func differs(program string, c *Case, got []vector.Frame) string {
	switch {
	case c.Truncated && c.Out == nil:
		return "a packet too short for its headers is dropped by TNA's parser"
	case program == string(p4src.ClientGateway) && unroutable(c, got):
		return "the controller gets a packet without a route as it came, not as it would have gone on"
	case program == string(p4src.ClientGateway) && contradicts(c.In):
		return "the addresses that a tunnel or an ICMP error shows twice are not compared"
	}
	return ""
}

// unroutable tells whether both hand the packet to the controller, as having no route or one to the switch itself.
func unroutable(c *Case, got []vector.Frame) bool {
	const local, noRoute = 2, 4
	if c.OutPort != CPUPort || len(got) != 1 || got[0].Port != CPUPort || !bytes.Equal(c.Out[:ControlHeader], got[0].Bytes[:ControlHeader]) {
		return false
	}
	reason := c.Out[1] & 0x7f
	return reason == local || reason == noRoute
}

// contradicts tells whether a packet's IPv4 headers do not name the same client: outside and inside a tunnel, or the
// receiver of an ICMP error and the sender of what it quotes.
func contradicts(frame []byte) bool {
	const ethernet, ipv4, icmp = 14, 20, 8
	if len(frame) < ethernet+2*ipv4 || binary.BigEndian.Uint16(frame[12:]) != 0x0800 {
		return false
	}
	outer := frame[ethernet:]
	client := outer[16:20]
	switch outer[9] {
	case 4:
		return !bytes.Equal(client, outer[ipv4+16:ipv4+20])
	case 1:
		if len(outer) < 2*ipv4+icmp {
			return false
		}
		quoted := outer[ipv4+icmp:]
		if quoted[9] == 4 && len(quoted) >= 2*ipv4 && !bytes.Equal(quoted[12:16], quoted[ipv4+12:ipv4+16]) {
			return true
		}
		return !bytes.Equal(client, quoted[12:16])
	}
	return false
}
