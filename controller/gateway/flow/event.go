package flow

import "time"

// TCP flags of RFC 9293 section 3.1 that the book looks at.
const (
	FIN = 0x01
	SYN = 0x02
	RST = 0x04
)

// Event is what the switch told about one connection (p4src/common/metadata.p4, flow_event_t).
type Event struct {
	Key        Key
	Winner     Winner        // claimed only
	FromClient bool          // the packet came from the clients' side
	Flags      uint8         // TCP flags of the packet
	ISN        uint32        // the SYN's sequence number + 1, where the packet shows it
	Tick       uint32        // the switch's clock (Limits.Clock)
	At         time.Duration // the book's clock
}

// showsISN tells whether the packet was part of a handshake. A slot is told again by data packets too, whose
// sequence numbers say nothing about the SYN.
func (e *Event) showsISN() bool { return !e.FromClient || e.Flags&SYN != 0 }
