package p4rt_test

import (
	"slices"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch"
)

// flowFrame is a frame with a flow header.
func flowFrame(kind, src, dst, sport, dport string) string {
	return "\x02\x00\x00\x00\x00\xff\x02\x00\x00\x00\x00\x01" + kind + src + dst + sport + dport
}

const (
	experimental = "\x88\xb5"
	hostA, hostB = "\x0a\x00\x00\x01", "\x0a\x00\x00\x02"
)

// drain takes what was sent so far; processing is over when Receive returns.
func (w *wire) drain() []string {
	var out []string
	for {
		select {
		case f := <-w.frames:
			out = append(out, f)
		default:
			return out
		}
	}
}

// TestEntryRuns: an entry written over P4Runtime does what it says, and its counter counts.
func TestEntryRuns(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.port(1)
	w := r.port(3)
	r.mustWrite("insert", sub(flow, `param_id: 1 value: "\x01"`, `param_id: 1 value: "\x0b\x00\x00\x01"`))
	in := flowFrame(experimental, hostA, hostB, "\x04\xd2", "\x00\x50")
	r.sw.Receive(1, []byte(in))
	r.sw.Receive(1, []byte(in))
	want := flowFrame(experimental, hostA, "\x0b\x00\x00\x01", "\x04\xd2", "\x00\x02")
	if got := w.drain(); !slices.Equal(got, []string{want, want}) {
		t.Errorf("sent %q, want %q twice", got, want)
	}
	got, err := r.read(sub(keyOnly(flow), "match { field_id: 1", "counter_data {} match { field_id: 1"))
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	if c := got[0].GetTableEntry().GetCounterData(); c.GetPacketCount() != 2 || c.GetByteCount() != int64(2*len(in)) {
		t.Errorf("counter %v", c)
	}
	r.wantRead(`counter_entry { counter_id: $port_counter index { index: 1 } }`,
		`counter_entry { counter_id: $port_counter index { index: 1 } data { packet_count: 2 byte_count: 52 } }`)
	r.wantRead(`register_entry { register_id: $last_src index { index: 1 } }`,
		`register_entry { register_id: $last_src index { index: 1 } data { bitstring: "\x02\x00\x00\x00\x00\x01" } }`)
	r.mustWrite("delete", flow)
	r.sw.Receive(1, []byte(in))
	if got := w.drain(); len(got) != 0 {
		t.Errorf("after the deletion: %q", got)
	}
	// What misses is counted by the default entry.
	r.wantRead(`direct_counter_entry { table_entry { table_id: $flows is_default_action: true } }`,
		`direct_counter_entry { table_entry { table_id: $flows is_default_action: true } data { packet_count: 1 byte_count: 26 } }`)
	r.wantRead(`table_entry { table_id: $flows is_default_action: true counter_data {} }`,
		`table_entry { table_id: $flows is_default_action: true is_const: true counter_data { packet_count: 1 byte_count: 26 } action { action { action_id: $miss } } }`)
}

// TestReplication: multicast to two ports, a clone to the controller.
func TestReplication(t *testing.T) {
	r, c := ready(t, softswitch.Options{})
	r.port(1)
	w4, w5 := r.port(4), r.port(5)
	r.mustWrite("insert", `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 9 replicas { port: "\x04" instance: 1 } replicas { port: "\x05" instance: 1 } replicas { port: "\x05" instance: 2 } } }`)
	r.mustWrite("insert", sub(acl, "action_id: $drop", `action_id: $multicast params { param_id: 1 value: "\x09" }`))
	in := flowFrame(experimental, hostA, hostB, "\x00\x01", "\x00\x02")
	r.sw.Receive(1, []byte(in))
	if a, b := w4.drain(), w5.drain(); !slices.Equal(a, []string{in}) || !slices.Equal(b, []string{in, in}) {
		t.Errorf("port 4 sent %q, port 5 %q", a, b)
	}
	r.mustWrite("delete", `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 9 } }`)
	r.sw.Receive(1, []byte(in))
	if a := w4.drain(); len(a) != 0 {
		t.Errorf("without group: %q", a)
	}
	r.mustWrite("insert", `packet_replication_engine_entry { clone_session_entry { session_id: 7 replicas { port: "\xff" } } }`)
	r.mustWrite("modify", sub(acl, "action_id: $drop", `action_id: $copy_to_cpu params { param_id: 1 value: "\x07" }`))
	r.sw.Receive(1, []byte(in))
	p := c.next().GetPacket()
	// As on BMv2, a clone keeps no metadata that no field list names, so its ingress port reads 0.
	if string(p.GetPayload()) != in || string(p.GetMetadata()[0].GetValue()) != "\x00" || string(p.GetMetadata()[1].GetValue()) != "\x01" {
		t.Errorf("clone %v", p)
	}
}

// TestValueSet: what the parser selects by a value set.
func TestValueSetRuns(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.port(1)
	w := r.port(3)
	r.mustWrite("insert", flow)
	in := flowFrame("\x12\x34", hostA, hostB, "\x04\xd2", "\x00\x50")
	r.sw.Receive(1, []byte(in))
	if got := w.drain(); len(got) != 0 {
		t.Errorf("before: %q", got)
	}
	r.mustWrite("modify", `value_set_entry { value_set_id: $flow_kinds members { match { field_id: 1 exact { value: "\x12\x34" } } } }`)
	r.sw.Receive(1, []byte(in))
	if got := w.drain(); len(got) != 1 {
		t.Errorf("after: %q", got)
	}
}

// TestSelector: a one-shot set spreads flows over its ports by weight, and passes over ports that
// are gone; a group and a member do as they say.
func TestSelectorRuns(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.port(1)
	w4, w5 := r.port(4), r.port(5)
	forward := func(port string) string {
		return `action { action_id: $forward params { param_id: 1 value: "` + port + `" } }`
	}
	spread := `table_entry { table_id: $spread match { field_id: 1 exact { value: "\x50" } } action { `
	r.mustWrite("insert", spread+`action_profile_action_set {
		action_profile_actions { `+forward(`\x04`)+` weight: 1 watch_port: "\x04" }
		action_profile_actions { `+forward(`\x05`)+` weight: 3 watch_port: "\x05" } } } }`)
	send := func() (four, five int) {
		for i := range 400 {
			r.sw.Receive(1, []byte(flowFrame(experimental, hostA, hostB, string([]byte{byte(i >> 8), byte(i)}), "\x00\x50")))
		}
		return len(w4.drain()), len(w5.drain())
	}
	four, five := send()
	if four+five != 400 || four < 50 || five < 200 {
		t.Errorf("%d and %d flows, want about 100 and 300", four, five)
	}
	if a, b := send(); a != four || b != five {
		t.Errorf("%d and %d flows the second time: the choice must be stable", a, b)
	}
	if err := r.sw.RemovePort(5); err != nil {
		t.Fatal(err)
	}
	if a, _ := send(); a != 400 {
		t.Errorf("%d flows by port 4 with port 5 gone", a)
	}
	if err := r.sw.AddPort(5, w5); err != nil {
		t.Fatal(err)
	}
	if a, b := send(); a != four || b != five {
		t.Errorf("%d and %d flows with port 5 back", a, b)
	}
	r.mustWrite("insert", `action_profile_member { action_profile_id: $hashed member_id: 1 `+forward(`\x04`)+` }`)
	r.mustWrite("insert", `action_profile_member { action_profile_id: $hashed member_id: 2 `+forward(`\x05`)+` }`)
	r.mustWrite("insert", `action_profile_group { action_profile_id: $hashed group_id: 1 members { member_id: 1 weight: 1 } members { member_id: 2 weight: 3 } }`)
	r.mustWrite("modify", spread+`action_profile_group_id: 1 } }`)
	if a, b := send(); a+b != 400 || a < 50 || b < 200 {
		t.Errorf("group: %d and %d flows", a, b)
	}
	r.mustWrite("modify", spread+`action_profile_member_id: 2 } }`)
	if _, b := send(); b != 400 {
		t.Errorf("member: %d flows by port 5", b)
	}
	if err := r.write("delete", `action_profile_member { action_profile_id: $hashed member_id: 2 }`); err == nil {
		t.Error("a member that an entry uses was deleted")
	}
}

// TestAtomicBatch: while packets flow, no packet sees half of an atomic batch: of two entries that
// exclude each other exactly one is there at any time.
func TestAtomicBatch(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.port(1)
	w4, w5 := r.port(4), r.port(5)
	route := func(port string) string {
		return `table_entry { table_id: $routes match { field_id: 1 lpm { value: "\x0a\x00\x00\x00" prefix_len: 8 } } action { action { action_id: $forward params { param_id: 1 value: "` + port + `" } } } }`
	}
	r.mustWrite("insert", route(`\x04`))
	const frames = 1000
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for range frames {
			r.sw.Receive(1, []byte(flowFrame(experimental, hostA, hostB, "\x00\x01", "\x00\x02")))
		}
	}()
	for n := 0; ; n++ {
		req := r.request(r.update("delete", route(`\x04`)), r.update("insert", route([]string{`\x05`, `\x04`}[n%2])))
		req.Atomicity = p4v1.WriteRequest_DATAPLANE_ATOMIC
		if _, err := r.Write(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		select {
		case <-sent:
			if got := len(w4.drain()) + len(w5.drain()); got != frames {
				t.Errorf("%d of %d frames came through", got, frames)
			}
			return
		default:
		}
	}
}

// TestReadWhilePacketsFlow: reading a large table holds packets up for moments only.
func TestReadWhilePacketsFlow(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.port(1)
	const entries = 8000
	req := r.request()
	one := r.update("insert", flow)
	for n := range entries {
		u := proto.Clone(one).(*p4v1.Update)
		u.GetEntity().GetTableEntry().GetMatch()[0].GetExact().Value = []byte{10, 1, byte(n >> 8), byte(n)}
		req.Updates = append(req.Updates, u)
	}
	if _, err := r.Write(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	read := make(chan int)
	go func() {
		got, err := r.readRequest(&p4v1.ReadRequest{DeviceId: device, Entities: []*p4v1.Entity{
			r.p.entity(t, `table_entry { counter_data {} time_since_last_hit {} }`), r.p.entity(t, `register_entry {}`), r.p.entity(t, `counter_entry {}`)}})
		if err != nil {
			t.Error(err)
		}
		read <- len(got)
	}()
	in := []byte(flowFrame(experimental, hostA, hostB, "\x04\xd2", "\x00\x50"))
	for frames := 0; ; frames++ {
		r.sw.Receive(1, in)
		select {
		case got := <-read:
			if want := entries + 4 + 32 + 16; got != want {
				t.Errorf("read %d entities, want %d", got, want)
			}
			// Under one lock for the whole table it would be a handful.
			if frames < 20 {
				t.Errorf("%d frames came through during the read", frames)
			}
			return
		default:
		}
	}
}
