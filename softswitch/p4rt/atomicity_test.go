package p4rt_test

import (
	"slices"
	"strings"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch"
)

// everything is the queries that together read all state of a switch.
var everything = []string{
	`table_entry { counter_data {} meter_config {} }`, `table_entry { is_default_action: true }`,
	`action_profile_member {}`, `action_profile_group {}`, `counter_entry {}`, `meter_entry {}`, `register_entry {}`,
	`packet_replication_engine_entry { multicast_group_entry {} }`, `packet_replication_engine_entry { clone_session_entry {} }`,
	`value_set_entry {}`, `digest_entry {}`,
}

// snapshot reads all state, as sorted encoded entities.
func (r *rig) snapshot() []string {
	r.t.Helper()
	var out []string
	for _, q := range everything {
		entities, err := r.read(q)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, e := range entities {
			b, err := proto.MarshalOptions{Deterministic: true}.Marshal(e)
			if err != nil {
				r.t.Fatal(err)
			}
			out = append(out, string(b))
		}
	}
	slices.Sort(out)
	return out
}

// state writes something of every kind.
var state = []string{
	"insert " + flow, "insert " + route, "insert " + acl, "insert " + member,
	`insert action_profile_member { action_profile_id: $hashed member_id: 2 action { action_id: $drop } }`,
	`insert action_profile_group { action_profile_id: $hashed group_id: 5 members { member_id: 1 weight: 1 } }`,
	`insert packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 1 replicas { port: "\x01" } } }`,
	`insert packet_replication_engine_entry { clone_session_entry { session_id: 1 replicas { port: "\x01" } } }`,
	`insert digest_entry { digest_id: $learn_t config { max_list_size: 3 } }`,
	`modify value_set_entry { value_set_id: $flow_kinds members { match { field_id: 1 exact { value: "\x13" } } } }`,
	`modify counter_entry { counter_id: $port_counter index { index: 3 } data { packet_count: 7 } }`,
	`modify meter_entry { meter_id: $port_meter index { index: 3 } config { cir: 1 cburst: 2 pir: 3 pburst: 4 } }`,
	`modify register_entry { register_id: $last_src index { index: 3 } data { bitstring: "\x07" } }`,
	`modify table_entry { table_id: $routes is_default_action: true metadata: "d" action { action { action_id: $forward params { param_id: 1 value: "\x01" } } } }`,
}

// changes are updates of every kind upon state, each of which must be taken back.
var changes = []string{
	"insert " + `table_entry { table_id: $routes action { action { action_id: $drop } } }`,
	"modify " + `table_entry { table_id: $flows match { field_id: 1 exact { value: "\x0a\x00\x00\x01" } } match { field_id: 2 exact { value: "\x0a\x00\x00\x02" } }
		match { field_id: 3 exact { value: "\x04\xd2" } } match { field_id: 4 exact { value: "\x50" } }
		counter_data { packet_count: 99 } metadata: "new" action { action { action_id: $drop } } }`,
	"delete " + acl,
	`modify action_profile_member { action_profile_id: $hashed member_id: 1 action { action_id: $drop } }`,
	`delete action_profile_member { action_profile_id: $hashed member_id: 2 }`,
	`insert action_profile_member { action_profile_id: $hashed member_id: 3 action { action_id: $drop } }`,
	`modify action_profile_group { action_profile_id: $hashed group_id: 5 members { member_id: 3 weight: 7 } }`,
	`insert action_profile_group { action_profile_id: $hashed group_id: 6 members { member_id: 3 weight: 7 } }`,
	`delete action_profile_group { action_profile_id: $hashed group_id: 5 }`,
	`modify packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 1 replicas { port: "\x02" } } }`,
	`insert packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 2 replicas { port: "\x02" } } }`,
	`delete packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 1 } }`,
	`modify packet_replication_engine_entry { clone_session_entry { session_id: 1 replicas { port: "\x02" } } }`,
	`insert packet_replication_engine_entry { clone_session_entry { session_id: 2 replicas { port: "\x02" } } }`,
	`delete packet_replication_engine_entry { clone_session_entry { session_id: 1 } }`,
	`modify digest_entry { digest_id: $learn_t config { max_list_size: 9 } }`,
	`delete digest_entry { digest_id: $learn_t }`,
	`modify value_set_entry { value_set_id: $flow_kinds }`,
	`modify counter_entry { counter_id: $port_counter data { packet_count: 8 } }`,
	`modify meter_entry { meter_id: $port_meter }`,
	`modify register_entry { register_id: $last_src data { bitstring: "\x09" } }`,
	`modify table_entry { table_id: $routes is_default_action: true }`,
	`modify direct_counter_entry { ` + keyOnly(flow) + ` data { packet_count: 3 } }`,
	`modify direct_meter_entry { ` + keyOnly(route) + ` config { cir: 1 cburst: 1 pir: 1 pburst: 1 } }`,
	"delete " + flow,
}

func (r *rig) batch(list []string) []*p4v1.Update {
	var out []*p4v1.Update
	for _, s := range list {
		out = append(out, r.update(splitOp(s)))
	}
	return out
}

// TestRollback: a batch that fails at its end leaves no trace; without the failure it takes effect.
func TestRollback(t *testing.T) {
	for _, mode := range []p4v1.WriteRequest_Atomicity{p4v1.WriteRequest_ROLLBACK_ON_ERROR, p4v1.WriteRequest_DATAPLANE_ATOMIC} {
		t.Run(mode.String(), func(t *testing.T) {
			r, _ := ready(t, softswitch.Options{})
			for _, s := range state {
				r.mustWrite(splitOp(s))
			}
			before := r.snapshot()
			req := r.request(append(r.batch(changes), r.update("delete", aclEntry(9)))...)
			req.Atomicity = mode
			_, err := r.Write(t.Context(), req)
			errs := details(t, err)
			for i, e := range errs[:len(errs)-1] {
				if codes.Code(e.GetCanonicalCode()) != codes.Aborted {
					t.Errorf("update %d (%s): %v, want ABORTED", i, changes[i], e)
				}
			}
			if last := errs[len(errs)-1]; codes.Code(last.GetCanonicalCode()) != codes.NotFound {
				t.Errorf("the failing update: %v", last)
			}
			if after := r.snapshot(); !slices.Equal(before, after) {
				t.Errorf("state changed:\nbefore %q\nafter  %q", before, after)
			}
			req.Updates = req.Updates[:len(changes)]
			if _, err := r.Write(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			if slices.Equal(before, r.snapshot()) {
				t.Error("the batch without failure had no effect")
			}
		})
	}
}

// TestRollbackEach takes each change back by itself.
func TestRollbackEach(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	for _, change := range changes {
		if strings.Contains(change, "member_id: 3 weight") || strings.HasPrefix(change, "delete action_profile_member") {
			continue // needs the change before it
		}
		if err := r.sw.Load(r.p.json, r.p.info); err != nil {
			t.Fatal(err)
		}
		for _, s := range state {
			r.mustWrite(splitOp(s))
		}
		before := r.snapshot()
		req := r.request(append(r.batch([]string{change}), r.update("delete", aclEntry(9)))...)
		req.Atomicity = p4v1.WriteRequest_ROLLBACK_ON_ERROR
		if _, err := r.Write(t.Context(), req); err == nil {
			t.Fatal("the batch did not fail")
		} else if errs := details(t, err); codes.Code(errs[0].GetCanonicalCode()) != codes.Aborted {
			t.Errorf("%s: %v", change, errs[0])
		}
		if after := r.snapshot(); !slices.Equal(before, after) {
			t.Errorf("%s was not taken back:\nbefore %q\nafter  %q", change, before, after)
		}
	}
}

// TestContinue: without atomicity the good updates of a batch are made, and each has its own code.
func TestContinue(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	_, err := r.Write(t.Context(), r.request(
		r.update("insert", flow), r.update("insert", flow), r.update("insert", route), r.update("delete", acl), r.update("insert", acl)))
	want := []codes.Code{codes.OK, codes.AlreadyExists, codes.OK, codes.NotFound, codes.OK}
	errs := details(t, err)
	if len(errs) != len(want) {
		t.Fatalf("%d details", len(errs))
	}
	for i, e := range errs {
		if codes.Code(e.GetCanonicalCode()) != want[i] || (want[i] == codes.OK) != (e.GetMessage() == "") {
			t.Errorf("update %d: %v, want %v", i, e, want[i])
		}
	}
	if msg := status.Convert(err).Message(); !strings.Contains(msg, "2 of 5 failed, the first is number 2") {
		t.Errorf("message %q", msg)
	}
	r.wantRead(`table_entry { table_id: $routes }`, route)
	r.wantRead(`table_entry { table_id: $acl }`, acl)
	if st := r.sw.P4Runtime().Stats(); st.Writes != 3 || st.WriteErrors != 2 {
		t.Errorf("stats %+v", st)
	}
}

// TestDetailsFit: the details of a large batch that fails whole fit the room that clients leave for
// trailers, 8192 + 100 bytes an update.
func TestDetailsFit(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	var updates []*p4v1.Update
	for range 1000 {
		updates = append(updates, r.update("modify", flow))
	}
	_, err := r.Write(t.Context(), r.request(updates...))
	if errs := details(t, err); len(errs) != 1000 {
		t.Fatalf("%d details", len(errs))
	}
	size := proto.Size(status.Convert(err).Proto())
	if encoded := size * 4 / 3; encoded > 8192+100*1000 {
		t.Errorf("status has %d bytes in base64", encoded)
	}
}
