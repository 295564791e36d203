package packet

import (
	"encoding/binary"
	"strings"
)

func (s *scanner) ethernet() *Ethernet {
	src, dst := s.pair("addresses")
	e := &Ethernet{Src: s.mac(src), Dst: s.mac(dst)}
	s.named(func(name, value string) bool {
		s.once(name)
		e.Type = ptr(uint16(s.unsigned(name, value, 16)))
		return name == "type"
	})
	return e
}

func (s *scanner) arp() *ARP {
	a := &ARP{}
	switch operation := s.positional("the operation"); operation {
	case "request":
		a.Operation = 1
	case "reply":
		a.Operation = 2
	default:
		a.Operation = uint16(s.unsigned("operation", operation, 16))
	}
	s.named(func(name, value string) bool {
		s.once(name)
		switch name {
		case "sha":
			a.SenderMAC = s.mac(value)
		case "spa":
			a.SenderIP = s.addr(value)
		case "tha":
			a.TargetMAC = s.mac(value)
		case "tpa":
			a.TargetIP = s.addr(value)
		default:
			return false
		}
		return true
	})
	if !a.SenderIP.IsValid() || !a.TargetIP.IsValid() {
		s.fail("spa= and tpa= are needed")
	}
	return a
}

func (s *scanner) ipv4() *IPv4 {
	src, dst := s.pair("addresses")
	ip := &IPv4{Src: s.addr(src), Dst: s.addr(dst), TTL: DefaultTTL}
	s.named(func(name, value string) bool {
		s.once(name)
		switch name {
		case "ttl":
			ip.TTL = uint8(s.unsigned(name, value, 8))
		case "id":
			ip.ID = uint16(s.unsigned(name, value, 16))
		case "df":
			ip.DF = true
		case "mf":
			ip.MF = true
		case "evil":
			ip.Evil = true
		case "frag":
			if ip.Fragment = int(s.unsigned(name, value, 16)); ip.Fragment%8 != 0 {
				s.fail("frag: %d is not a multiple of 8", ip.Fragment)
			}
		case "dscp":
			ip.DSCP = uint8(s.unsigned(name, value, 6))
		case "ecn":
			ip.ECN = uint8(s.unsigned(name, value, 2))
		case "opts":
			if ip.Options = s.hex(name, value); len(ip.Options) > 40 {
				s.fail("opts: more than 40 bytes")
			}
		case "proto":
			ip.Protocol = ptr(uint8(s.unsigned(name, value, 8)))
		case "len":
			ip.Length = ptr(uint16(s.unsigned(name, value, 16)))
		case "ihl":
			ip.IHL = ptr(uint8(s.unsigned(name, value, 4)))
		case "ver":
			ip.Version = ptr(uint8(s.unsigned(name, value, 4)))
		case "csum":
			ip.Checksum = s.checksum(value)
		default:
			return false
		}
		return true
	})
	return ip
}

func (s *scanner) tcp() *TCP {
	t := &TCP{Window: DefaultWindow}
	t.SrcPort, t.DstPort = s.ports()
	flags, err := ParseTCPFlags(s.positional("the flags"))
	if err != nil {
		s.fail("%w", err)
	}
	t.Flags = flags
	size := 0
	s.named(func(name, value string) bool {
		if o, ok := s.option(name, value); ok {
			t.Options = append(t.Options, o)
			if size += len(o.append(nil)); size > 40 {
				s.fail("more than 40 bytes of options")
			}
			return true
		}
		s.once(name)
		switch name {
		case "seq":
			t.Seq = uint32(s.unsigned(name, value, 32))
		case "ack":
			t.Ack = uint32(s.unsigned(name, value, 32))
		case "win":
			t.Window = uint16(s.unsigned(name, value, 16))
		case "urg":
			t.Urgent = uint16(s.unsigned(name, value, 16))
		case "res":
			t.Reserved = uint8(s.unsigned(name, value, 4))
		case "off":
			t.Offset = ptr(uint8(s.unsigned(name, value, 4)))
		case "csum":
			t.Checksum = s.checksum(value)
		default:
			return false
		}
		return true
	})
	return t
}

func (s *scanner) udp() *UDP {
	u := &UDP{}
	u.SrcPort, u.DstPort = s.ports()
	s.named(func(name, value string) bool {
		s.once(name)
		switch name {
		case "len":
			u.Length = ptr(uint16(s.unsigned(name, value, 16)))
		case "csum":
			u.Checksum = s.checksum(value)
		default:
			return false
		}
		return true
	})
	return u
}

func (s *scanner) icmp() *ICMP {
	i := &ICMP{}
	message, found := s.positional("the message"), false
	for _, n := range icmpNames {
		if n.name == message {
			i.Type, i.Code, found = n.kind, n.code, true
		}
	}
	if !found {
		kind, code, _ := strings.Cut(message, "/")
		i.Type, i.Code = uint8(s.unsigned("type", kind, 8)), uint8(s.unsigned("code", code, 8))
	}
	rest := make([]byte, 4)
	s.named(func(name, value string) bool {
		s.once(name)
		switch {
		case name == "csum":
			i.Checksum = s.checksum(value)
		case name == "rest":
			binary.BigEndian.PutUint32(rest, uint32(s.unsigned(name, value, 32)))
		case name == "mtu" && i.Type == 3 && i.Code == 4, name == "seq" && i.isEcho():
			binary.BigEndian.PutUint16(rest[2:], uint16(s.unsigned(name, value, 16)))
		case name == "id" && i.isEcho():
			binary.BigEndian.PutUint16(rest, uint16(s.unsigned(name, value, 16)))
		default:
			return false
		}
		return true
	})
	i.Rest = binary.BigEndian.Uint32(rest)
	return i
}
