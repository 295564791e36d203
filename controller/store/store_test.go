package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// both runs a test on either store.
func both(t *testing.T, test func(*testing.T, Store)) {
	t.Run("memory", func(t *testing.T) {
		s := NewMemory()
		defer s.Close()
		test(t, s)
	})
	t.Run("file", func(t *testing.T) {
		s, err := Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		test(t, s)
	})
}

func swap(t *testing.T, s Store, revision uint64, value string) Version {
	t.Helper()
	v, err := s.Swap(t.Context(), revision, []byte(value))
	if err != nil || v.Revision != revision+1 || string(v.Value) != value {
		t.Fatalf("swap at %d: %v, %v", revision, v, err)
	}
	return v
}

func TestSwap(t *testing.T) {
	both(t, func(t *testing.T, s Store) {
		if v, err := s.Load(t.Context()); err != nil || v.Revision != 0 || v.Value != nil {
			t.Errorf("an empty store has %v, %v", v, err)
		}
		swap(t, s, 0, "a")
		swap(t, s, 1, "")
		for _, revision := range []uint64{0, 1, 3} {
			if _, err := s.Swap(t.Context(), revision, []byte("x")); !errors.Is(err, ErrConflict) {
				t.Errorf("swap at %d: %v", revision, err)
			}
		}
		if v, err := s.Load(t.Context()); err != nil || v.Revision != 2 || len(v.Value) != 0 {
			t.Errorf("%v, %v", v, err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Swap(ended, 2, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("after its end: %v", err)
		}
		s.Close()
		if _, err := s.Swap(t.Context(), 2, nil); !errors.Is(err, ErrClosed) {
			t.Errorf("closed: %v", err)
		}
		if _, err := s.Load(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

// Of many that swap at the same revision, one does.
func TestSwapsOfMany(t *testing.T) {
	both(t, func(t *testing.T, s Store) {
		const each, many = 20, 8
		var done sync.WaitGroup
		for range many {
			done.Go(func() {
				for n := 0; n < each; {
					v, err := s.Load(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					_, err = s.Swap(t.Context(), v.Revision, fmt.Append(nil, v.Revision+1))
					if err == nil {
						n++
					} else if !errors.Is(err, ErrConflict) {
						t.Error(err)
						return
					}
				}
			})
		}
		done.Wait()
		if v, err := s.Load(t.Context()); err != nil || v.Revision != each*many || string(v.Value) != fmt.Sprint(each*many) {
			t.Errorf("%d %s, %v", v.Revision, v.Value, err)
		}
	})
}

func TestWatch(t *testing.T) {
	both(t, func(t *testing.T, s Store) {
		swap(t, s, 0, "1")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w, late := s.Watch(ctx, 0), s.Watch(ctx, 1)
		if v := <-w; v.Revision != 1 || string(v.Value) != "1" {
			t.Errorf("first %v", v)
		}
		select {
		case v := <-late:
			t.Errorf("known already: %v", v)
		case <-time.After(20 * time.Millisecond):
		}
		for i := range 5 {
			swap(t, s, uint64(i+1), fmt.Sprint(i+2))
		}
		for _, w := range []<-chan Version{w, late} {
			for last := uint64(1); last < 6; {
				v := <-w
				if v.Revision <= last || string(v.Value) != fmt.Sprint(v.Revision) {
					t.Fatalf("%v after %d", v, last)
				}
				last = v.Revision
			}
		}
		cancel()
		if _, open := <-w; open {
			t.Error("open after its end")
		}
		again := s.Watch(t.Context(), 6)
		s.Close()
		if _, open := <-again; open {
			t.Error("open after Close")
		}
	})
}

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	for i := range 3 {
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.Load(t.Context())
		if err != nil || v.Revision != uint64(i) || i > 0 && string(v.Value) != fmt.Sprintf("value\n%d", i) {
			t.Fatalf("%v, %v", v, err)
		}
		swap(t, s, uint64(i), fmt.Sprintf("value\n%d", i+1))
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "another controller has it open") {
			t.Errorf("opened twice: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, fileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: names of keys are in it", info.Mode(), err)
	}
}

// A new version that was not finished is none.
func TestUnfinished(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	swap(t, s, 0, "whole")
	s.Close()
	if err := os.WriteFile(filepath.Join(dir, fileName+".new"), encode(Version{2, []byte("half")})[:20], 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if v, err := s.Load(t.Context()); err != nil || string(v.Value) != "whole" {
		t.Errorf("%v, %v", v, err)
	}
	swap(t, s, 1, "again")
}

// What cannot be written is not there afterwards, and the next attempt is free to try.
func TestFailedWrite(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	swap(t, s, 0, "a")
	dir := s.dir
	s.dir = filepath.Join(dir, "none")
	if _, err := s.Swap(t.Context(), 1, []byte("b")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	s.dir = dir
	if v, err := s.Load(t.Context()); err != nil || v.Revision != 1 || string(v.Value) != "a" {
		t.Errorf("%v, %v", v, err)
	}
	swap(t, s, 1, "c")
}

// Damage is told, not taken for a configuration.
func TestDamage(t *testing.T) {
	good := string(encode(Version{Revision: 7, Value: []byte("some value")}))
	for name, test := range map[string]struct{ text, want string }{
		"empty":       {"", "is no store"},
		"other":       {"{}\n", "is no store"},
		"cut":         {good[:len(good)-1], "is damaged"},
		"longer":      {good + "x", "is damaged"},
		"bit":         {strings.Replace(good, "some", "sole", 1), "is damaged"},
		"only a head": {good[:strings.Index(good, "\n")], "is damaged"},
		"revision 0":  {strings.Replace(good, "revision 7", "revision 0", 1), "is damaged"},
		"version 2":   {strings.Replace(good, "store 1", "store 2", 1), "is no store"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, fileName), []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(dir)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			s.Close()
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(""))
	f.Add(encode(Version{Revision: 7, Value: []byte("some value\n")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := decode(data)
		if err != nil {
			return
		}
		if again, err := decode(encode(v)); err != nil || again.Revision != v.Revision || string(again.Value) != string(v.Value) {
			t.Errorf("%v comes back as %v, %v", v, again, err)
		}
	})
}
