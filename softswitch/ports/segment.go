package ports

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	protoTCP  = 6
	protoUDP  = 17
	protoSCTP = 132

	ethMinimum  = 14
	udpHeader   = 8
	flagFIN     = 0x01
	flagPSH     = 0x08
	flagCWR     = 0x80
	tcpFlags    = 13 // offset of the flags in a TCP header
	maxSegments = 1024
)

// errSegment is a frame that its sender left to be cut by a card that there is not, and that is not
// cut here.
var errSegment = errors.New("cannot segment")

// network says where a frame's IP header and what follows it are.
type network struct {
	ip, transport int // offsets in bytes
	six           bool
	protocol      uint8
}

// parseNetwork finds the IP header behind Ethernet and up to two VLAN tags. IPv6 extension headers
// are not followed.
func parseNetwork(frame []byte) (network, error) {
	at := 12
	for range 3 {
		if len(frame) < at+2 {
			break
		}
		switch binary.BigEndian.Uint16(frame[at:]) {
		case 0x8100, 0x88a8:
			at += 4
		case 0x0800:
			return parseIPv4(frame, at+2)
		case 0x86dd:
			if n := at + 2; len(frame) >= n+40 {
				return network{ip: n, transport: n + 40, six: true, protocol: frame[n+6]}, nil
			}
			return network{}, fmt.Errorf("%w: short IPv6 header", errSegment)
		default:
			return network{}, fmt.Errorf("%w: not IP", errSegment)
		}
	}
	return network{}, fmt.Errorf("%w: no IP header", errSegment)
}

func parseIPv4(frame []byte, at int) (network, error) {
	if len(frame) < at+20 {
		return network{}, fmt.Errorf("%w: short IPv4 header", errSegment)
	}
	length := int(frame[at]&0xf) * 4
	if length < 20 || len(frame) < at+length {
		return network{}, fmt.Errorf("%w: IPv4 header of %d bytes", errSegment, length)
	}
	return network{ip: at, transport: at + length, protocol: frame[at+9]}, nil
}

// segmenter cuts frames as a network card with TCP or UDP segmentation would.
type segmenter struct {
	memory []byte // of the segments of one burst
}

// reset takes the memory of all segments back.
func (s *segmenter) reset() { s.memory = s.memory[:0] }

// cut appends the segments of a frame to out. They have complete checksums and are valid until reset.
func (s *segmenter) cut(out [][]byte, frame []byte, h virtioHeader) ([][]byte, error) {
	n, err := parseNetwork(frame)
	if err != nil {
		return out, err
	}
	var header int // length of everything before the payload
	switch want := h.gso; {
	case want == gsoTCPv4 && !n.six && n.protocol == protoTCP, want == gsoTCPv6 && n.six && n.protocol == protoTCP:
		if len(frame) < n.transport+20 {
			return out, fmt.Errorf("%w: short TCP header", errSegment)
		}
		header = n.transport + int(frame[n.transport+12]>>4)*4
		if header < n.transport+20 {
			return out, fmt.Errorf("%w: TCP header of %d bytes", errSegment, header-n.transport)
		}
	case want == gsoUDP && n.protocol == protoUDP:
		header = n.transport + udpHeader
	default:
		return out, fmt.Errorf("%w: %s over protocol %d", errSegment, gsoText(want), n.protocol)
	}
	switch {
	case h.needsChecksum && h.start != n.transport:
		return out, fmt.Errorf("%w: a tunnel, whose inner packets were to be cut", errSegment)
	case header > len(frame) || h.gsoSize == 0 || (len(frame)-header)/h.gsoSize > maxSegments:
		return out, fmt.Errorf("%w: %d bytes with %d of headers into segments of %d", errSegment, len(frame), header, h.gsoSize)
	}
	payload := frame[header:]
	for i, from := 0, 0; from == 0 || from < len(payload); i, from = i+1, from+h.gsoSize {
		piece := payload[from:min(from+h.gsoSize, len(payload))]
		at := len(s.memory)
		s.memory = append(append(s.memory, frame[:header]...), piece...)
		segment := s.memory[at:len(s.memory):len(s.memory)]
		n.adapt(segment, i, from, from+len(piece) == len(payload))
		out = append(out, segment)
	}
	return out, nil
}

// adapt makes a segment's headers those of the i-th, whose payload begins at from.
func (n network) adapt(segment []byte, i, from int, last bool) {
	ip, transport := segment[n.ip:n.transport], segment[n.transport:]
	var addresses []byte
	if n.six {
		binary.BigEndian.PutUint16(ip[4:], uint16(len(transport)))
		addresses = ip[8:40]
	} else {
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(transport)))
		binary.BigEndian.PutUint16(ip[4:], binary.BigEndian.Uint16(ip[4:])+uint16(i))
		ip[10], ip[11] = 0, 0
		binary.BigEndian.PutUint16(ip[10:], ^sum(ip))
		addresses = ip[12:20]
	}
	field := tcpChecksum
	if n.protocol == protoTCP {
		binary.BigEndian.PutUint32(transport[4:], binary.BigEndian.Uint32(transport[4:])+uint32(from))
		if !last {
			transport[tcpFlags] &^= flagFIN | flagPSH
		}
		if i > 0 {
			transport[tcpFlags] &^= flagCWR // RFC 3168, 6.1.2: once per window
		}
	} else {
		field = udpChecksum
		binary.BigEndian.PutUint16(transport[4:], uint16(len(transport)))
	}
	transport[field], transport[field+1] = 0, 0
	total := add(sum(addresses), uint16(n.protocol), uint16(len(transport)), sum(transport))
	putChecksum(transport[field:], total, field == udpChecksum)
}

func gsoText(kind uint8) string {
	switch kind {
	case gsoTCPv4:
		return "TCP segments over IPv4"
	case gsoTCPv6:
		return "TCP segments over IPv6"
	case gsoUFO:
		return "UDP fragments"
	case gsoUDP:
		return "UDP segments"
	}
	return fmt.Sprintf("segmentation of kind %d", kind)
}
