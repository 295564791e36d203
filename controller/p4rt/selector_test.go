package p4rt_test

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/p4rt/p4rttest"
	"github.com/firstack/firstack/controller/target"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/clientgateway"
)

func onTofino(o *p4rt.Options) { o.Target = target.Named(target.Tofino) }

// way is an entry of the table steering: where connections to a server go, in shares.
func way(t testing.TB, p *clientgateway.Program, server string, shares map[uint16]int32) *p4v1.Entity {
	t.Helper()
	var set []tables.Weighted[clientgateway.SteeringAction]
	for _, group := range slices.Sorted(maps.Keys(shares)) {
		set = append(set, tables.Weighted[clientgateway.SteeringAction]{Action: clientgateway.RaceTo{Group: group}, Weight: shares[group]})
	}
	e, err := p.Steering.Entity(clientgateway.SteeringEntry{
		Key: clientgateway.SteeringKey{ServerAddr: netip.MustParseAddr(server), ServerPort: 80}, Set: set,
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// shares reads the ways back, by server.
func shares(t testing.TB, conn *p4rt.Conn, p *clientgateway.Program) map[string]map[uint16]int32 {
	t.Helper()
	entities, err := conn.ReadAll(ctx(t), p.Steering.ReadAll(tables.With{}))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[uint16]int32{}
	for _, one := range entities {
		e, err := p.Steering.Decode(one.GetTableEntry())
		if err != nil {
			t.Fatal(err)
		}
		by := map[uint16]int32{}
		for _, w := range e.Set {
			by[w.Action.(clientgateway.RaceTo).Group] = w.Weight
		}
		out[e.Key.ServerAddr.String()] = by
	}
	return out
}

type held struct{ entries, members, groups int }

// TestSetsAsGroups: a target without action sets gets groups with a member for each share, reads as if it had sets, and
// what is right is not written again by another session that knows nothing.
func TestSetsAsGroups(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv, onTofino)
	p := program(t)
	scope := p4rt.Scope{Tables: []uint32{p.Steering.ID()}}
	holds := func(want held) {
		t.Helper()
		var got held
		members := map[uint32]bool{}
		for _, e := range srv.Entities() {
			switch x := e.GetEntity().(type) {
			case *p4v1.Entity_TableEntry:
				got.entries++
				if x.TableEntry.GetAction().GetActionProfileGroupId() == 0 {
					t.Errorf("an entry without a group: %v", x.TableEntry)
				}
			case *p4v1.Entity_ActionProfileMember:
				got.members++
				members[x.ActionProfileMember.GetMemberId()] = true
			case *p4v1.Entity_ActionProfileGroup:
				got.groups++
				if x.ActionProfileGroup.GetMaxSize() != 256 {
					t.Errorf("max_size is %d", x.ActionProfileGroup.GetMaxSize())
				}
				for _, m := range x.ActionProfileGroup.GetMembers() {
					if m.GetWeight() != 1 || !members[m.GetMemberId()] {
						t.Errorf("member %v", m)
					}
					delete(members, m.GetMemberId())
				}
			}
		}
		if got != want || len(members) != 0 {
			t.Errorf("the switch has %+v, want %+v; members in no group: %v", got, want, members)
		}
	}
	reads := func(want map[string]map[uint16]int32) {
		t.Helper()
		if got := shares(t, conn, p); !maps.EqualFunc(got, want, maps.Equal[map[uint16]int32, map[uint16]int32]) {
			t.Errorf("read %v, want %v", got, want)
		}
	}
	reconcile := func(desired ...*p4v1.Entity) p4rt.Changes {
		t.Helper()
		c, err := conn.Reconcile(ctx(t), scope, desired...)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}

	first := []*p4v1.Entity{way(t, p, "192.0.2.1", map[uint16]int32{1: 6, 2: 2}), way(t, p, "192.0.2.2", map[uint16]int32{3: 1})}
	reconcile(first...)
	holds(held{entries: 2, members: 5, groups: 2}) // 6:2 is 3:1
	reads(map[string]map[uint16]int32{"192.0.2.1": {1: 3, 2: 1}, "192.0.2.2": {3: 1}})

	before := len(srv.Writes())
	if c := reconcile(first...); c.Inserted+c.Modified+c.Deleted != 0 || len(srv.Writes()) != before {
		t.Errorf("written again: %v", c)
	}
	_, conn, _ = connected(t, srv, onTofino, func(o *p4rt.Options) { o.Election = p4rt.ElectionID{Low: 9} })
	if c := reconcile(first...); c.Inserted+c.Modified+c.Deleted != 0 || len(srv.Writes()) != before {
		t.Errorf("written again by another session: %v", c)
	}

	// By difference, as package gateway does it: first what is new, then what is left over.
	second := []*p4v1.Entity{way(t, p, "192.0.2.1", map[uint16]int32{2: 2}), way(t, p, "192.0.2.3", map[uint16]int32{4: 1, 5: 1})}
	spare := scope
	spare.Undeleted = func(*p4v1.Entity) bool { return true }
	if _, err := conn.Change(ctx(t), spare, first, second); err != nil {
		t.Fatal(err)
	}
	reads(map[string]map[uint16]int32{"192.0.2.1": {2: 1}, "192.0.2.2": {3: 1}, "192.0.2.3": {4: 1, 5: 1}})
	if _, err := conn.Change(ctx(t), scope, slices.Concat(first, second), second); err != nil {
		t.Fatal(err)
	}
	holds(held{entries: 2, members: 3, groups: 2})

	reconcile(way(t, p, "192.0.2.4", map[uint16]int32{6: 1}))
	holds(held{entries: 1, members: 1, groups: 1})
	reconcile()
	holds(held{})

	// Weights that do not fit are rounded, but nobody loses his share.
	reconcile(way(t, p, "192.0.2.1", map[uint16]int32{1: 20000, 2: 10000, 3: 1}))
	holds(held{entries: 1, members: 256, groups: 1})
	reads(map[string]map[uint16]int32{"192.0.2.1": {1: 170, 2: 85, 3: 1}})

	crowd := map[uint16]int32{}
	for i := range uint16(257) {
		crowd[i+1] = 1
	}
	_, err := conn.Reconcile(ctx(t), scope, way(t, p, "192.0.2.1", crowd))
	var failed *p4rt.WriteError
	if !errors.As(err, &failed) || failed.Err != nil || !strings.Contains(err.Error(),
		"insert table steering, server_addr=192.0.2.1 server_port=80: ResourceExhausted: 257 actions, where a group has room for 256 members") {
		t.Errorf("error %v", err)
	}
}

// TestNumberedReplicas: a server of P4Runtime before 1.4 would read bytes in port as port 0.
func TestNumberedReplicas(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv, onTofino)
	group := p4rt.MulticastGroup(7, p4rt.Replica{Port: 300, Instance: 1})
	scope := p4rt.Scope{Multicast: true}
	for range 2 {
		if _, err := conn.Reconcile(ctx(t), scope, group); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(srv.Writes()); n != 1 {
		t.Errorf("%d writes, want one", n)
	}
	got := srv.Entities()[0].GetPacketReplicationEngineEntry().GetMulticastGroupEntry().GetReplicas()[0]
	if got.GetEgressPort() != 300 || got.GetPort() != nil {
		t.Errorf("%v", got)
	}
}

// TestBlindDigests: where a read says nothing about whether digests are sent, they are asked for in every term.
func TestBlindDigests(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv, onTofino)
	p := program(t)
	digests := p.FlowEvent.Entity(target.Named(target.Tofino).Digests)
	srv.Put(digests)
	if _, err := conn.Reconcile(ctx(t), p4rt.Scope{}, digests); err != nil {
		t.Fatal(err)
	}
	if n := count(srv.Writes()); n[p4v1.Update_INSERT] != 1 || n[p4v1.Update_MODIFY] != 1 {
		t.Errorf("%v, want an insert, and a modify when that says ALREADY_EXISTS", n)
	}
}

// TestNoReconcile: a target that refuses RECONCILE_AND_COMMIT is not asked.
func TestNoReconcile(t *testing.T) {
	srv := server(t)
	srv.Configure(&p4v1.ForwardingPipelineConfig{P4Info: pipeline(t).P4Info, P4DeviceConfig: []byte("another")})
	tried := make(chan p4v1.SetForwardingPipelineConfigRequest_Action, 10)
	srv.Set(p4rttest.Faults{Push: func(_ context.Context, r *p4v1.SetForwardingPipelineConfigRequest) error {
		tried <- r.GetAction()
		return nil
	}})
	connected(t, srv, onTofino)
	if got := await(t, tried, "a push"); got != p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT || len(tried) != 0 {
		t.Errorf("asked for %v, and for %d more", got, len(tried))
	}
}

// TestNoStandBy: a switch that refuses a client without an election id is bid for again, until the one who has the id is
// gone.
func TestNoStandBy(t *testing.T) {
	srv := server(t)
	other, leave := startStoppable(t, options(t, srv), newTerms())
	awaitState(t, other, p4rt.Primary)
	srv.Set(p4rttest.Faults{NoStandBy: true})
	h := newTerms()
	s := start(t, options(t, srv), h)
	until(t, "it has been refused both ways", func() bool {
		return s.Status().Stats.Connects >= 4
	})
	leave()
	await(t, h.began, "a term")
}

// TestReadOfWhatIsPartlyThere: the details say that all else is there (quirkReadDetails).
func TestReadOfWhatIsPartlyThere(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv)
	p := program(t)
	e := translation(t, p, 1, "198.51.100.1")
	refuse := func(details ...codes.Code) {
		st := status.New(codes.Unknown, "One or more read operations failed.")
		for _, c := range details {
			st, _ = st.WithDetails(&p4v1.Error{CanonicalCode: int32(c)})
		}
		srv.Set(p4rttest.Faults{Read: func(context.Context, *p4v1.ReadRequest) error { return st.Err() }})
	}
	for _, x := range []struct {
		details []codes.Code
		fails   bool
	}{
		{[]codes.Code{codes.OK, codes.NotFound}, false},
		{[]codes.Code{codes.NotFound, codes.NotFound}, false},
		{[]codes.Code{codes.NotFound, codes.Internal}, true},
		{[]codes.Code{codes.OK, codes.OK}, true},
		{[]codes.Code{codes.NotFound}, true},
		{nil, true},
	} {
		refuse(x.details...)
		if _, err := conn.ReadAll(ctx(t), e, e); (err != nil) != x.fails {
			t.Errorf("%v: error %v", x.details, err)
		}
	}
}
