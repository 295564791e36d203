package main

import (
	"encoding/binary"

	"github.com/firstack/firstack/softswitch/ports"
	"github.com/firstack/firstack/tests/packet"
)

// maxHandshakes is how many connections one client can open to one server, by its ports.
const maxHandshakes = 60000

const firstHandshake = 2048 // its port

// Where the fields of a frame are that a handshake fills in: Ethernet, IPv4 without options, TCP.
const (
	atSource   = 26
	atSport    = 34
	atDport    = 36
	atSeq      = 38
	atAck      = 42
	atFlags    = 47
	atTCPSum   = 50
	frameLeast = 54
)

// handshakes are a client that opens connections, and a replica that answers every SYN, in configuration A.
type handshakes struct {
	client, replica  *ports.Interface
	syn, ack, synAck []byte // templates
	unsent           ports.Counters
}

func newTemplates() *handshakes {
	frame := func(from, to, src, dst, flags string) []byte {
		return packet.New().Eth(from, to).IP(src, dst).DF().TCP(80, 80, flags).Options(packet.MSS(1460)).Build()
	}
	return &handshakes{
		syn:    frame("c1", "a1", clientAddr, serviceAddr, "S"),
		ack:    packet.New().Eth("c1", "a1").IP(clientAddr, serviceAddr).DF().TCP(80, 80, "A").Build(),
		synAck: frame("d1", "a2", replicaAddr, clientAddr, "SA"),
	}
}

func newHandshakes(w *world) (*handshakes, error) {
	h := newTemplates()
	var err error
	open := func(p **ports.Interface, iface string) func() error {
		return func() error {
			*p, err = ports.OpenInterface(iface, ports.InterfaceOptions{Queue: 4096})
			return err
		}
	}
	if err := within(w.client, open(&h.client, clientIface)); err != nil {
		return nil, err
	}
	if err := within(w.server, open(&h.replica, serverIface)); err != nil {
		_ = h.client.Close()
		return nil, err
	}
	// A socket that fails shows in answers that do not come.
	h.client.StartBursts(h.complete, func(error) {})
	h.replica.StartBursts(h.answer, func(error) {})
	return h, nil
}

func (h *handshakes) close() {
	_ = h.client.Close()
	_ = h.replica.Close()
}

// open sends the SYNs of count connections.
func (h *handshakes) open(first, count int) {
	var frames [][]byte
	for i := range count {
		port := uint16(firstHandshake + first + i)
		frames = append(frames, fill(h.syn, atSport, port, isn(port), 0))
	}
	h.client.SendBurst(frames, &h.unsent)
}

// answer is the replica: every SYN gets its SYN-ACK.
func (h *handshakes) answer(frames [][]byte) {
	var out [][]byte
	for _, f := range frames {
		if isTCP(f, flagsSyn) {
			out = append(out, fill(h.synAck, atDport, binary.BigEndian.Uint16(f[atSport:]), 5000, binary.BigEndian.Uint32(f[atSeq:])+1))
		}
	}
	h.replica.SendBurst(out, &h.unsent)
}

// complete is the client: every SYN-ACK gets its ACK.
func (h *handshakes) complete(frames [][]byte) {
	var out [][]byte
	for _, f := range frames {
		if isTCP(f, flagsSynAck) {
			out = append(out, fill(h.ack, atSport, binary.BigEndian.Uint16(f[atDport:]), binary.BigEndian.Uint32(f[atAck:]), 5001))
		}
	}
	h.client.SendBurst(out, &h.unsent)
}

// Flags of a TCP segment.
const (
	flagsSyn    = 0x02
	flagsSynAck = 0x12
)

func isTCP(frame []byte, flags byte) bool {
	return len(frame) >= frameLeast && frame[12] == 8 && frame[13] == 0 && frame[14] == 0x45 && frame[23] == packet.ProtoTCP &&
		frame[atFlags] == flags
}

// fill makes a frame of a template: the client's port, the numbers, and the checksum.
func fill(template []byte, atPort int, port uint16, seq, ack uint32) []byte {
	frame := append([]byte(nil), template...)
	binary.BigEndian.PutUint16(frame[atPort:], port)
	binary.BigEndian.PutUint32(frame[atSeq:], seq)
	binary.BigEndian.PutUint32(frame[atAck:], ack)
	binary.BigEndian.PutUint16(frame[atTCPSum:], 0)
	tcp := frame[atSport:]
	pseudo := [4]byte{0, packet.ProtoTCP, 0, byte(len(tcp))}
	binary.BigEndian.PutUint16(frame[atTCPSum:], ^packet.Sum(frame[atSource:atSport], pseudo[:], tcp))
	return frame
}
