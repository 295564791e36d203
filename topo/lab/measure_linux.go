package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Echo requests for each pair of gateways, and the time between two of them in seconds.
const (
	probes        = 5
	probeInterval = "0.05"
	probeWait     = "2"
)

// coreStarts is how long the core has until it answers.
const coreStarts = 15 * time.Second

// settles is how long a busy machine has to show a round trip as it should be.
const settles = 20 * time.Second

// allowed is how much a measured round trip may exceed the planned one, beside a hundredth of it: the kernel, and
// the core's two goroutines, take their part.
const allowed = 5 * time.Millisecond

// measure asks for every round trip between gateways, before there are switches: the kernel of each gateway's
// namespace has the gateway's address for the time of it.
func (s *State) measure(ctx context.Context, l *Layout) error {
	b := &builder{ctx: ctx}
	for i, g := range l.Gateways {
		ns := s.Namespace(g.Name)
		own, err := within1(ns, func() (net.HardwareAddr, error) { return hardwareAddress(g.WAN.Interface) })
		if err != nil {
			return fmt.Errorf("lab %s: measure: %w", s.Name, err)
		}
		b.in(ns, "link set dev %s address %s", g.WAN.Interface, g.WAN.MAC)
		b.in(ns, "addr add %s dev %s", g.WAN.Address, g.WAN.Interface)
		b.in(ns, "route add default via %s dev %s", l.Core.Interfaces[i].Address, g.WAN.Interface)
		defer func() {
			undo := &builder{ctx: context.WithoutCancel(ctx)}
			undo.in(ns, "addr del %s dev %s", g.WAN.Address, g.WAN.Interface)
			undo.in(ns, "link set dev %s address %s", g.WAN.Interface, own)
		}()
	}
	if b.err != nil {
		return fmt.Errorf("lab %s: measure: %w", s.Name, b.err)
	}
	var pairs []Path
	for _, p := range l.Core.Paths {
		if p.From < p.To {
			pairs = append(pairs, p)
		}
	}
	s.RoundTrips = make([]RoundTrip, len(pairs))
	errs := make([]error, len(pairs))
	var wg sync.WaitGroup
	for i, p := range pairs {
		wg.Go(func() { s.RoundTrips[i], errs[i] = s.roundTrip(ctx, p, l.Gateway(p.To).WAN.Address.Addr()) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// roundTrip measures one pair, again while the machine is too busy to keep time.
func (s *State) roundTrip(ctx context.Context, p Path, to netip.Addr) (RoundTrip, error) {
	r := RoundTrip{From: p.From, To: p.To, Planned: p.RoundTrip}
	deadline := time.Now().Add(settles)
	for {
		measured, err := s.ping(ctx, p.From, to)
		if err != nil {
			return r, fmt.Errorf("lab %s: no round trip from %s to %s: %w", s.Name, r.From, r.To, err)
		}
		if r.Measured == 0 || measured < r.Measured {
			r.Measured = measured
		}
		if err = judge(r, p.Spread); err == nil {
			return r, nil
		}
		if r.Measured < r.Planned-p.Spread || time.Now().After(deadline) {
			return r, fmt.Errorf("lab %s: %w", s.Name, err)
		}
	}
}

// judge tells whether a measured round trip is the planned one, but for jitter.
func judge(r RoundTrip, spread time.Duration) error {
	if r.Measured < r.Planned-spread || r.Measured > r.Planned+spread+r.Planned/100+allowed {
		return fmt.Errorf("round trip from %s to %s is %v, planned are %v: the machine is too busy, or something else delays",
			r.From, r.To, r.Measured, r.Planned)
	}
	return nil
}

// ping returns the least of several round trips from a gateway's namespace. It asks again while nothing answers, for
// the core may be starting.
func (s *State) ping(ctx context.Context, from string, to netip.Addr) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, coreStarts)
	defer cancel()
	argv := []string{"netns", "exec", s.Namespace(from), "ping", "-n", "-c", fmt.Sprint(probes), "-i", probeInterval, "-W", probeWait, to.String()}
	for {
		out, err := exec.CommandContext(ctx, "ip", argv...).CombinedOutput()
		if least, found := leastTime(string(out)); found {
			return least, nil
		}
		if ctx.Err() != nil {
			return 0, fmt.Errorf("ping %s: %w: %s", to, errors.Join(ctx.Err(), err), strings.TrimSpace(string(out)))
		}
	}
}

// within1 is within for a function that returns a value.
func within1[T any](namespace string, f func() (T, error)) (T, error) {
	var v T
	err := within(namespace, func() (err error) {
		v, err = f()
		return err
	})
	return v, err
}

func hardwareAddress(name string) (net.HardwareAddr, error) {
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", name, err)
	}
	return ifi.HardwareAddr, nil
}
