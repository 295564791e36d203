package controller_test

import (
	"fmt"
	"testing"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/tests/packet"
)

func (r *running) learning() state.Learning {
	r.t.Helper()
	list, err := r.Learning(r.t.Context())
	if err != nil || len(list) != 1 {
		r.t.Fatalf("%+v, %v", list, err)
	}
	return list[0]
}

// TestSlotsInUse: what the registers hold live is counted, of connections that nobody answered too, until it expires.
func TestSlotsInUse(t *testing.T) {
	l := newLab(t)
	l.slotsEvery = 10 * time.Millisecond
	c := network(config.OriginStandby, "A")
	c.Timers.SlotPending, c.Timers.SlotClaimed = 2*time.Minute, 5*time.Minute
	l.build(c)
	k := l.control(c)
	if s := k.learning().Slots; s.Capacity != 65536 || !s.Counted.IsZero() {
		t.Errorf("before a connection told the switch's time: %+v", s)
	}
	l.client(40000, 1).open()
	k.translated(1)
	counted := func(want int) {
		t.Helper()
		k.until(fmt.Sprintf("%d slots", want), func() error {
			if s := k.learning().Slots; s.Counted.IsZero() || s.InUse != want {
				return fmt.Errorf("%+v", s)
			}
			return nil
		})
	}
	l.lose(func(from, _ string) bool { return from == "cg" })
	for i := range uint16(20) {
		l.client(41000+i, 1).syn()
	}
	counted(21)
	if n := k.learning().Unwritten; n != 0 {
		t.Errorf("%d connections are not written", n)
	}
	// A switch that starts anew has another time, and no slots.
	l.switches["cg"].halt()
	l.switches["cg"].boot()
	k.until("unknown again", func() error {
		if s := k.learning().Slots; !s.Counted.IsZero() {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
	k.settle()
	l.lose(nil)
	l.client(40001, 1).open()
	counted(1)
}

// TestSlotsOfASwitchWithoutRegisters: as BMv2, which refuses to read them.
func TestSlotsOfASwitchWithoutRegisters(t *testing.T) {
	l := newLab(t)
	l.slotsEvery = time.Millisecond
	c := network(config.OriginStandby)
	c.Switches, c.Services = c.Switches[:1], nil
	asked := make(chan struct{}, 100)
	l.server = []grpc.ServerOption{grpc.StreamInterceptor(func(s any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(s, &withoutRegisters{stream, asked})
	})}
	cg := l.add("cg", "10.0.0.0/24")
	k := l.control(c)
	one := l.client(40000, 1000)
	one.syn()
	cg.receive(wan, packet.MustParse(fmt.Sprintf("eth fe>01 / ip 198.51.100.10>%s df / tcp 8080>40000 SA seq=5000 ack=1001 mss=1460", clientAddr)).Build())
	k.translated(1)
	<-asked
	l.client(40001, 1).syn()
	time.Sleep(50 * time.Millisecond) // fifty times over it would be asked again
	if s := k.learning(); !s.Slots.Counted.IsZero() || s.Slots.Capacity != 65536 || len(asked) != 0 || s.Flows != 1 {
		t.Errorf("%+v, asked %d times more", s, len(asked))
	}
	if sessions, err := k.Sessions(t.Context()); err != nil || sessions[0].Stats.Connects != 1 {
		t.Errorf("the session started over: %+v, %v", sessions, err)
	}
}

// withoutRegisters refuses to read registers.
type withoutRegisters struct {
	grpc.ServerStream
	asked chan struct{}
}

func (s *withoutRegisters) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if r, ok := m.(*p4v1.ReadRequest); ok && err == nil && r.GetEntities()[0].GetRegisterEntry() != nil {
		s.asked <- struct{}{}
		return status.Error(codes.Unimplemented, "register reads are not supported yet")
	}
	return err
}
