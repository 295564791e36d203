package p4rt_test

import (
	"fmt"
	"strings"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/ports"
)

// TestArbitration drives the rules over real streams; the rules themselves are tested in arbiter.
func TestArbitration(t *testing.T) {
	r := newRig(t, softswitch.Options{})
	a := r.open()
	a.arbitrate(5, "")
	if m := a.arbitration(); codes.Code(m.GetStatus().GetCode()) != codes.OK || m.GetElectionId().GetLow() != 5 || m.GetDeviceId() != device {
		t.Errorf("first: %v", m)
	}
	b := r.open()
	b.arbitrate(6, "")
	if m := b.arbitration(); codes.Code(m.GetStatus().GetCode()) != codes.OK {
		t.Errorf("higher: %v", m)
	}
	if m := a.arbitration(); codes.Code(m.GetStatus().GetCode()) != codes.AlreadyExists || m.GetElectionId().GetLow() != 6 {
		t.Errorf("replaced: %v", m)
	}
	c := r.open()
	c.arbitrate(6, "")
	if err := c.ended(); status.Code(err) != codes.InvalidArgument || status.Convert(err).Message() != "Election id already exists" {
		t.Errorf("same id: %v", err)
	}
	b.cancel()
	if m := a.arbitration(); codes.Code(m.GetStatus().GetCode()) != codes.NotFound {
		t.Errorf("primary gone: %v", m)
	}
	if _, err := r.Write(t.Context(), r.request()); status.Code(err) != codes.PermissionDenied || status.Convert(err).Message() != "Not primary" {
		t.Errorf("write without primary: %v", err)
	}
	d := r.open()
	d.send(&p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_Arbitration{Arbitration: &p4v1.MasterArbitrationUpdate{DeviceId: 99}}})
	if err := d.ended(); status.Code(err) != codes.NotFound {
		t.Errorf("another device: %v", err)
	}
}

func TestAtMostSixteen(t *testing.T) {
	r := newRig(t, softswitch.Options{})
	for i := range 16 {
		r.client(uint64(i+1), fmt.Sprintf("role%d", i%3))
	}
	c := r.open()
	c.arbitrate(99, "")
	if err := c.ended(); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("the 17th: %v", err)
	}
}

// TestClose: streams end with UNAVAILABLE when the switch is closed.
func TestClose(t *testing.T) {
	r := newRig(t, softswitch.Options{})
	c := r.client(1, "")
	if err := r.sw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.ended(); status.Code(err) != codes.Unavailable {
		t.Errorf("stream: %v", err)
	}
	d := r.open()
	if err := d.ended(); status.Code(err) != codes.Unavailable {
		t.Errorf("stream after Close: %v", err)
	}
}

// wire is a port that keeps what is sent.
type wire struct{ frames chan string }

func newWire() *wire { return &wire{make(chan string, 1024)} }

func (w *wire) Name() string { return "wire" }
func (w *wire) Close() error { return nil }
func (w *wire) Send(f []byte) error {
	select {
	case w.frames <- string(f):
		return nil
	default:
		return ports.ErrFull
	}
}

func (r *rig) port(id uint32) *wire {
	r.t.Helper()
	w := newWire()
	if err := r.sw.AddPort(id, w); err != nil {
		r.t.Fatal(err)
	}
	return w
}

// frame is an Ethernet frame without flow header.
func frame(src byte, payload string) string {
	return "\x02\x00\x00\x00\x00\xff\x02\x00\x00\x00\x00" + string(src) + "\x08\x06" + payload
}

func packetOut(payload string, md ...*p4v1.PacketMetadata) *p4v1.StreamMessageRequest {
	return &p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_Packet{Packet: &p4v1.PacketOut{Payload: []byte(payload), Metadata: md}}}
}

func md(id uint32, value string) *p4v1.PacketMetadata {
	return &p4v1.PacketMetadata{MetadataId: id, Value: []byte(value)}
}

func TestPacketOut(t *testing.T) {
	r, c := ready(t, softswitch.Options{})
	w := r.port(300)
	c.send(packetOut(frame(1, "out"), md(1, "\x01\x2c"), md(2, "\x00")))
	if got := <-w.frames; got != frame(1, "out") {
		t.Errorf("sent %q", got)
	}
	for _, bad := range []struct {
		m    *p4v1.StreamMessageRequest
		says string
	}{
		{packetOut(frame(1, "x"), md(1, "\x01"), md(7, "\x01")), "no metadata 7"},
		{packetOut(frame(1, "x"), md(1, "\x01")), "missing"},
		{packetOut("", md(1, "\x01"), md(2, "\x00")), "no payload"},
	} {
		c.send(bad.m)
		e := c.next().GetError()
		if codes.Code(e.GetCanonicalCode()) != codes.InvalidArgument || !strings.Contains(e.GetMessage(), bad.says) ||
			!proto.Equal(e.GetPacketOut().GetPacketOut(), bad.m.GetPacket()) {
			t.Errorf("got %v, want an error with %q", e, bad.says)
		}
	}
	backup := r.client(0, "")
	backup.send(packetOut(frame(1, "x"), md(1, "\x01"), md(2, "\x00")))
	if e := backup.next().GetError(); codes.Code(e.GetCanonicalCode()) != codes.PermissionDenied {
		t.Errorf("packet-out of a backup: %v", e)
	}
	if st := r.sw.P4Runtime().Stats(); st.PacketOuts != 1 || st.PacketOutErrors != 4 {
		t.Errorf("stats %+v", st)
	}
}

func TestPacketIn(t *testing.T) {
	r, c := ready(t, softswitch.Options{})
	backup := r.client(0, "")
	r.port(300)
	r.sw.Receive(300, []byte(frame(1, "in")))
	p := c.next().GetPacket()
	if string(p.GetPayload()) != frame(1, "in") || len(p.GetMetadata()) != 3 {
		t.Fatalf("got %v", p)
	}
	for i, want := range []string{"\x01\x2c", "\x00", "\x00"} {
		if m := p.GetMetadata()[i]; m.GetMetadataId() != uint32(i+1) || string(m.GetValue()) != want {
			t.Errorf("metadata %v, want %x", m, want)
		}
	}
	backup.send(&p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_DigestAck{DigestAck: &p4v1.DigestListAck{}}})
	if m := backup.next(); m.GetError() == nil {
		t.Errorf("a backup got %v", m)
	}
}

// TestSlowClient: a primary that reads nothing neither stops the data plane nor other clients.
func TestSlowClient(t *testing.T) {
	r, _ := ready(t, softswitch.Options{QueueLen: 16})
	r.port(1)
	ctx := t.Context()
	stream, err := r.StreamChannel(ctx) // nobody receives from it
	if err != nil {
		t.Fatal(err)
	}
	slow := &client{t: t, stream: stream}
	watcher := r.client(0, "")
	slow.arbitrate(2, "")
	if m := watcher.arbitration(); codes.Code(m.GetStatus().GetCode()) != codes.AlreadyExists {
		t.Fatal(m)
	}
	big := frame(1, strings.Repeat("x", 8000))
	for range 2000 {
		r.sw.Receive(1, []byte(big))
	}
	st := r.sw.P4Runtime().Stats()
	if st.PacketInDrops == 0 || st.PacketIns+st.PacketInDrops != 2000 {
		t.Errorf("stats %+v", st)
	}
	// Messages that must not be lost are not; another client takes over.
	watcher.arbitrate(3, "")
	if m := watcher.arbitration(); codes.Code(m.GetStatus().GetCode()) != codes.OK {
		t.Errorf("takeover: %v", m)
	}
	r.sw.Receive(1, []byte(frame(1, "in")))
	if p := watcher.next().GetPacket(); string(p.GetPayload()) != frame(1, "in") {
		t.Errorf("got %v", p)
	}
}

// TestStuckClient: a client that lets arbitration messages pile up loses its stream.
func TestStuckClient(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.port(1)
	stream, err := r.StreamChannel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stuck := &client{t: t, stream: stream}
	other := r.client(0, "")
	stuck.arbitrate(2, "")
	other.arbitration()
	big := frame(1, strings.Repeat("x", 8000))
	for range 2000 { // until flow control stops the stream
		r.sw.Receive(1, []byte(big))
	}
	for i := range 100 {
		other.arbitrate(uint64(10+i), "")
		other.arbitration()
	}
	err = nil
	for err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("stream ended with %v", err)
	}
}

// TestRoles: a table reserved for a role is out of reach for others, and digests and packets go to
// every role's primary.
func TestRoles(t *testing.T) {
	r, c := ready(t, softswitch.Options{})
	r.port(1)
	guard := r.client(7, "guard")
	other := r.client(7, "other")
	guarded := `table_entry { table_id: $guarded match { field_id: 1 exact { value: "\x01" } } action { action { action_id: $NoAction } } }`
	write := func(role, entity string) codes.Code {
		req := &p4v1.WriteRequest{DeviceId: device, Role: role, ElectionId: &p4v1.Uint128{Low: 7}, Updates: []*p4v1.Update{r.update("insert", entity)}}
		_, err := r.Write(t.Context(), req)
		if err == nil {
			return codes.OK
		}
		return codes.Code(details(t, err)[0].GetCanonicalCode())
	}
	if got := write("other", guarded); got != codes.PermissionDenied {
		t.Errorf("another role: %v", got)
	}
	if got := write("guard", guarded); got != codes.OK {
		t.Errorf("the role itself: %v", got)
	}
	if got := write("other", route); got != codes.OK {
		t.Errorf("a table for all: %v", got)
	}
	for role, want := range map[string]int{"": 1, "guard": 1, "other": 0} {
		got, err := r.readRequest(&p4v1.ReadRequest{DeviceId: device, Role: role, Entities: []*p4v1.Entity{r.p.entity(t, `table_entry { table_id: $guarded }`)}})
		if err != nil || len(got) != want {
			t.Errorf("role %q reads %v, %v", role, got, err)
		}
	}
	r.sw.Receive(1, []byte(frame(1, "in")))
	for _, c := range []*client{c, guard, other} {
		if p := c.next().GetPacket(); string(p.GetPayload()) != frame(1, "in") {
			t.Errorf("got %v", p)
		}
	}
}
