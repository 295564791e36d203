package main

import (
	"encoding/binary"

	"github.com/firstack/firstack/tests/testgen"
)

const (
	ethernetLength = 14
	ipv4Length     = 20
	protocolTCP    = 6
	protocolIPIP   = 4
)

// rightChecksums gives the packet the header checksums that TNA's parser verifies, for p4testgen takes them for right.
// What leaves has them summed anew, which p4testgen does not do: they do not matter to it.
func rightChecksums(t *test) {
	if t.InPort == testgen.CPUPort || len(t.In) < ethernetLength+ipv4Length || t.In[12] != 0x08 || t.In[13] != 0 {
		return
	}
	outer := t.In[ethernetLength:]
	if outer[0] != 0x45 {
		return
	}
	sumHeader(outer)
	if len(outer) < 2*ipv4Length || !whole(outer, protocolIPIP) || !whole(outer[ipv4Length:], protocolTCP) {
		return
	}
	sumHeader(outer[ipv4Length:])
}

// whole tells whether a header without options carries a whole packet of the protocol.
func whole(header []byte, protocol byte) bool {
	return header[0] == 0x45 && binary.BigEndian.Uint16(header[6:])&0x3fff == 0 && header[9] == protocol
}

func sumHeader(header []byte) {
	header[10], header[11] = 0, 0
	sum := uint32(0)
	for i := 0; i < ipv4Length; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(header[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(header[10:], ^uint16(sum))
}
