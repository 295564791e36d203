package p4rt_test

import (
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch"
)

// TestSymmetry writes entities, some not in canonical form, and reads each back by the queries
// that select it: what is read is what was written, in canonical form.
func TestSymmetry(t *testing.T) {
	members := []string{
		"insert " + member,
		`insert action_profile_member { action_profile_id: $hashed member_id: 2 action { action_id: $drop } }`,
	}
	tests := []struct {
		name    string
		before  []string
		op      string
		write   string
		read    string   // as written, unless set
		queries []string // that select it and nothing else
	}{
		{name: "exact, padded", op: "insert",
			write:   sub(flow, `"\x50"`, `"\x00\x00\x50"`, `param_id: 1 value: "\x01"`, `param_id: 1 value: "\x00\x01"`),
			read:    flow,
			queries: []string{`table_entry { table_id: $flows }`, keyOnly(flow), `table_entry { table_id: $flows action { action { action_id: $rewrite } } }`}},
		{name: "metadata and controller_metadata", op: "insert",
			write: sub(flow, "match { field_id: 1", `metadata: "abc" controller_metadata: 258 match { field_id: 1`),
			queries: []string{keyOnly(flow), `table_entry { table_id: $flows metadata: "abc" }`,
				`table_entry { table_id: $flows controller_metadata: 258 }`}},
		{name: "idle timeout", op: "insert",
			write:   sub(flow, "match { field_id: 1", `idle_timeout_ns: 3000000001 match { field_id: 1`),
			queries: []string{keyOnly(flow)}},
		{name: "lpm, padded", op: "insert",
			write:   sub(route, `"\x0a\x00\x00\x00"`, `"\x00\x0a\x00\x00\x00"`),
			read:    route,
			queries: []string{`table_entry { table_id: $routes }`, keyOnly(route)}},
		{name: "lpm of a short value", op: "insert",
			write:   `table_entry { table_id: $routes match { field_id: 1 lpm { value: "\x00" prefix_len: 1 } } action { action { action_id: $drop } } }`,
			queries: []string{`table_entry { table_id: $routes }`}},
		{name: "lpm of everything", op: "insert",
			write:   `table_entry { table_id: $routes action { action { action_id: $drop } } }`,
			queries: []string{`table_entry { table_id: $routes }`}},
		{name: "all kinds", op: "insert",
			write: `table_entry { table_id: $acl priority: 9
				match { field_id: 1 ternary { value: "\x00" mask: "\xff" } } match { field_id: 2 range { low: "\x00" high: "\x0f\xff" } }
				match { field_id: 3 optional { value: "\x00" } } match { field_id: 4 ternary { value: "\x01\x00" mask: "\x01\xff" } }
				action { action { action_id: $multicast params { param_id: 1 value: "\x07" } } } }`,
			queries: []string{`table_entry { table_id: $acl }`, `table_entry { table_id: $acl priority: 9 }`}},
		{name: "all left out", op: "insert",
			write:   `table_entry { table_id: $acl priority: 2147483647 action { action { action_id: $drop } } }`,
			queries: []string{`table_entry { table_id: $acl }`}},
		{name: "meter of an entry", op: "insert",
			write:   sub(route, "action {action", "action { action", "match {", "meter_config { cir: 1 cburst: 2 pir: 3 pburst: 4 } match {"),
			queries: []string{`table_entry { table_id: $routes meter_config {} }`}},
		{name: "default", op: "modify",
			write:   `table_entry { table_id: $routes is_default_action: true metadata: "d" action { action { action_id: $forward params { param_id: 1 value: "\x01" } } } }`,
			queries: []string{`table_entry { table_id: $routes is_default_action: true }`}},
		{name: "member", op: "insert", write: sub(member, `value: "\x01"`, `value: "\x00\x01"`), read: member,
			queries: []string{`action_profile_member {}`, `action_profile_member { action_profile_id: $hashed }`, `action_profile_member { action_profile_id: $hashed member_id: 1 }`}},
		{name: "group", before: members, op: "insert",
			write:   `action_profile_group { action_profile_id: $hashed group_id: 5 max_size: 9 members { member_id: 1 weight: 2 watch_port: "\x00\x07" } members { member_id: 2 weight: 1 } }`,
			read:    `action_profile_group { action_profile_id: $hashed group_id: 5 max_size: 9 members { member_id: 1 weight: 2 watch_port: "\x07" } members { member_id: 2 weight: 1 } }`,
			queries: []string{`action_profile_group {}`, `action_profile_group { action_profile_id: $hashed group_id: 5 }`}},
		{name: "entry with a member", before: members, op: "insert",
			write:   `table_entry { table_id: $spread match { field_id: 1 exact { value: "\x01" } } action { action_profile_member_id: 2 } }`,
			queries: []string{`table_entry { table_id: $spread }`}},
		{name: "entry with a group", before: []string{`insert action_profile_group { action_profile_id: $hashed group_id: 5 }`}, op: "insert",
			write:   `table_entry { table_id: $spread match { field_id: 1 exact { value: "\x01" } } action { action_profile_group_id: 5 } }`,
			queries: []string{`table_entry { table_id: $spread }`}},
		{name: "one-shot", op: "insert",
			write: `table_entry { table_id: $spread match { field_id: 1 exact { value: "\x01" } } metadata: "m" action { action_profile_action_set {
				action_selection_mode: HASH size_semantics: SUM_OF_WEIGHTS
				action_profile_actions { action { action_id: $drop } weight: 1 }
				action_profile_actions { action { action_id: $forward params { param_id: 1 value: "\x01" } } weight: 3 watch_port: "\x02" } } } }`,
			queries: []string{`table_entry { table_id: $spread }`}},
		{name: "counter", op: "modify",
			write:   `counter_entry { counter_id: $port_counter index { index: 3 } data { packet_count: 7 byte_count: 700 } }`,
			queries: []string{`counter_entry { counter_id: $port_counter index { index: 3 } }`}},
		{name: "meter", op: "modify",
			write:   `meter_entry { meter_id: $port_meter index { index: 3 } config { cir: 1 cburst: 2 pir: 3 pburst: 4 } }`,
			queries: []string{`meter_entry { meter_id: $port_meter index { index: 3 } }`}},
		{name: "register, padded", op: "modify",
			write:   `register_entry { register_id: $last_src index { index: 0 } data { bitstring: "\x00\x01\x02" } }`,
			read:    `register_entry { register_id: $last_src index { index: 0 } data { bitstring: "\x01\x02" } }`,
			queries: []string{`register_entry { register_id: $last_src index { index: 0 } }`}},
		{name: "multicast group", op: "insert",
			write:   `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 2 metadata: "m" replicas { port: "\x00\x01" instance: 7 } replicas { egress_port: 2 } } }`,
			read:    `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 2 metadata: "m" replicas { port: "\x01" instance: 7 } replicas { egress_port: 2 } } }`,
			queries: []string{`packet_replication_engine_entry { multicast_group_entry {} }`, `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 2 } }`}},
		{name: "clone session", op: "insert",
			write:   `packet_replication_engine_entry { clone_session_entry { session_id: 2 class_of_service: 3 packet_length_bytes: 128 replicas { port: "\x01\x00" instance: 7 } } }`,
			queries: []string{`packet_replication_engine_entry { clone_session_entry {} }`}},
		{name: "digest", op: "insert",
			write:   `digest_entry { digest_id: $learn_t config { max_timeout_ns: 1 max_list_size: 2 ack_timeout_ns: 3 } }`,
			queries: []string{`digest_entry {}`, `digest_entry { digest_id: $learn_t }`}},
		{name: "value set, padded", op: "modify",
			write:   `value_set_entry { value_set_id: $flow_kinds members { match { field_id: 1 exact { value: "\x00\x12" } } } members { match { field_id: 1 exact { value: "\x13" } } } }`,
			read:    `value_set_entry { value_set_id: $flow_kinds members { match { field_id: 1 exact { value: "\x12" } } } members { match { field_id: 1 exact { value: "\x13" } } } }`,
			queries: []string{`value_set_entry {}`, `value_set_entry { value_set_id: $flow_kinds }`}},
	}
	r, _ := ready(t, softswitch.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.t = t
			if err := r.sw.Load(r.p.json, r.p.info); err != nil {
				t.Fatal(err)
			}
			for _, b := range tt.before {
				r.mustWrite(splitOp(b))
			}
			r.mustWrite(tt.op, tt.write)
			want := tt.read
			if want == "" {
				want = tt.write
			}
			for _, q := range tt.queries {
				r.wantRead(q, want)
			}
		})
	}
}

// TestConstantEntries: entries of the program are read with the priorities that p4c gives them.
func TestConstantEntries(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.wantRead(`table_entry { table_id: $fixed }`,
		`table_entry { table_id: $fixed is_const: true match { field_id: 1 exact { value: "\x07" } } action { action { action_id: $forward params { param_id: 1 value: "\x08" } } } }`,
		`table_entry { table_id: $fixed is_const: true match { field_id: 1 exact { value: "\x08" } } action { action { action_id: $forward params { param_id: 1 value: "\x07" } } } }`)
	// Entries that may be changed count down, too, for the first in the source wins.
	r.wantRead(`table_entry { table_id: $preset }`,
		`table_entry { table_id: $preset priority: 2 match { field_id: 1 ternary { value: "\x12\x34" mask: "\xff\xff" } } action { action { action_id: $learn } } }`,
		`table_entry { table_id: $preset priority: 1 match { field_id: 1 ternary { value: "\x12\x00" mask: "\xff\x00" } } action { action { action_id: $NoAction } } }`)
	r.mustWrite("delete", `table_entry { table_id: $preset priority: 1 match { field_id: 1 ternary { value: "\x12\x00" mask: "\xff\x00" } } }`)
	r.wantRead(`table_entry { table_id: $flows is_default_action: true }`,
		`table_entry { table_id: $flows is_default_action: true is_const: true action { action { action_id: $miss } } }`)
}

// TestReset: a default entry without action goes back to the program's.
func TestReset(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.mustWrite("modify", `table_entry { table_id: $routes is_default_action: true metadata: "x" action { action { action_id: $forward params { param_id: 1 value: "\x01" } } } }`)
	r.mustWrite("modify", `table_entry { table_id: $routes is_default_action: true }`)
	r.wantRead(`table_entry { table_id: $routes is_default_action: true }`,
		`table_entry { table_id: $routes is_default_action: true action { action { action_id: $drop } } }`)
}

// TestModify: what a modification leaves out is reset or kept, as the specification has it.
func TestModify(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.mustWrite("insert", sub(flow, "match { field_id: 1", `metadata: "x" idle_timeout_ns: 1000000000 counter_data { packet_count: 5 byte_count: 50 } match { field_id: 1`))
	query := sub(keyOnly(flow), "match { field_id: 1", "counter_data {} match { field_id: 1")
	r.mustWrite("modify", keyOnly(flow))
	r.wantRead(query, sub(flow, "match { field_id: 1", "counter_data { packet_count: 5 byte_count: 50 } match { field_id: 1"))
	r.mustWrite("modify", sub(keyOnly(flow), "match { field_id: 1", "counter_data { packet_count: 6 } match { field_id: 1"))
	r.wantRead(query, sub(flow, "match { field_id: 1", "counter_data { packet_count: 6 } match { field_id: 1"))
	r.mustWrite("modify", `direct_counter_entry { `+keyOnly(flow)+` data { packet_count: 9 } }`)
	r.wantRead(`direct_counter_entry { table_entry { table_id: $flows } }`, `direct_counter_entry { `+keyOnly(flow)+` data { packet_count: 9 } }`)

	oneShot := `table_entry { table_id: $spread match { field_id: 1 exact { value: "\x01" } } action { action_profile_action_set {
		action_selection_mode: HASH action_profile_actions { action { action_id: $drop } weight: 1 } } } }`
	r.mustWrite("insert", oneShot)
	r.mustWrite("modify", keyOnly(oneShot))
	r.wantRead(`table_entry { table_id: $spread }`, oneShot)

	metered := sub(route, "match {", "meter_config { cir: 1 cburst: 2 pir: 3 pburst: 4 } match {")
	r.mustWrite("insert", metered)
	r.mustWrite("modify", route)
	r.wantRead(`table_entry { table_id: $routes meter_config {} }`, route)
	r.mustWrite("modify", `direct_meter_entry { `+keyOnly(route)+` config { cir: 1 cburst: 2 pir: 3 pburst: 4 } }`)
	r.wantRead(`table_entry { table_id: $routes meter_config {} }`, metered)
	r.wantRead(`direct_meter_entry { table_entry { table_id: $routes } }`, `direct_meter_entry { `+keyOnly(route)+` config { cir: 1 cburst: 2 pir: 3 pburst: 4 } }`)
}

// TestArrays: an index left out is all of an array.
func TestArrays(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.mustWrite("modify", `counter_entry { counter_id: $port_counter data { packet_count: 1 } }`)
	r.mustWrite("modify", `register_entry { register_id: $last_src data { bitstring: "\x07" } }`)
	for query, want := range map[string]int{
		`counter_entry {}`: 16,
		`counter_entry { counter_id: $port_counter }`: 16,
		`meter_entry {}`: 16,
		`register_entry { register_id: $last_src }`:                    32,
		`register_entry {}`:                                            32,
		`action_profile_member {}`:                                     0,
		`extern_entry {}`:                                              0,
		`table_entry {}`:                                               4, // the program's own
		`table_entry { is_default_action: true }`:                      7,
		`packet_replication_engine_entry { multicast_group_entry {} }`: 0,
		`packet_replication_engine_entry { clone_session_entry {} }`:   0,
		`digest_entry {}`:                                              0,
		`value_set_entry {}`:                                           1,
	} {
		got, err := r.read(query)
		if err != nil || len(got) != want {
			t.Errorf("%s: %d entities, %v, want %d", query, len(got), err, want)
		}
		for _, e := range got {
			if c := e.GetCounterEntry(); c != nil && c.GetData().GetPacketCount() != 1 {
				t.Errorf("counter %v", c)
			}
			if c := e.GetRegisterEntry(); c != nil && string(c.GetData().GetBitstring()) != "\x07" {
				t.Errorf("register %v", c)
			}
		}
	}
}

// TestReadErrors: a read answers what it can and reports each element of the request.
func TestReadErrors(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.mustWrite("insert", route)
	req := &p4v1.ReadRequest{DeviceId: device, Entities: []*p4v1.Entity{
		r.p.entity(t, `table_entry { table_id: 7 }`),
		r.p.entity(t, `table_entry { table_id: $routes }`),
		{},
		r.p.entity(t, `counter_entry { counter_id: $port_counter index { index: 99 } }`),
		r.p.entity(t, `direct_counter_entry { `+keyOnly(flow)+` }`),
		r.p.entity(t, `table_entry { table_id: $routes time_since_last_hit {} }`),
		r.p.entity(t, `table_entry { table_id: $routes is_default_action: true priority: 1 }`),
		r.p.entity(t, `table_entry { table_id: $routes match { field_id: 9 } }`),
	}}
	got, err := r.readRequest(req)
	if len(got) != 1 || !proto.Equal(got[0], r.p.entity(t, route)) {
		t.Errorf("got %v, want the route", got)
	}
	want := []codes.Code{codes.InvalidArgument, codes.OK, codes.InvalidArgument, codes.OutOfRange, codes.NotFound, codes.InvalidArgument, codes.InvalidArgument, codes.InvalidArgument}
	errs := details(t, err)
	if len(errs) != len(want) {
		t.Fatalf("%d details, want %d", len(errs), len(want))
	}
	for i, e := range errs {
		if codes.Code(e.GetCanonicalCode()) != want[i] {
			t.Errorf("element %d: %v, want %v", i, e, want[i])
		}
	}
}
