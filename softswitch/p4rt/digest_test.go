package p4rt_test

import (
	"sync/atomic"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch"
)

func ack(digest uint32, list uint64) *p4v1.StreamMessageRequest {
	return &p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_DigestAck{DigestAck: &p4v1.DigestListAck{DigestId: digest, ListId: list}}}
}

// digest waits for the next digest list, packet-ins left out.
func (c *client) digest() *p4v1.DigestList {
	c.t.Helper()
	for {
		if m := c.next(); m.GetPacket() == nil {
			if m.GetDigest() == nil {
				c.t.Fatalf("got %v, want a digest list", m)
			}
			return m.GetDigest()
		}
	}
}

func learned(t *testing.T, src, port string) *p4v1.P4Data {
	d := &p4v1.P4Data{}
	if err := prototext.Unmarshal([]byte(`struct { members { bitstring: "`+src+`" } members { bitstring: "`+port+`" } }`), d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDigests: from a packet to the list, the acknowledgement and the next list.
func TestDigests(t *testing.T) {
	r, c := ready(t, softswitch.Options{})
	r.port(300)
	receive := func(src byte) { r.sw.Receive(300, []byte(frame(src, ""))) }
	receive(1) // not enabled
	r.mustWrite("insert", `digest_entry { digest_id: $learn_t config { max_list_size: 2 max_timeout_ns: 1000000000000 ack_timeout_ns: 1000000000000 } }`)
	receive(1)
	receive(1)
	receive(2)
	l := c.digest()
	if l.GetDigestId() != r.p.ids["learn_t"] || l.GetListId() == 0 || l.GetTimestamp() == 0 || len(l.GetData()) != 2 ||
		!proto.Equal(l.GetData()[0], learned(t, `\x02\x00\x00\x00\x00\x01`, `\x01\x2c`)) ||
		!proto.Equal(l.GetData()[1], learned(t, `\x02\x00\x00\x00\x00\x02`, `\x01\x2c`)) {
		t.Errorf("list %v", l)
	}
	receive(1) // suppressed
	c.send(ack(l.GetDigestId(), l.GetListId()))
	c.send(ack(99, 1))
	for m := c.next(); ; m = c.next() {
		if m.GetPacket() != nil {
			continue
		}
		if e := m.GetError(); codes.Code(e.GetCanonicalCode()) != codes.InvalidArgument || e.GetDigestListAck().GetDigestListAck().GetDigestId() != 99 {
			t.Errorf("acknowledgement of an unknown digest: %v", m)
		}
		break
	}
	receive(2)
	receive(3)
	if got := c.digest(); got.GetListId() != l.GetListId()+1 || !proto.Equal(got.GetData()[0], l.GetData()[1]) {
		t.Errorf("after the acknowledgement: %v", got)
	}
	r.mustWrite("modify", `digest_entry { digest_id: $learn_t config { max_list_size: 9 max_timeout_ns: 1 } }`)
	receive(4)
	if got := c.digest(); len(got.GetData()) != 1 {
		t.Errorf("by timeout: %v", got)
	}
	r.mustWrite("delete", `digest_entry { digest_id: $learn_t }`)
	receive(5)
	st := r.sw.P4Runtime().Stats().Digests
	if st.Sent != 5 || st.Suppressed != 2 || st.Disabled != 2 {
		t.Errorf("stats %+v", st)
	}
}

// TestDigestsOfSuccessor: a new primary hears of what its predecessor has not acknowledged.
func TestDigestsOfSuccessor(t *testing.T) {
	r, c := ready(t, softswitch.Options{})
	r.port(1)
	r.mustWrite("insert", `digest_entry { digest_id: $learn_t config { max_list_size: 1 ack_timeout_ns: 1000000000000 } }`)
	r.sw.Receive(1, []byte(frame(1, "")))
	first := c.digest()
	c2 := r.client(2, "")
	r.sw.Receive(1, []byte(frame(1, "")))
	if got := c2.digest(); !proto.Equal(got.GetData()[0], first.GetData()[0]) {
		t.Errorf("got %v", got)
	}
	// A commit takes the configuration away with the old program; a saved program brings its own.
	r.id = 2
	enable := `digest_entry { digest_id: $learn_t config { max_list_size: 1 } }`
	if err := r.write("insert", enable); status.Code(err) != codes.AlreadyExists {
		t.Errorf("enabled twice: %v", err)
	}
	r.mustSet(verifyAndSave, r.p, 5)
	r.mustWrite("insert", enable)
	r.mustSet(commit, nil, 0)
	r.sw.Receive(1, []byte(frame(9, "")))
	if got := c2.digest(); !proto.Equal(got.GetData()[0], learned(t, `\x02\x00\x00\x00\x00\x09`, `\x01`)) {
		t.Errorf("after the commit: %v", got)
	}
}

// TestIdle: an entry that is not hit is reported once a timeout, with its key and its metadata.
func TestIdle(t *testing.T) {
	var clock atomic.Uint64
	r, c := ready(t, softswitch.Options{Now: clock.Load})
	entry := sub(flow, "match { field_id: 1", `idle_timeout_ns: 1000000000 metadata: "m" match { field_id: 1`)
	r.mustWrite("insert", entry)
	r.mustWrite("insert", sub(flow, `"\x50"`, `"\x51"`)) // never expires
	clock.Store(400_000)
	r.wantRead(sub(keyOnly(flow), "match { field_id: 1", "time_since_last_hit {} match { field_id: 1"),
		sub(entry, "match { field_id: 1", "time_since_last_hit { elapsed_ns: 400000000 } match { field_id: 1"))
	for i := range uint64(3) {
		clock.Store(1_000_000 * (i + 1))
		n := c.next().GetIdleTimeoutNotification()
		if len(n.GetTableEntry()) != 1 || n.GetTimestamp() == 0 {
			t.Fatalf("got %v", n)
		}
		got := proto.Clone(n.GetTableEntry()[0]).(*p4v1.TableEntry)
		got.Action = nil
		want := r.p.entity(t, entry).GetTableEntry()
		want.Action = nil
		if !proto.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	c.silent()
}
