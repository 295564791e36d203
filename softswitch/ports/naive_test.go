package ports

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// naiveSum is the sum of RFC 1071, word by word.
func naiveSum(parts ...[]byte) uint16 {
	acc := uint32(0)
	for _, b := range parts {
		for i := 0; i < len(b); i += 2 {
			w := uint32(b[i]) << 8
			if i+1 < len(b) {
				w |= uint32(b[i+1])
			}
			acc += w
			acc = acc&0xffff + acc>>16
		}
	}
	return uint16(acc)
}

// naiveCheck verifies the lengths and checksums of an IP frame with TCP, UDP or SCTP in it.
func naiveCheck(frame []byte) error {
	n, err := parseNetwork(frame)
	if err != nil {
		return err
	}
	ip, payload := frame[n.ip:n.transport], frame[n.transport:]
	var addresses []byte
	if n.six {
		if got := int(binary.BigEndian.Uint16(ip[4:])); got != len(payload) {
			return fmt.Errorf("IPv6 payload length %d of %d", got, len(payload))
		}
		addresses = ip[8:40]
	} else {
		if got := int(binary.BigEndian.Uint16(ip[2:])); got > len(ip)+len(payload) {
			return fmt.Errorf("IPv4 length %d of %d", got, len(ip)+len(payload))
		} else {
			payload = payload[:got-len(ip)] // without padding
		}
		if naiveSum(ip) != 0xffff {
			return errors.New("IPv4 checksum")
		}
		addresses = ip[12:20]
	}
	switch n.protocol {
	case protoSCTP:
		want := binary.LittleEndian.Uint32(payload[8:])
		zeroed := append([]byte(nil), payload...)
		clear(zeroed[8:12])
		if crc32.Checksum(zeroed, crc32.MakeTable(crc32.Castagnoli)) != want {
			return errors.New("SCTP checksum")
		}
		return nil
	case protoUDP:
		if got := int(binary.BigEndian.Uint16(payload[4:])); got != len(payload) {
			return fmt.Errorf("UDP length %d of %d", got, len(payload))
		}
		fallthrough
	case protoTCP:
		pseudo := []byte{0, n.protocol, 0, 0}
		binary.BigEndian.PutUint16(pseudo[2:], uint16(len(payload)))
		if naiveSum(addresses, pseudo, payload) != 0xffff {
			return fmt.Errorf("checksum of protocol %d", n.protocol)
		}
	}
	return nil
}
