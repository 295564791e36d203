package ports

import "net"

// Link is what is known of the other side of a port's socket.
type Link struct {
	Up    bool             // frames can pass
	MAC   net.HardwareAddr // of the port itself; nil = not known
	MTU   int              // bytes behind the Ethernet header; 0 = not known
	Speed uint64           // bits per second; 0 = not known
}

// Equal tells whether two links are in the same state.
func (l Link) Equal(o Link) bool {
	return l.Up == o.Up && l.MTU == o.MTU && l.Speed == o.Speed && string(l.MAC) == string(o.MAC)
}
