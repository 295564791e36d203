package pipeline

import (
	"bytes"
	"errors"

	"testing"

	"github.com/google/go-cmp/cmp"
)

func setCall(v byte) Call { return Call{"Ing.set", [][]byte{{v}}} }

// frameOf is a packet for match.p4: test, a, b.
func frameOf(test, a byte, b uint16) []byte {
	return append(append([]byte{test, a}, be16(b)...), make([]byte, 17)...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestProfileLife: members and groups are added, used, changed and removed, and
// not removed while they are used.
func TestProfileLife(t *testing.T) {
	var out byte
	pl := newPipeline(t, "match", Env{Transmit: func(_ uint32, f []byte) { out = f[20] }})
	send := func(a byte, b uint16) byte {
		pl.Process(0, frameOf(9, a, b))
		return out
	}
	p := pl.Profile("Ing.pick")
	tbl := pl.Table("Ing.spread")
	pl.Do(func() {
		for i := byte(1); i <= 3; i++ {
			must(t, p.AddMember(Member{ID: uint32(i), Action: setCall(0x10 * i)}))
		}
		must(t, p.AddGroup(Group{ID: 7, MaxSize: 4, Members: []GroupMember{{Member: 1, Weight: 1}, {Member: 2, Weight: 3}}}))
		must(t, p.AddGroup(Group{ID: 8}))
		must(t, tbl.Insert(Entry{Key: exactly([]byte{1}), Group: 7}))
		must(t, tbl.Insert(Entry{Key: exactly([]byte{2}), Member: 3}))
		must(t, tbl.Insert(Entry{Key: exactly([]byte{3}), Group: 8}))
		must(t, tbl.Insert(Entry{Key: exactly([]byte{4}), Set: []Weighted{{Call: setCall(0x77), Weight: 2}, {Call: setCall(0x88), Weight: 1}}}))
	})
	for _, c := range []struct {
		a    byte
		b    uint16
		want byte
	}{
		{1, 0, 0x10}, {1, 1, 0x20}, {1, 2, 0x20}, {1, 3, 0x20}, {1, 4, 0x10}, // identity hash of b modulo 4
		{2, 0, 0x30},
		{3, 0, 0xcc}, // an empty group counts as a miss
		{4, 0, 0x77}, {4, 1, 0x77}, {4, 2, 0x88},
		{5, 0, 0xcc},
	} {
		if got := send(c.a, c.b); got != c.want {
			t.Errorf("a=%d b=%d: %x, want %x", c.a, c.b, got, c.want)
		}
	}
	pl.Do(func() {
		for what, err := range map[string]error{
			"member in a group": p.DeleteMember(1), "member in an entry": p.DeleteMember(3), "group in an entry": p.DeleteGroup(7),
		} {
			if !errors.Is(err, ErrInUse) {
				t.Errorf("%s: %v", what, err)
			}
		}
		must(t, p.ModifyMember(Member{ID: 2, Action: setCall(0x21)}))
		must(t, p.ModifyGroup(Group{ID: 7, Members: []GroupMember{{Member: 2, Weight: 1}}}))
		must(t, p.DeleteMember(1))
		g, _ := p.Group(7)
		if d := cmp.Diff(Group{ID: 7, MaxSize: 4, Members: []GroupMember{{Member: 2, Weight: 1}}}, g); d != "" {
			t.Error(d)
		}
		e, _ := tbl.Get(Key{Fields: exactly([]byte{4})})
		if d := cmp.Diff([]Weighted{{Call: setCall(0x77), Weight: 2}, {Call: setCall(0x88), Weight: 1}}, e.Set); d != "" {
			t.Error(d)
		}
		must(t, tbl.Modify(Entry{Key: exactly([]byte{4}), Member: 3}))
		slots := len(p.members)
		for range 10 { // one-shot sets give their members back
			must(t, tbl.Modify(Entry{Key: exactly([]byte{4}), Set: []Weighted{{Call: setCall(1), Weight: 1}, {Call: setCall(2), Weight: 1}}}))
		}
		if len(p.members) != slots {
			t.Errorf("%d member slots, before %d", len(p.members), slots)
		}
	})
	if got := send(1, 9); got != 0x21 {
		t.Errorf("changed member: %x", got)
	}
	pl.Do(func() {
		for a := byte(1); a <= 4; a++ {
			must(t, tbl.Delete(Key{Fields: exactly([]byte{a})}))
		}
		p.Clear()
		if n := len(p.Members()) + len(p.Groups()); n != 0 {
			t.Errorf("%d members and groups left", n)
		}
	})
}

// TestWatchPorts: flows of members that are up stay, those of a member that is
// down go to the others by weight, and come back.
func TestWatchPorts(t *testing.T) {
	var out byte
	pl := newPipeline(t, "match", Env{Transmit: func(_ uint32, f []byte) { out = f[20] }})
	p := pl.Profile("Ing.pick")
	pl.Do(func() {
		var members []GroupMember
		for i := byte(1); i <= 4; i++ {
			must(t, p.AddMember(Member{ID: uint32(i), Action: setCall(i)}))
			members = append(members, GroupMember{Member: uint32(i), Weight: 1, WatchPort: uint32(i), Watch: true})
		}
		must(t, p.AddGroup(Group{ID: 1, Members: members}))
		must(t, pl.Table("Ing.spread").Insert(Entry{Key: exactly([]byte{1}), Group: 1}))
	})
	all := func() (r []byte) {
		for b := range uint16(24) {
			pl.Process(0, frameOf(9, 1, b))
			r = append(r, out)
		}
		return r
	}
	before := all()
	pl.SetPortUp(2, false)
	during := all()
	share := map[byte]int{}
	for i := range before {
		if before[i] != 2 && during[i] != before[i] {
			t.Errorf("flow %d moved from member %d to %d", i, before[i], during[i])
		}
		share[during[i]]++
	}
	if share[2] != 0 || share[1] < 7 || share[3] < 7 || share[4] < 7 {
		t.Errorf("shares with port 2 down: %v", share)
	}
	pl.SetPortUp(2, true)
	if after := all(); !bytes.Equal(after, before) {
		t.Errorf("after: %v, before %v", after, before)
	}
	for port := range uint32(5) {
		pl.SetPortUp(port, false)
	}
	if got := all(); got[0] != 0xcc {
		t.Errorf("all ports down: %x", got[0])
	}
}

// TestProfileErrors: what action profiles refuse.
func TestProfileErrors(t *testing.T) {
	pl := newPipeline(t, "match", Env{})
	plain, pick := pl.Profile("Ing.profile"), pl.Profile("Ing.pick")
	pl.Do(func() {
		must(t, pick.AddMember(Member{ID: 1, Action: setCall(1)}))
		for _, c := range []struct {
			name string
			err  error
			want error
		}{
			{"id 0", pick.AddMember(Member{Action: setCall(1)}), ErrInvalid},
			{"member twice", pick.AddMember(Member{ID: 1, Action: setCall(1)}), ErrExists},
			{"unknown action", pick.AddMember(Member{ID: 2, Action: Call{Action: "x"}}), ErrInvalid},
			{"modify nothing", pick.ModifyMember(Member{ID: 9, Action: setCall(1)}), ErrNotFound},
			{"delete nothing", pick.DeleteMember(9), ErrNotFound},
			{"group without selector", plain.AddGroup(Group{ID: 1}), ErrInvalid},
			{"group id 0", pick.AddGroup(Group{}), ErrInvalid},
			{"unknown member", pick.AddGroup(Group{ID: 1, Members: []GroupMember{{Member: 9, Weight: 1}}}), ErrNotFound},
			{"member twice in a group", pick.AddGroup(Group{ID: 1, Members: []GroupMember{{Member: 1, Weight: 1}, {Member: 1, Weight: 1}}}), ErrInvalid},
			{"weight 0", pick.AddGroup(Group{ID: 1, Members: []GroupMember{{Member: 1}}}), ErrInvalid},
			{"too many", pick.AddGroup(Group{ID: 1, MaxSize: 0, Members: make([]GroupMember, maxGroupMembers+1)}), ErrFull},
			{"delete no group", pick.DeleteGroup(3), ErrNotFound},
			{"modify no group", pick.ModifyGroup(Group{ID: 3}), ErrNotFound},
		} {
			if !errors.Is(c.err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, c.err, c.want)
			}
		}
		for i := range uint32(20) {
			err := plain.AddMember(Member{ID: i + 1, Action: setCall(1)})
			if want := i >= 8; errors.Is(err, ErrFull) != want {
				t.Errorf("member %d of 8: %v", i+1, err)
			}
		}
	})
}
