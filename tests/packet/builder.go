package packet

import (
	"fmt"
	"net/netip"
)

// A Builder makes a packet layer by layer; what is said of a layer applies to the last one of its kind.
// It panics on misuse, as it stands in a test's source.
//
//	packet.New().Eth("aa", "bb").IP("10.1.0.2", "198.51.100.10").TTL(63).DF().
//		TCP(40000, 80, "S").Seq(1000).Options(packet.MSS(1460)).Payload(Pattern(3)).Build()
type Builder struct {
	packet Packet
	eth    *Ethernet
	ip     *IPv4
	tcp    *TCP
}

// New begins a packet.
func New() *Builder { return &Builder{} }

func (b *Builder) add(l Layer) *Builder {
	b.packet.Layers = append(b.packet.Layers, l)
	return b
}

// Eth adds an Ethernet header; addresses as ParseMAC reads them.
func (b *Builder) Eth(src, dst string) *Builder {
	s, err := ParseMAC(src)
	d, err2 := ParseMAC(dst)
	if err != nil || err2 != nil {
		panic(fmt.Sprint("packet: ", err, err2))
	}
	b.eth = &Ethernet{Src: s, Dst: d}
	return b.add(b.eth)
}

// IP adds an IPv4 header, inside the one before if there is one.
func (b *Builder) IP(src, dst string) *Builder {
	b.ip = &IPv4{Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst), TTL: DefaultTTL}
	return b.add(b.ip)
}

// TTL sets the last IPv4 header's TTL.
func (b *Builder) TTL(ttl uint8) *Builder { b.ip.TTL = ttl; return b }

// DF sets the last IPv4 header's don't-fragment flag.
func (b *Builder) DF() *Builder { b.ip.DF = true; return b }

// TrafficClass sets the last IPv4 header's DSCP and ECN.
func (b *Builder) TrafficClass(dscp, ecn uint8) *Builder { b.ip.DSCP, b.ip.ECN = dscp, ecn; return b }

// Fragment sets the last IPv4 header's fragment offset, in bytes, and whether more follow.
func (b *Builder) Fragment(id uint16, offset int, more bool) *Builder {
	b.ip.ID, b.ip.Fragment, b.ip.MF = id, offset, more
	return b
}

// IPChecksum sets the last IPv4 header's checksum.
func (b *Builder) IPChecksum(c Checksum) *Builder { b.ip.Checksum = c; return b }

// TCP adds a TCP header; flags are letters out of SFRPAUEC.
func (b *Builder) TCP(src, dst uint16, flags string) *Builder {
	f, err := ParseTCPFlags(flags)
	if err != nil {
		panic("packet: " + err.Error())
	}
	b.tcp = &TCP{SrcPort: src, DstPort: dst, Flags: f, Window: DefaultWindow}
	return b.add(b.tcp)
}

// Seq sets the TCP sequence number.
func (b *Builder) Seq(n uint32) *Builder { b.tcp.Seq = n; return b }

// Ack sets the TCP acknowledgement number.
func (b *Builder) Ack(n uint32) *Builder { b.tcp.Ack = n; return b }

// Window sets the TCP window.
func (b *Builder) Window(n uint16) *Builder { b.tcp.Window = n; return b }

// Options adds TCP options.
func (b *Builder) Options(o ...TCPOption) *Builder {
	b.tcp.Options = append(b.tcp.Options, o...)
	return b
}

// TCPChecksum sets the TCP checksum.
func (b *Builder) TCPChecksum(c Checksum) *Builder { b.tcp.Checksum = c; return b }

// ICMPError adds an ICMP error that quotes the first n bytes of what is added next.
func (b *Builder) ICMPError(kind, code uint8, rest uint32, n int) *Builder {
	return b.add(&ICMP{Type: kind, Code: code, Rest: rest}).add(&Quote{Size: n})
}

// Payload adds bytes.
func (b *Builder) Payload(data []byte) *Builder { return b.add(&Payload{Data: data}) }

// Packet returns the packet.
func (b *Builder) Packet() *Packet { return &b.packet }

// Build returns the packet's bytes.
func (b *Builder) Build() []byte { return b.packet.Build() }

// MSS is the maximum segment size option.
func MSS(n uint16) TCPOption { return TCPOption{Kind: OptionMSS, Data: []byte{byte(n >> 8), byte(n)}} }

// SACKPermitted is the SACK-permitted option.
func SACKPermitted() TCPOption { return TCPOption{Kind: OptionSACKOK} }

// WindowScale is the window scale option.
func WindowScale(shift uint8) TCPOption {
	return TCPOption{Kind: OptionWindowScale, Data: []byte{shift}}
}
