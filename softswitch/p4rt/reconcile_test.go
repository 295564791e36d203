package p4rt_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch"
)

// renamed makes a program from another by replacing names in the JSON and in the P4Info.
func renamed(t *testing.T, p *program, from, to string) *program {
	t.Helper()
	out := &program{json: bytes.ReplaceAll(p.json, []byte(`"`+from+`"`), []byte(`"`+to+`"`)), ids: map[string]uint32{}}
	out.info = proto.Clone(p.info).(*p4configv1.P4Info)
	changed := 0
	pre := func(p *p4configv1.Preamble) {
		if p.GetName() == from {
			p.Name = to
			changed++
		}
	}
	for _, o := range out.info.Tables {
		pre(o.Preamble)
	}
	for _, o := range out.info.Registers {
		pre(o.Preamble)
	}
	for _, o := range out.info.ActionProfiles {
		pre(o.Preamble)
	}
	for _, o := range out.info.Meters {
		pre(o.Preamble)
	}
	for _, o := range out.info.Counters {
		pre(o.Preamble)
	}
	for _, o := range out.info.ValueSets {
		pre(o.Preamble)
	}
	if changed != 1 || bytes.Equal(out.json, p.json) || !json.Valid(out.json) {
		t.Fatalf("%q does not name one object", from)
	}
	out.index()
	return out
}

// TestReconcile: the same program again keeps all state; a program in which something with state is
// missing is refused, and nothing changes.
func TestReconcile(t *testing.T) {
	r, c := ready(t, softswitch.Options{})
	r.port(1)
	for _, s := range state {
		r.mustWrite(splitOp(s))
	}
	before := r.snapshot()
	running := r.sw.Pipeline()
	for from, says := range map[string]string{
		"MyIngress.routes":     `table "MyIngress.routes" has state`,
		"MyIngress.last_src":   `register "MyIngress.last_src" has state`,
		"MyIngress.port_meter": `meter "MyIngress.port_meter" has state`,
		"MyIngress.hashed":     `action profile "MyIngress.hashed" has state`,
		"MyParser.flow_kinds":  `value set "MyParser.flow_kinds" has state`,
	} {
		err := r.set(reconcile, renamed(t, r.p, from, from+"2").config(9))
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(status.Convert(err).Message(), says) {
			t.Errorf("without %s: %v, want %q", from, err, says)
		}
	}
	if r.sw.Pipeline() != running || !slices.Equal(before, r.snapshot()) {
		t.Error("a refused program changed something")
	}
	// Without state, a table may go, and counters start anew.
	for _, name := range []string{"MyIngress.sources", "MyIngress.port_counter"} {
		next := renamed(t, r.p, name, name+"2")
		r.mustSet(reconcile, next, 9)
		if name == "MyIngress.sources" && !slices.Equal(before, r.snapshot()) {
			t.Error("state was lost")
		}
		r.mustSet(reconcile, r.p, 10)
	}
	if r.sw.Pipeline() == running {
		t.Error("the old program runs on")
	}
	r.mustWrite("modify", `counter_entry { counter_id: $port_counter index { index: 3 } data { packet_count: 7 } }`)
	if after := r.snapshot(); !slices.Equal(before, after) {
		t.Errorf("state changed:\nbefore %q\nafter  %q", before, after)
	}
	// Digests go on, and packets flow.
	r.sw.Receive(1, []byte(frame(1, "")))
	if l := c.digest(); len(l.GetData()) != 1 {
		t.Errorf("digest list %v", l)
	}
}

// TestReconcileFirst: without a running program it is a commit.
func TestReconcileFirst(t *testing.T) {
	r := newRig(t, softswitch.Options{})
	r.client(1, "")
	r.mustSet(reconcile, r.p, 1)
	r.mustWrite("insert", route)
}

// TestReconcileIDs: objects are found by name, so ids may change.
func TestReconcileIDs(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	for _, s := range state {
		r.mustWrite(splitOp(s))
	}
	next := &program{json: r.p.json, info: proto.Clone(r.p.info).(*p4configv1.P4Info), ids: map[string]uint32{}}
	for _, tb := range next.info.Tables {
		tb.Preamble.Id++
		for _, a := range tb.ActionRefs {
			a.Id++
		}
		if d := tb.InitialDefaultAction; d != nil {
			d.ActionId++
		}
	}
	for _, a := range next.info.Actions {
		a.Preamble.Id++
	}
	for _, d := range next.info.DirectCounters {
		d.DirectTableId++
	}
	for _, d := range next.info.DirectMeters {
		d.DirectTableId++
	}
	next.index()
	r.mustSet(reconcile, next, 2)
	r.p = next
	r.wantRead(`table_entry { table_id: $routes }`, route)
	r.wantRead(`table_entry { table_id: $acl }`, acl)
	r.wantRead(`action_profile_member { action_profile_id: $hashed member_id: 1 }`, member)
}
