package p4rt_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/p4rt/p4rttest"
	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/clientgateway"
	"github.com/firstack/firstack/tables/replicagateway"
	"github.com/firstack/firstack/tables/servergateway"
)

func count(writes []*p4v1.WriteRequest) map[p4v1.Update_Type]int {
	n := map[p4v1.Update_Type]int{}
	for _, w := range writes {
		for _, u := range w.GetUpdates() {
			n[u.GetType()]++
		}
	}
	return n
}

func TestReconcileWritesOnlyTheDifference(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv)
	p := program(t)
	foreign := defaultEntry(t, p)
	srv.Put(
		translation(t, p, 1, "198.51.100.1"), // stays
		translation(t, p, 2, "198.51.100.1"), // changes
		translation(t, p, 3, "198.51.100.1"), // goes
		foreign,                              // out of scope
	)
	want := []*p4v1.Entity{
		translation(t, p, 1, "198.51.100.1"), translation(t, p, 2, "198.51.100.2"), translation(t, p, 4, "198.51.100.1"),
	}
	scope := p4rt.Scope{Tables: []uint32{p.Outbound.ID()}}
	changes, err := conn.Reconcile(ctx(t), scope, want...)
	if err != nil {
		t.Fatal(err)
	}
	if changes != (p4rt.Changes{Unchanged: 1, Inserted: 1, Modified: 1, Deleted: 1}) {
		t.Errorf("%v", changes)
	}
	if n := count(srv.Writes()); n[p4v1.Update_INSERT] != 1 || n[p4v1.Update_MODIFY] != 1 || n[p4v1.Update_DELETE] != 1 {
		t.Errorf("%v", n)
	}
	before := len(srv.Writes())
	changes, err = conn.Reconcile(ctx(t), scope, want...)
	if err != nil || changes != (p4rt.Changes{Unchanged: 3}) || len(srv.Writes()) != before {
		t.Errorf("again: %v, %v, %d writes", changes, err, len(srv.Writes())-before)
	}
	if got := srv.Entities(); len(got) != 4 {
		t.Errorf("%d entities", len(got))
	}
}

func defaultEntry(t testing.TB, p *clientgateway.Program) *p4v1.Entity {
	t.Helper()
	e, err := p.Settings.DefaultEntity(clientgateway.SetSettings{Gateway: 1, Pending: 3000, Claimed: 300000, Tell: 500})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Equal in meaning is equal: a server may order and pad as it likes.
func TestReconcileComparesMeaning(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv)
	p := program(t)
	e := translation(t, p, 1, "198.51.100.1")
	odd := proto.Clone(e).(*p4v1.Entity).GetTableEntry()
	odd.Match[0], odd.Match[3] = odd.Match[3], odd.Match[0]
	odd.Match[1].GetExact().Value = append([]byte{0, 0}, odd.Match[1].GetExact().GetValue()...)
	params := odd.GetAction().GetAction().GetParams()
	params[0], params[1] = params[1], params[0]
	odd.CounterData = &p4v1.CounterData{PacketCount: 7}
	odd.TimeSinceLastHit = &p4v1.TableEntry_IdleTimeout{ElapsedNs: 5}
	group := p4rt.MulticastGroup(7, p4rt.Replica{Port: 1, Instance: 1}, p4rt.Replica{Port: 2, Instance: 2})
	oldStyle := &p4v1.Entity{Entity: &p4v1.Entity_PacketReplicationEngineEntry{PacketReplicationEngineEntry: &p4v1.PacketReplicationEngineEntry{
		Type: &p4v1.PacketReplicationEngineEntry_MulticastGroupEntry{MulticastGroupEntry: &p4v1.MulticastGroupEntry{
			MulticastGroupId: 7,
			Replicas: []*p4v1.Replica{
				{PortKind: &p4v1.Replica_EgressPort{EgressPort: 2}, Instance: 2},
				{PortKind: &p4v1.Replica_Port{Port: []byte{0, 1}}, Instance: 1},
			},
		}},
	}}}
	srv.Put(&p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: odd}}, oldStyle)
	changes, err := conn.Reconcile(ctx(t), p4rt.Scope{Tables: []uint32{p.Outbound.ID()}, Multicast: true}, e, group)
	if err != nil || changes != (p4rt.Changes{Unchanged: 2}) {
		t.Errorf("%v, %v", changes, err)
	}
}

func TestReconcileSparesWhatItIsTold(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv)
	p := program(t)
	srv.Put(translation(t, p, 1, "198.51.100.1"), translation(t, p, 2, "198.51.100.1"))
	constant := translation(t, p, 3, "198.51.100.1")
	constant.GetTableEntry().IsConst = true
	srv.Put(constant)
	changes, err := conn.Reconcile(ctx(t), p4rt.Scope{
		Tables: []uint32{p.Outbound.ID()},
		Undeleted: func(e *p4v1.Entity) bool {
			k, err := p.Outbound.DecodeKey(e.GetTableEntry())
			return err == nil && k.ClientPort == 1
		},
	})
	if err != nil || changes != (p4rt.Changes{Deleted: 1}) || len(srv.Entities()) != 2 {
		t.Errorf("%v, %v, %d entities left", changes, err, len(srv.Entities()))
	}
}

// Members, groups, entries, copies, digests, defaults and meters, each before what refers to it.
func TestReconcileEveryKindInOrder(t *testing.T) {
	info := p4info(t, p4src.ServerGateway)
	p, err := servergateway.Bind(info)
	if err != nil {
		t.Fatal(err)
	}
	srv := server(t)
	_, conn, _ := connected(t, srv, func(o *p4rt.Options) { o.Pipeline.P4Info = info })
	member, err := p.OriginSelector.Member(1, servergateway.Selected{
		GatewayAddr: netip.MustParseAddr("192.0.2.1"), OriginAddr: netip.MustParseAddr("192.0.2.2"), Port: 1, NextHop: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	group, err := p.OriginSelector.Group(tables.Group{ID: 1, Members: []tables.GroupMember{{Member: 1, Weight: 3}}})
	if err != nil {
		t.Fatal(err)
	}
	entry, err := p.Origins.Entity(servergateway.OriginsEntry{Key: servergateway.OriginsKey{OriginGroup: 5}, Group: 1})
	if err != nil {
		t.Fatal(err)
	}
	copies := p4rt.MulticastGroup(9, p4rt.Replica{Port: 1, Instance: 1})
	clone := p4rt.CloneSession(3, 128, p4rt.Replica{Port: 255})
	want := []*p4v1.Entity{entry, clone, copies, group, member}
	scope := p4rt.Scope{Tables: []uint32{p.Origins.ID()}, Profiles: []uint32{p.OriginSelector.ID()}, Multicast: true, Clones: true}
	changes, err := conn.Reconcile(ctx(t), scope, want...)
	if err != nil || changes != (p4rt.Changes{Inserted: 5}) {
		t.Fatalf("%v, %v", changes, err)
	}
	kinds := func(entities []*p4v1.Entity) string {
		s := ""
		for _, e := range entities {
			switch {
			case e.GetActionProfileMember() != nil:
				s += "m"
			case e.GetActionProfileGroup() != nil:
				s += "g"
			case e.GetPacketReplicationEngineEntry() != nil:
				s += "r"
			case e.GetTableEntry() != nil:
				s += "t"
			}
		}
		return s
	}
	if got := kinds(srv.Entities()); got != "mgrrt" {
		t.Errorf("written in the order %s", got)
	}
	filled := proto.Clone(group).(*p4v1.Entity)
	filled.GetActionProfileGroup().MaxSize = 16 // as servers do
	srv.Put(filled)
	if changes, err = conn.Reconcile(ctx(t), scope, want...); err != nil || changes != (p4rt.Changes{Unchanged: 5}) {
		t.Errorf("again: %v, %v", changes, err)
	}
	before := len(srv.Writes())
	if changes, err = conn.Reconcile(ctx(t), scope); err != nil || changes != (p4rt.Changes{Deleted: 5}) {
		t.Fatalf("%v, %v", changes, err)
	}
	var removed []*p4v1.Entity
	for _, w := range srv.Writes()[before:] {
		for _, u := range w.GetUpdates() {
			removed = append(removed, u.GetEntity())
		}
	}
	if got := kinds(removed); got != "tgrrm" {
		t.Errorf("removed in the order %s", got)
	}
	if left := srv.Entities(); len(left) != 0 {
		t.Errorf("%d left", len(left))
	}
}

// Default entries, digests and meters are not in any scope: they are written when they differ, never deleted.
func TestReconcileOutOfScope(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv)
	p := program(t)
	settings, events := defaultEntry(t, p), p.FlowEvent.Entity(tables.DigestConfig{MaxTimeout: 1e6, MaxList: 100, AckTimeout: 1e9})
	changes, err := conn.Reconcile(ctx(t), p4rt.Scope{}, settings, events, translation(t, p, 1, "198.51.100.1"))
	if err != nil || changes != (p4rt.Changes{Modified: 1, Inserted: 2}) {
		t.Fatalf("%v, %v", changes, err)
	}
	changes, err = conn.Reconcile(ctx(t), p4rt.Scope{}, settings, events, translation(t, p, 1, "198.51.100.1"))
	if err != nil || changes != (p4rt.Changes{Unchanged: 3}) {
		t.Errorf("again: %v, %v", changes, err)
	}
	// A table in scope does not make its default entry one that could be deleted, or that is read along with others.
	whole := p4rt.Scope{Tables: []uint32{p.Settings.ID()}}
	if changes, err = conn.Reconcile(ctx(t), whole, settings); err != nil || changes != (p4rt.Changes{Unchanged: 1}) {
		t.Errorf("table in scope: %v, %v", changes, err)
	}
	if changes, err = conn.Reconcile(ctx(t), whole); err != nil || changes != (p4rt.Changes{}) {
		t.Errorf("nothing desired: %v, %v", changes, err)
	}
	changes, err = conn.Reconcile(ctx(t), p4rt.Scope{}, p.FlowEvent.Entity(tables.DigestConfig{MaxList: 1}))
	if err != nil || changes != (p4rt.Changes{Modified: 1}) {
		t.Errorf("changed: %v, %v", changes, err)
	}
	if n := len(srv.Entities()); n != 3 {
		t.Errorf("%d entities", n)
	}

	info := p4info(t, p4src.ReplicaGateway)
	r, err := replicagateway.Bind(info)
	if err != nil {
		t.Fatal(err)
	}
	_, conn, _ = connected(t, server(t), func(o *p4rt.Options) { o.Pipeline.P4Info = info })
	rate, err := r.NewConnectionsMeter.Entity(4, &tables.MeterConfig{CIR: 100, CBurst: 10, PIR: 200, PBurst: 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []p4rt.Changes{{Modified: 1}, {Unchanged: 1}} {
		if changes, err := conn.Reconcile(ctx(t), p4rt.Scope{}, rate); err != nil || changes != want {
			t.Errorf("meter: %v, %v, want %v", changes, err, want)
		}
	}
}

// A target that can't read groups back gets them by insert, and modify where they exist.
func TestReconcileBlind(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv)
	srv.Put(p4rt.MulticastGroup(1, p4rt.Replica{Port: 1}))
	srv.Set(p4rttest.Faults{Read: func(_ context.Context, r *p4v1.ReadRequest) error {
		if r.GetEntities()[0].GetPacketReplicationEngineEntry() != nil {
			return status.Error(codes.Unimplemented, "no reads")
		}
		return nil
	}})
	want := []*p4v1.Entity{p4rt.MulticastGroup(1, p4rt.Replica{Port: 2}), p4rt.MulticastGroup(2, p4rt.Replica{Port: 2})}
	if _, err := conn.Reconcile(ctx(t), p4rt.Scope{Multicast: true}, want...); err != nil {
		t.Fatal(err)
	}
	for i, e := range srv.Entities() {
		if !proto.Equal(e, want[i]) {
			t.Errorf("%v", e)
		}
	}
}

// A full table takes what is new once what is old has gone.
func TestReconcileFullTable(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv)
	p := program(t)
	srv.Put(translation(t, p, 1, "198.51.100.1"))
	room := func(u *p4v1.Update) *p4v1.Error {
		return &p4v1.Error{CanonicalCode: int32(codes.ResourceExhausted), Message: "Table is full."}
	}
	freed := false
	srv.Set(p4rttest.Faults{Refuse: func(u *p4v1.Update) *p4v1.Error {
		switch {
		case u.GetType() == p4v1.Update_DELETE:
			freed = true
		case u.GetType() == p4v1.Update_INSERT && !freed:
			return room(u)
		}
		return nil
	}})
	scope := p4rt.Scope{Tables: []uint32{p.Outbound.ID()}}
	if _, err := conn.Reconcile(ctx(t), scope, translation(t, p, 2, "198.51.100.1")); err != nil {
		t.Fatal(err)
	}
	if got := srv.Entities(); len(got) != 1 || !proto.Equal(got[0], translation(t, p, 2, "198.51.100.1")) {
		t.Errorf("%v", got)
	}
	srv.Set(p4rttest.Faults{Refuse: func(u *p4v1.Update) *p4v1.Error {
		if u.GetType() != p4v1.Update_DELETE {
			return room(u)
		}
		return nil
	}})
	_, err := conn.Reconcile(ctx(t), scope, translation(t, p, 2, "198.51.100.2"), translation(t, p, 3, "198.51.100.2"))
	var w *p4rt.WriteError
	if !errors.As(err, &w) || w.Failed[0].Code != codes.ResourceExhausted {
		t.Errorf("a table that stays full: %v", err)
	}
}

// From any state to any other, and nothing to do the second time.
func TestReconcileRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	srv := server(t)
	_, conn, _ := connected(t, srv, func(o *p4rt.Options) { o.BatchUpdates = 7 })
	p := program(t)
	scope := p4rt.Scope{Tables: []uint32{p.Outbound.ID()}}
	replicas := []string{"198.51.100.1", "198.51.100.2", "198.51.100.3"}
	for range 30 {
		want := map[int]string{}
		var desired []*p4v1.Entity
		for range random.IntN(40) {
			n := random.IntN(50)
			want[n] = replicas[random.IntN(len(replicas))]
			desired = append(desired, translation(t, p, n, want[n]))
		}
		if _, err := conn.Reconcile(ctx(t), scope, desired...); err != nil {
			t.Fatal(err)
		}
		got := map[int]string{}
		for _, e := range srv.Entities() {
			entry, err := p.Outbound.Decode(e.GetTableEntry())
			if err != nil {
				t.Fatal(err)
			}
			got[int(entry.Key.ClientPort)] = entry.Action.(clientgateway.ToReplica).ReplicaAddr.String()
		}
		if len(got) != len(want) {
			t.Fatalf("%d entries, want %d", len(got), len(want))
		}
		for n, r := range want {
			if got[n] != r {
				t.Fatalf("entry %d goes to %s, want %s", n, got[n], r)
			}
		}
		if changes, err := conn.Reconcile(ctx(t), scope, desired...); err != nil || changes.Unchanged != len(want) || changes.Inserted+changes.Modified+changes.Deleted != 0 {
			t.Fatalf("again: %v, %v", changes, err)
		}
	}
}

// A key that matches everything can't be read alone: others that come along with it are nobody's to delete.
func TestReconcileDontCareOutOfScope(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv)
	p := program(t)
	route := func(prefix string) *p4v1.Entity {
		return must[*p4v1.Entity](t)(p.Routes.Entity(clientgateway.RoutesEntry{
			Key: clientgateway.RoutesKey{DstAddr: netip.MustParsePrefix(prefix)}, Action: clientgateway.Local{},
		}))
	}
	srv.Put(route("10.0.0.0/8"), route("0.0.0.0/0"))
	changes, err := conn.Reconcile(ctx(t), p4rt.Scope{}, route("0.0.0.0/0"))
	if err != nil || changes != (p4rt.Changes{Unchanged: 1}) || len(srv.Entities()) != 2 {
		t.Errorf("%v, %v", changes, err)
	}
}

// Direct meters come with their entries only when asked for, and are compared with them.
func TestReconcileDirectMeters(t *testing.T) {
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal([]byte(`
		tables { preamble { id: 33554433 name: "t" alias: "t" } direct_resource_ids: 352321537
			match_fields { id: 1 name: "k" bitwidth: 8 match_type: EXACT } }
		direct_meters { preamble { id: 352321537 name: "m" alias: "m" } direct_table_id: 33554433 }`), info); err != nil {
		t.Fatal(err)
	}
	srv := server(t)
	_, conn, _ := connected(t, srv, func(o *p4rt.Options) { o.Pipeline.P4Info = info })
	entry := func(cir int64) *p4v1.Entity {
		return &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: &p4v1.TableEntry{
			TableId:     33554433,
			Match:       []*p4v1.FieldMatch{{FieldId: 1, FieldMatchType: &p4v1.FieldMatch_Exact_{Exact: &p4v1.FieldMatch_Exact{Value: []byte{1}}}}},
			MeterConfig: &p4v1.MeterConfig{Cir: cir},
		}}}
	}
	scope := p4rt.Scope{Tables: []uint32{33554433}}
	for i, step := range []struct {
		cir  int64
		want p4rt.Changes
	}{{5, p4rt.Changes{Inserted: 1}}, {5, p4rt.Changes{Unchanged: 1}}, {6, p4rt.Changes{Modified: 1}}, {0, p4rt.Changes{Modified: 1}}, {0, p4rt.Changes{Unchanged: 1}}} {
		if got, err := conn.Reconcile(ctx(t), scope, entry(step.cir)); err != nil || got != step.want {
			t.Errorf("step %d: %v, %v, want %v", i, got, err, step.want)
		}
	}
}
