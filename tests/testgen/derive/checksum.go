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
func rightChecksums(t *test) {
	if t.InPort == testgen.CPUPort || len(t.In) < ethernetLength+ipv4Length || t.In[12] != 0x08 || t.In[13] != 0 {
		return
	}
	outer := t.In[ethernetLength:]
	if outer[0] != 0x45 {
		return
	}
	sumHeader(outer)
	if len(outer) < 2*ipv4Length || !carries(outer, protocolIPIP) || !carries(outer[ipv4Length:], protocolTCP) {
		return
	}
	sumHeader(outer[ipv4Length:])
}

// carries tells whether a header without options carries a whole packet of the protocol.
func carries(header []byte, protocol byte) bool {
	return header[0] == 0x45 && binary.BigEndian.Uint16(header[6:])&0x3fff == 0 && header[9] == protocol
}

// sumOut works out what p4testgen does not: IPv4 header checksums that the deparser sums anew.
func sumOut(t *test) {
	at := ethernetLength
	if t.OutPort == testgen.CPUPort {
		at += testgen.ControlHeader
	}
	for ; at+ipv4Length <= len(t.Out) && t.Out[at] == 0x45; at += ipv4Length {
		header, mask := t.Out[at:at+ipv4Length], t.Mask[at:at+ipv4Length]
		if mask[10] == 0 && mask[11] == 0 && known(mask[:10]) && known(mask[12:]) {
			sumHeader(header)
			mask[10], mask[11] = 0xff, 0xff
		}
		if header[9] != protocolIPIP {
			return
		}
	}
}

func known(mask []byte) bool {
	for _, m := range mask {
		if m != 0xff {
			return false
		}
	}
	return true
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
