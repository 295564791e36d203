package slowpath

import (
	"encoding/binary"
	"net/netip"

	"github.com/firstack/firstack/tables"
)

const (
	arpLength  = 28
	arpRequest = 1
	arpReply   = 2
)

// request asks who has an address (RFC 826): broadcast, or to a neighbor that is only to confirm itself.
func request(to, mac tables.MAC, own, asked netip.Addr) []byte {
	p := make([]byte, arpLength)
	copy(p, []byte{0, 1, 8, 0, 6, 4, 0, arpRequest})
	copy(p[8:], mac[:])
	o, a := own.As4(), asked.As4()
	copy(p[14:], o[:])
	copy(p[24:], a[:])
	return ethernet(to, mac, typeARP, p)
}

// parseReply reads an ARP reply for IPv4 over Ethernet.
func parseReply(frame []byte) (sender netip.Addr, mac tables.MAC, ok bool) {
	if len(frame) < ethernetLength+arpLength || binary.BigEndian.Uint16(frame[12:]) != typeARP {
		return sender, mac, false
	}
	p := frame[ethernetLength:]
	if [8]byte(p[:8]) != [8]byte{0, 1, 8, 0, 6, 4, 0, arpReply} {
		return sender, mac, false
	}
	mac = tables.MAC(p[8:14])
	sender = netip.AddrFrom4([4]byte(p[14:18]))
	unicast := mac[0]&1 == 0 && mac != tables.MAC{}
	return sender, mac, unicast
}
