package ports

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// virtioLen is the length of struct virtio_net_hdr (linux/virtio_net.h), in bytes.
const virtioLen = 10

// Flags and kinds of struct virtio_net_hdr.
const (
	virtioNeedsChecksum = 1

	gsoNone  = 0
	gsoTCPv4 = 1
	gsoUFO   = 3
	gsoTCPv6 = 4
	gsoUDP   = 5
	gsoECN   = 0x80
)

// virtioHeader says what the sender of a frame left to the network card (PACKET_VNET_HDR, packet(7)).
type virtioHeader struct {
	needsChecksum bool
	gso           uint8 // kind of segmentation, without gsoECN
	gsoSize       int   // payload bytes of a segment
	start, offset int   // the checksum covers the frame from start, and stands at start + offset
}

// parseVirtio reads the header, which is in the machine's byte order.
func parseVirtio(b []byte) virtioHeader {
	return virtioHeader{
		needsChecksum: b[0]&virtioNeedsChecksum != 0,
		gso:           b[1] &^ gsoECN,
		gsoSize:       int(binary.NativeEndian.Uint16(b[4:])),
		start:         int(binary.NativeEndian.Uint16(b[6:])),
		offset:        int(binary.NativeEndian.Uint16(b[8:])),
	}
}

// errChecksum is a checksum to be completed that is not within its frame.
var errChecksum = errors.New("the checksum left to the card is outside of the frame")

const (
	sctpChecksum = 8 // offset of the checksum in an SCTP header
	udpChecksum  = 6
	tcpChecksum  = 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// complete makes the checksum that was left to the card, in place. The field holds the sum of the
// pseudo header (or, for SCTP, nothing).
func (h virtioHeader) complete(frame []byte) error {
	if !h.needsChecksum {
		return nil
	}
	if h.start > len(frame) || h.start+h.offset+2 > len(frame) {
		return fmt.Errorf("%w: start %d, offset %d, %d bytes", errChecksum, h.start, h.offset, len(frame))
	}
	covered := frame[h.start:]
	if h.offset == sctpChecksum && len(covered) >= sctpChecksum+4 && carriesSCTP(frame) {
		field := covered[sctpChecksum : sctpChecksum+4]
		clear(field)
		// RFC 9260 appendix A: the least significant byte goes first.
		binary.LittleEndian.PutUint32(field, crc32.Checksum(covered, castagnoli))
		return nil
	}
	putChecksum(covered[h.offset:], sum(covered), h.offset == udpChecksum)
	return nil
}

// putChecksum writes the complement of a sum. UDP sends 0xffff for 0 (RFC 768), and to every other
// receiver these two are the same.
func putChecksum(field []byte, sum uint16, udp bool) {
	c := ^sum
	if c == 0 && udp {
		c = 0xffff
	}
	binary.BigEndian.PutUint16(field, c)
}

func carriesSCTP(frame []byte) bool {
	n, err := parseNetwork(frame)
	return err == nil && n.protocol == protoSCTP
}
