package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/p4rt/p4rttest"
)

// reboot is a switch that starts again, empty.
func (b *bench) reboot() {
	b.server.Forget()
	b.server.Configure(nil)
	b.server.Cut()
}

func (b *bench) settled() {
	b.t.Helper()
	b.until("settled", func() error {
		s, err := b.gateway.Standing(b.t.Context())
		if !s.Settled {
			return fmt.Errorf("%+v, %v", s, err)
		}
		return err
	})
}

// isRoute, isTranslation tell what an update is about.
func (b *bench) isRoute(u *p4v1.Update) bool {
	return b.program.Routes.Is(u.GetEntity().GetTableEntry())
}

func (b *bench) isTranslation(u *p4v1.Update) bool {
	e := u.GetEntity().GetTableEntry()
	return b.program.Outbound.Is(e) || b.program.Inbound.Is(e)
}

// TestRoutesComeLast takes the switch away in the middle of all kinds of work. Whatever is lost on the way, no route is
// written before all translations are back, settings and sides included.
func TestRoutesComeLast(t *testing.T) {
	const many = 700 // more than a batch
	b := newBench(t, nil)
	for i := range uint16(many) {
		b.send(b.event(claimed, i+1))
		if i%100 == 0 {
			b.until("learnt", func() error {
				if m, _, err := b.gateway.Memory(t.Context()); m.Flows != int(i)+1 {
					return fmt.Errorf("%d flows, %v", m.Flows, err)
				}
				return nil
			})
		}
	}
	b.holds(many, many)
	var failing atomic.Int32
	early := make(chan string, 1)
	b.server.Set(p4rttest.Faults{Write: func(_ context.Context, r *p4v1.WriteRequest) error {
		route, translation := false, false
		for _, u := range r.GetUpdates() {
			route = route || b.isRoute(u)
			translation = translation || b.isTranslation(u)
		}
		if translation && failing.Add(-1) >= 0 {
			b.server.Cut() // it stays up, but the session is over
			return errors.New("lost")
		}
		if route {
			out, in := b.held()
			sides := false
			for _, e := range b.server.Entities() {
				sides = sides || b.program.Sides.Is(e.GetTableEntry())
			}
			if out != many || in != many || !sides {
				select {
				case early <- fmt.Sprintf("a route with %d outbound and %d inbound translations, sides %t", out, in, sides):
				default:
				}
			}
		}
		return nil
	}})
	for i := range int32(6) {
		failing.Store(i)
		b.reboot()
		b.until("new", func() error {
			if n := len(b.server.Pushes()); n != int(i)+2 {
				return fmt.Errorf("%d pushes", n)
			}
			return nil
		})
		b.settled()
		if out, in := b.held(); out != many || in != many {
			t.Fatalf("%d sessions lost meanwhile: %d outbound and %d inbound translations", i, out, in)
		}
		select {
		case what := <-early:
			t.Fatal(what)
		default:
		}
	}
}

// TestClaimsBeforeTheCrash has the switch tell of connections and die at once. Whatever came through is restored.
func TestClaimsBeforeTheCrash(t *testing.T) {
	b := newBench(t, nil)
	told := uint16(0)
	for range 60 {
		for range 5 {
			told++
			b.send(b.event(claimed, told))
		}
		pushes := len(b.server.Pushes())
		b.reboot()
		b.until("new", func() error {
			if n := len(b.server.Pushes()); n != pushes+1 {
				return fmt.Errorf("%d pushes", n)
			}
			return nil
		})
		b.settled()
		heard := int(b.session.Status().Stats.DigestLists)
		if out, in := b.held(); out != heard || in != heard {
			t.Fatalf("told of %d connections, heard of %d: %d outbound and %d inbound translations are back", told, heard, out, in)
		}
	}
}
