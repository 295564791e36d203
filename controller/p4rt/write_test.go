package p4rt_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/p4rt/p4rttest"
	"github.com/firstack/firstack/tables"
)

func TestWriteInBatches(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*p4rt.Options)
		updates int
		check   func(*testing.T, []*p4v1.WriteRequest)
	}{
		{
			name: "by number", updates: 25,
			change: func(o *p4rt.Options) { o.BatchUpdates = 10 },
			check: func(t *testing.T, writes []*p4v1.WriteRequest) {
				if len(writes) != 3 || len(writes[0].GetUpdates()) != 10 || len(writes[2].GetUpdates()) != 5 {
					t.Errorf("%d writes", len(writes))
				}
			},
		},
		{
			name: "by size", updates: 50,
			change: func(o *p4rt.Options) { o.BatchBytes = 1000 },
			check: func(t *testing.T, writes []*p4v1.WriteRequest) {
				if len(writes) < 3 {
					t.Errorf("%d writes", len(writes))
				}
				for _, w := range writes {
					if n := proto.Size(w); n > 1000 {
						t.Errorf("a write of %d bytes", n)
					}
				}
			},
		},
		{
			name: "one too large goes alone", updates: 2,
			change: func(o *p4rt.Options) { o.BatchBytes = 1 },
			check: func(t *testing.T, writes []*p4v1.WriteRequest) {
				if len(writes) != 2 {
					t.Errorf("%d writes", len(writes))
				}
			},
		},
		{
			name: "nothing", updates: 0,
			change: func(*p4rt.Options) {},
			check: func(t *testing.T, writes []*p4v1.WriteRequest) {
				if len(writes) != 0 {
					t.Errorf("%d writes", len(writes))
				}
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := server(t)
			s, conn, _ := connected(t, srv, test.change)
			p := program(t)
			var entities []*p4v1.Entity
			for i := range test.updates {
				entities = append(entities, translation(t, p, i, "198.51.100.1"))
			}
			if err := conn.Write(ctx(t), inserts(entities...)...); err != nil {
				t.Fatal(err)
			}
			test.check(t, srv.Writes())
			if n := len(srv.Entities()); n != test.updates {
				t.Errorf("%d entities", n)
			}
			if n := s.Status().Stats.Updates; n != uint64(test.updates) {
				t.Errorf("counted %d updates", n)
			}
		})
	}
}

func TestWriteErrorsNameEveryUpdate(t *testing.T) {
	srv := server(t)
	s, conn, _ := connected(t, srv, func(o *p4rt.Options) { o.BatchUpdates = 2 })
	p := program(t)
	srv.Put(translation(t, p, 1, "198.51.100.1"))
	missing := tables.Delete(translation(t, p, 3, "198.51.100.1"))
	updates := append(inserts(
		translation(t, p, 0, "198.51.100.1"), translation(t, p, 1, "198.51.100.1"), translation(t, p, 2, "198.51.100.1"),
	), missing)
	err := conn.Write(ctx(t), updates...)
	var w *p4rt.WriteError
	if !errors.As(err, &w) || len(w.Failed) != 2 || w.Err != nil {
		t.Fatalf("%v", err)
	}
	first := &w.Failed[0]
	if first.Code != codes.AlreadyExists || first.Object != "table outbound" || first.Update != updates[1] ||
		first.Key != "client_addr=10.0.0.0 client_port=1 server_addr=192.0.2.1 server_port=80" {
		t.Errorf("%+v", first)
	}
	if w.Failed[1].Code != codes.NotFound || w.Failed[1].Update != missing {
		t.Errorf("%+v", w.Failed[1])
	}
	for _, part := range []string{"switch gw1", "insert table outbound", "client_port=1", "AlreadyExists", "Entity already exists", "1 more"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
	var u *p4rt.UpdateError
	if !errors.As(err, &u) || u.Code != codes.AlreadyExists {
		t.Error("an update's error can't be found in the write's")
	}
	if n := s.Status().Stats.UpdatesFailed; n != 2 {
		t.Errorf("counted %d failures", n)
	}

	if left := p4rt.Tolerate(err, codes.AlreadyExists, codes.NotFound); left != nil {
		t.Errorf("left after tolerating all: %v", left)
	}
	left := p4rt.Tolerate(err, codes.NotFound)
	if !errors.As(left, &w) || len(w.Failed) != 1 || w.Failed[0].Code != codes.AlreadyExists {
		t.Errorf("left after tolerating one: %v", left)
	}
	if p4rt.Tolerate(nil, codes.NotFound) != nil {
		t.Error("an error out of none")
	}
	if other := errors.New("other"); p4rt.Tolerate(other, codes.NotFound) != other {
		t.Error("another error was changed")
	}
}

func TestWriteRefusedAsAWhole(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv, func(o *p4rt.Options) { o.BatchUpdates = 1 })
	srv.Set(p4rttest.Faults{Write: func(context.Context, *p4v1.WriteRequest) error {
		return status.Error(codes.Internal, "on fire")
	}})
	p := program(t)
	err := conn.Write(ctx(t), inserts(translation(t, p, 1, "198.51.100.1"), translation(t, p, 2, "198.51.100.1"))...)
	var w *p4rt.WriteError
	if !errors.As(err, &w) || status.Code(w.Err) != codes.Internal || w.Unsent != 1 || len(w.Failed) != 0 {
		t.Fatalf("%+v", err)
	}
	if p4rt.Tolerate(err, codes.Internal) == nil {
		t.Error("a batch's failure was tolerated away")
	}
}

func TestWriteTimeout(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv, func(o *p4rt.Options) { o.WriteTimeout = 10e6 })
	srv.Set(p4rttest.Faults{Write: func(ctx context.Context, _ *p4v1.WriteRequest) error {
		<-ctx.Done()
		return ctx.Err()
	}})
	ours := ctx(t)
	err := conn.Write(ours, inserts(translation(t, program(t), 1, "198.51.100.1"))...)
	var w *p4rt.WriteError
	if !errors.As(err, &w) || status.Code(w.Err) != codes.DeadlineExceeded || ours.Err() != nil {
		t.Errorf("%v", err)
	}
}

func TestUpsert(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv)
	p := program(t)
	srv.Put(translation(t, p, 1, "198.51.100.1"))
	want := []*p4v1.Entity{translation(t, p, 1, "198.51.100.2"), translation(t, p, 2, "198.51.100.2")}
	if err := conn.Upsert(ctx(t), want...); err != nil {
		t.Fatal(err)
	}
	got := srv.Entities()
	if len(got) != 2 || !proto.Equal(got[0], want[0]) || !proto.Equal(got[1], want[1]) {
		t.Errorf("%v", got)
	}
	srv.Set(p4rttest.Faults{Refuse: func(u *p4v1.Update) *p4v1.Error {
		if u.GetType() == p4v1.Update_MODIFY {
			return &p4v1.Error{CanonicalCode: int32(codes.PermissionDenied), Message: "constant"}
		}
		return nil
	}})
	err := conn.Upsert(ctx(t), want...)
	var w *p4rt.WriteError
	if !errors.As(err, &w) || len(w.Failed) != 2 || w.Failed[0].Code != codes.PermissionDenied {
		t.Errorf("%v", err)
	}
}

func TestRegistersBehindTheirFlag(t *testing.T) {
	srv := server(t)
	p := program(t)
	read, err := p.AwaitedRegister.Read(3)
	if err != nil {
		t.Fatal(err)
	}
	set, err := p.AwaitedRegister.Set(3, 77)
	if err != nil {
		t.Fatal(err)
	}
	_, conn, _ := connected(t, srv)
	if _, err := conn.ReadAll(ctx(t), read); !errors.Is(err, p4rt.ErrUnsupported) || !strings.Contains(err.Error(), "register awaited, cell 3") {
		t.Errorf("read: %v", err)
	}
	if err := conn.Write(ctx(t), set); !errors.Is(err, p4rt.ErrUnsupported) {
		t.Errorf("write: %v", err)
	}
	_, conn, _ = connected(t, server(t), func(o *p4rt.Options) { o.Target.Registers = true })
	if err := conn.Write(ctx(t), set); err != nil {
		t.Fatal(err)
	}
	got, err := conn.ReadAll(ctx(t), read)
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	if i, v, err := p.AwaitedRegister.Decode(got[0].GetRegisterEntry()); i != 3 || v != 77 || err != nil {
		t.Errorf("cell %d is %d, %v", i, v, err)
	}
}

func TestReadStopsEarlyAndReportsErrors(t *testing.T) {
	srv := server(t)
	_, conn, _ := connected(t, srv)
	p := program(t)
	for i := range 10 {
		srv.Put(translation(t, p, i, "198.51.100.1"))
	}
	n := 0
	for _, err := range conn.Read(ctx(t), p.Outbound.ReadAll(tables.With{})) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d entities", n)
	}
	srv.Set(p4rttest.Faults{Read: func(context.Context, *p4v1.ReadRequest) error { return status.Error(codes.Internal, "no") }})
	_, err := conn.ReadAll(ctx(t), p.Outbound.ReadAll(tables.With{}))
	if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "switch gw1: read table outbound") {
		t.Errorf("%v", err)
	}
}
