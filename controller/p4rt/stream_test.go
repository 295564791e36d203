package p4rt_test

import (
	"errors"
	"net/netip"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/tables/clientgateway"
)

func digest(t testing.TB, p *clientgateway.Program, port uint16) *p4v1.DigestList {
	t.Helper()
	any := netip.MustParseAddr("192.0.2.1")
	l, err := p.FlowEvent.Encode(0, clientgateway.FlowEvent{ClientAddr: any, ClientPort: port, ServerAddr: any, ReplicaAddr: any})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestDigestsAreDeliveredAndAcknowledged(t *testing.T) {
	srv := server(t)
	s, conn, _ := connected(t, srv)
	p := program(t)
	for i := range uint16(5) {
		l := digest(t, p, i)
		if !srv.SendDigest(l) {
			t.Fatal("nobody is primary")
		}
		got := await(t, conn.Digests(), "a digest")
		items, err := p.FlowEvent.Decode(got)
		if err != nil || len(items) != 1 || items[0].ClientPort != i {
			t.Fatalf("%v, %v", items, err)
		}
		if ack := await(t, srv.Acks(), "an acknowledgement"); ack.GetListId() != l.GetListId() || ack.GetDigestId() != l.GetDigestId() {
			t.Errorf("acknowledged %v", ack)
		}
	}
	if st := s.Status().Stats; st.DigestLists != 5 || st.DigestsDropped != 0 {
		t.Errorf("%+v", st)
	}
}

// A handler that takes nothing loses what does not fit, and nothing else stalls.
func TestFullQueuesDropAndCount(t *testing.T) {
	srv := server(t)
	s, conn, _ := connected(t, srv, func(o *p4rt.Options) { o.DigestQueue, o.PacketQueue, o.IdleQueue = 2, 3, 1 })
	p := program(t)
	for i := range 10 {
		srv.SendDigest(digest(t, p, uint16(i)))
		srv.SendPacket(&p4v1.PacketIn{Payload: []byte{byte(i)}})
		srv.SendIdle(&p4v1.IdleTimeoutNotification{TableEntry: []*p4v1.TableEntry{translation(t, p, i, "198.51.100.1").GetTableEntry()}})
	}
	for range 10 {
		await(t, srv.Acks(), "an acknowledgement")
	}
	until(t, "all notifications are in", func() bool { return s.Status().Stats.IdleEntries == 10 })
	st := s.Status().Stats
	if st.DigestLists != 10 || st.DigestsDropped != 8 || st.Packets != 10 || st.PacketsDropped != 7 || st.IdleDropped != 9 {
		t.Errorf("%+v", st)
	}
	if got := await(t, conn.Packets(), "a packet"); got.GetPayload()[0] != 0 {
		t.Error("the queue does not hold what came first")
	}
	if got := await(t, conn.IdleTimeouts(), "a notification"); len(got.GetTableEntry()) != 1 {
		t.Errorf("%v", got)
	}
}

func TestPacketOut(t *testing.T) {
	srv := server(t)
	s, conn, _ := connected(t, srv)
	p := program(t)
	out, err := p.PacketOut.Out(clientgateway.PacketOut{EgressPort: 300}, []byte("frame"))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.PacketOut(out); err != nil {
		t.Fatal(err)
	}
	if got := await(t, srv.PacketOuts(), "a packet"); !proto.Equal(got, out) {
		t.Errorf("%v", got)
	}
	if s.Status().Stats.PacketOuts != 1 {
		t.Error("not counted")
	}
}

func TestPacketOutDoesNotWait(t *testing.T) {
	srv := server(t)
	_, conn, h := connected(t, srv, func(o *p4rt.Options) { o.SendQueue = 1 })
	srv.Close()
	await(t, h.ended, "the term's end")
	var err error
	for range 3 {
		err = errors.Join(err, conn.PacketOut(&p4v1.PacketOut{}))
	}
	if !errors.Is(err, p4rt.ErrQueueFull) {
		t.Errorf("%v", err)
	}
}

func TestStreamErrorsAreCounted(t *testing.T) {
	srv := server(t)
	s, _, _ := connected(t, srv)
	srv.SendError(&p4v1.StreamError{CanonicalCode: 3, Message: "bad packet"})
	until(t, "the error is in", func() bool { return s.Status().Stats.StreamErrors == 1 })
}
