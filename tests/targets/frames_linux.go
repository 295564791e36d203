package main

import (
	"encoding/binary"
	"os"
	"path/filepath"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables/clientgateway"
	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/tests/vector"

	"net/netip"
)

// Addresses of the vectors' client gateway (tests/vector/data/client_base.yaml): the names c1, a1, a2
// and d1 there.
const (
	macClient  = "02:00:00:00:00:c1"
	macLAN     = "02:00:00:00:00:a1"
	macWAN     = "02:00:00:00:00:a2"
	macNextHop = "02:00:00:00:00:d1"
	macNobody  = "02:00:00:00:00:ee"
	lanPort    = 1
	wanPort    = 2
)

const (
	firstPort = 20000 // of the client's connections that are translated
	flows     = 1000
)

// program is the client gateway with what a controller has installed for flows connections.
type program struct {
	*vector.Program
	tables  *clientgateway.Program
	entries []*p4v1.Update
}

// loadProgram takes the gateway's settings from the vectors in dir.
func loadProgram(dir string) (*program, error) {
	p := &program{}
	var err error
	if p.Program, err = vector.LoadProgram(string(p4src.ClientGateway)); err != nil {
		return nil, err
	}
	if p.tables, err = clientgateway.Bind(p.Info); err != nil {
		return nil, err
	}
	vectors, err := vector.Load(os.DirFS(filepath.Clean(dir)), "client_translated.yaml")
	if err != nil {
		return nil, err
	}
	schema := vector.NewSchema(p.Info)
	for _, e := range vectors[0].Entries {
		entity, err := schema.Entity(e)
		if err != nil {
			return nil, err
		}
		kind := p4v1.Update_INSERT
		if e.Default != "" || e.Meter != "" {
			kind = p4v1.Update_MODIFY
		}
		p.entries = append(p.entries, &p4v1.Update{Type: kind, Entity: entity})
	}
	for i := range flows {
		out, in, err := p.translation(netip.MustParseAddr(clientAddr), firstPort+uint16(i))
		if err != nil {
			return nil, err
		}
		p.entries = append(p.entries, out, in)
	}
	return p, nil
}

// translation makes the entries of a connection in configuration A.
func (p *program) translation(client netip.Addr, port uint16) (out, in *p4v1.Update, err error) {
	server, replica := netip.MustParseAddr(serviceAddr), netip.MustParseAddr(replicaAddr)
	out, err = p.tables.Outbound.Insert(clientgateway.OutboundEntry{
		Key:    clientgateway.OutboundKey{ClientAddr: client, ClientPort: port, ServerAddr: server, ServerPort: 80},
		Action: clientgateway.ToReplica{ReplicaAddr: replica, ReplicaPort: 80},
	})
	if err != nil {
		return nil, nil, err
	}
	in, err = p.tables.Inbound.Insert(clientgateway.InboundEntry{
		Key:    clientgateway.InboundKey{ClientAddr: client, ClientPort: port, PeerAddr: replica, PeerPort: 80},
		Action: clientgateway.FromReplica{ServerAddr: server, ServerPort: 80},
	})
	return out, in, err
}

// stamp is where a frame carries the time it was sent, in nanoseconds: its payload.
const stamp = 14 + 20 + 20

// makeFrames gives one data packet of each connection, as the client sends it, of 64 bytes with the
// frame check sequence.
func makeFrames() [][]byte {
	var out [][]byte
	for i := range flows {
		out = append(out, packet.New().Eth("c1", "a1").IP(clientAddr, serviceAddr).DF().
			TCP(firstPort+uint16(i), 80, "A").Payload(make([]byte, 8)).Build())
	}
	return out
}

// put writes the time into a frame and makes its checksum right.
func put(frame []byte, now uint64) {
	binary.BigEndian.PutUint64(frame[stamp:], now)
	ip, tcp := frame[14:34], frame[34:]
	binary.BigEndian.PutUint16(tcp[16:], 0)
	pseudo := [4]byte{0, packet.ProtoTCP, 0, byte(len(tcp))}
	binary.BigEndian.PutUint16(tcp[16:], ^packet.Sum(ip[12:20], pseudo[:], tcp))
}

// isOurs tells whether a frame that came out is one of the connections', and whether it was translated.
func isOurs(frame []byte) (ours, translated bool) {
	if len(frame) < stamp+8 || frame[12] != 8 || frame[13] != 0 || frame[23] != packet.ProtoTCP {
		return false, false
	}
	switch [4]byte(frame[30:34]) {
	case netip.MustParseAddr(replicaAddr).As4():
		return true, true
	case netip.MustParseAddr(serviceAddr).As4():
		return true, false
	}
	return false, false
}
