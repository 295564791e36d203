package flow

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Key is one connection as its client sees it. Addresses are IPv4 in host order: a book may hold a million keys,
// and a netip.Addr is three times as large.
type Key struct {
	Client, Server         uint32
	ClientPort, ServerPort uint16
}

// KeyOf packs a connection; the addresses have to be IPv4.
func KeyOf(client netip.AddrPort, server netip.AddrPort) Key {
	return Key{
		Client: pack(client.Addr()), ClientPort: client.Port(),
		Server: pack(server.Addr()), ServerPort: server.Port(),
	}
}

// ClientEnd is the client's address and port.
func (k Key) ClientEnd() netip.AddrPort { return netip.AddrPortFrom(unpack(k.Client), k.ClientPort) }

// ServerEnd is the server's address and port.
func (k Key) ServerEnd() netip.AddrPort { return netip.AddrPortFrom(unpack(k.Server), k.ServerPort) }

func (k Key) String() string { return fmt.Sprintf("%v>%v", k.ClientEnd(), k.ServerEnd()) }

func pack(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func unpack(v uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	return netip.AddrFrom4(b)
}

// Form is how a winner and the client gateway speak with each other (docs/protocol.md, Encapsulation).
type Form uint8

// The forms, numbered as in p4src/common/constants.p4. FormServer: the server itself answered.
const (
	FormServer Form = 0
	FormA      Form = 1
	FormB      Form = 2
	FormC      Form = 3
	// formUnknown marks an entry that is there with a value that the book can't vouch for.
	formUnknown Form = 255
)

func (f Form) String() string {
	switch f {
	case FormServer:
		return "server"
	case FormA:
		return "A"
	case FormB:
		return "B"
	case FormC:
		return "C"
	}
	return fmt.Sprintf("form %d", uint8(f))
}

// Winner is who a connection runs to. The zero value is nobody.
type Winner struct {
	Addr uint32
	Port uint16
	Form Form
}

// WinnerOf packs a winner; the address has to be IPv4.
func WinnerOf(replica netip.AddrPort, form Form) Winner {
	return Winner{Addr: pack(replica.Addr()), Port: replica.Port(), Form: form}
}

// End is the winner's address and port.
func (w Winner) End() netip.AddrPort { return netip.AddrPortFrom(unpack(w.Addr), w.Port) }

func (w Winner) String() string { return fmt.Sprintf("%v (%v)", w.End(), w.Form) }

// alike tells whether two winners make the same table entries: A and B do, and C's entries carry no port.
func (w Winner) alike(o Winner) bool {
	if w.Form == FormC || o.Form == FormC {
		return w.Form == o.Form && w.Addr == o.Addr
	}
	same := w.Form == o.Form || w.Form != 0 && o.Form != 0 && w.Form != formUnknown && o.Form != formUnknown
	return same && w.Addr == o.Addr && w.Port == o.Port
}

// inboundKey is where the inbound table has the connection: by the replica's end in A and B, by the server's in C.
func inboundKey(k Key, w Winner) Key {
	if w.Form == FormC {
		return k
	}
	return Key{Client: k.Client, ClientPort: k.ClientPort, Server: w.Addr, ServerPort: w.Port}
}
