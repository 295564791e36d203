package p4rt_test

import (
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/p4rt"
)

// What is known to be held is believed: the difference to it is written, and the switch is asked nothing.
func TestChange(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv)
	p := program(t)
	held := []*p4v1.Entity{translation(t, p, 1, "198.51.100.1"), translation(t, p, 2, "198.51.100.1"), translation(t, p, 3, "198.51.100.1")}
	srv.Put(held...)
	unknown := translation(t, p, 9, "198.51.100.1")
	srv.Put(unknown)
	want := []*p4v1.Entity{
		translation(t, p, 1, "198.51.100.1"), translation(t, p, 2, "198.51.100.2"), translation(t, p, 4, "198.51.100.1"),
	}
	scope := p4rt.Scope{Tables: []uint32{p.Outbound.ID()}}
	changes, err := conn.Change(ctx(t), scope, held, want)
	if err != nil || changes != (p4rt.Changes{Unchanged: 1, Inserted: 1, Modified: 1, Deleted: 1}) {
		t.Errorf("%v, %v", changes, err)
	}
	if n := count(srv.Writes()); n[p4v1.Update_INSERT] != 1 || n[p4v1.Update_MODIFY] != 1 || n[p4v1.Update_DELETE] != 1 {
		t.Errorf("%v", n)
	}
	if got := len(srv.Entities()); got != 4 {
		t.Errorf("%d entities, want the three and the one that nobody knows of", got)
	}
	before := len(srv.Writes())
	if changes, err = conn.Change(ctx(t), scope, want, want); err != nil || changes != (p4rt.Changes{Unchanged: 3}) || len(srv.Writes()) != before {
		t.Errorf("again: %v, %v", changes, err)
	}
	// Who is wrong about it hears of it.
	if _, err = conn.Change(ctx(t), scope, nil, want[:1]); err == nil {
		t.Error("what is there could be inserted again")
	}
}
