package pre

import (
	"errors"
	"slices"
	"sync"
	"testing"
)

func TestEngine(t *testing.T) {
	e := New()
	two := []Copy{{Port: 1, Instance: 5}, {Port: 2, Instance: 5}}
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"group 0", e.InsertGroup(0, two), ErrInvalid},
		{"group beyond 16 bits", e.InsertGroup(1<<16, two), ErrInvalid},
		{"same copy twice", e.InsertGroup(1, []Copy{{Port: 1}, {Port: 1}}), ErrInvalid},
		{"too many copies", e.InsertGroup(1, make([]Copy, MaxCopies+1)), ErrInvalid},
		{"modify nothing", e.ModifyGroup(1, two), ErrNotFound},
		{"delete nothing", e.DeleteGroup(1), ErrNotFound},
		{"insert", e.InsertGroup(1, two), nil},
		{"insert again", e.InsertGroup(1, two), ErrExists},
		{"modify", e.ModifyGroup(1, two[:1]), nil},
		{"delete what only looks alike", e.DeleteGroup(1<<16 + 1), ErrNotFound},
		{"set", e.SetGroup(9, nil), nil},
		{"session 0", e.InsertClone(0, Session{Copies: two}), ErrInvalid},
		{"session beyond 15 bits", e.InsertClone(1<<15, Session{}), ErrInvalid},
		{"session", e.InsertClone(3, Session{Copies: two, Truncate: 64, CoS: 2}), nil},
		{"session again", e.InsertClone(3, Session{}), ErrExists},
		{"modify no session", e.ModifyClone(4, Session{}), ErrNotFound},
		{"set session", e.SetClone(4, Session{}), nil},
		{"delete session", e.DeleteClone(4), nil},
		{"delete session again", e.DeleteClone(4), ErrNotFound},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.err, c.want)
		}
	}
	if g, ok := e.Group(1); !ok || !slices.Equal(g, two[:1]) {
		t.Errorf("group 1: %v %v", g, ok)
	}
	if got := e.Groups(); !slices.Equal(got, []uint16{1, 9}) {
		t.Errorf("groups %v", got)
	}
	s, ok := e.Clone(3)
	if !ok || s.Truncate != 64 || s.CoS != 2 || !slices.Equal(s.Copies, two) || !slices.Equal(e.Clones(), []uint16{3}) {
		t.Errorf("session 3: %+v %v", s, ok)
	}
	two[0].Port = 99 // the engine keeps a copy of its own
	if s, _ = e.Clone(3); s.Copies[0].Port != 1 {
		t.Error("the engine shares the caller's slice")
	}
	e.Reset()
	if len(e.Groups())+len(e.Clones()) != 0 {
		t.Error("Reset left something")
	}
}

func TestConcurrent(t *testing.T) {
	e := New()
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range uint32(500) {
			_ = e.SetGroup(1, []Copy{{Port: i}, {Port: i + 1}})
		}
	})
	for range 2 {
		wg.Go(func() {
			for range 500 {
				if g, ok := e.Group(1); ok && g[0].Port+1 != g[1].Port {
					t.Error("half a group")
				}
			}
		})
	}
	wg.Wait()
}
