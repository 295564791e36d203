package main

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/firstack/firstack/softswitch/ports"
	"github.com/firstack/firstack/tests/packet"
)

// traffic sends the connections' packets from the client and receives them at the server.
type traffic struct {
	from, to *ports.Interface
	frames   [][]byte

	received, strange atomic.Uint64 // frames of the connections; those that are not as they should be
	translated        atomic.Bool   // how they should be
	delays            chan []time.Duration
	collect           atomic.Bool
	collected         []time.Duration // by the receiving goroutine
	fault             atomic.Pointer[string]
}

func newTraffic(w *world) (*traffic, error) {
	t := &traffic{frames: makeFrames(), delays: make(chan []time.Duration, 1)}
	var err error
	open := func(p **ports.Interface, iface string, queue int) func() error {
		return func() error {
			*p, err = ports.OpenInterface(iface, ports.InterfaceOptions{Queue: queue})
			return err
		}
	}
	if err := within(w.client, open(&t.from, clientIface, 64)); err != nil {
		return nil, err
	}
	if err := within(w.server, open(&t.to, serverIface, 8192)); err != nil {
		return nil, err
	}
	t.to.StartBursts(t.receive, func(err error) {
		text := err.Error()
		t.fault.Store(&text)
	})
	return t, nil
}

func (t *traffic) close() {
	_ = t.from.Close()
	_ = t.to.Close()
}

// receive counts frames, and checks one of each burst.
func (t *traffic) receive(frames [][]byte) {
	n, collect, translated := uint64(0), t.collect.Load(), t.translated.Load()
	var now int64
	if collect {
		now = monotonic()
	}
	for _, f := range frames {
		ours, done := isOurs(f)
		if !ours {
			continue
		}
		if done != translated || n == 0 && packet.CheckFrame(f) != nil {
			t.strange.Add(1)
		}
		n++
		if collect {
			if sent := int64(binary.BigEndian.Uint64(f[stamp:])); sent > 0 {
				t.collected = append(t.collected, time.Duration(now-sent))
			}
		}
	}
	t.received.Add(n)
}

// monotonic is the kernel's clock in nanoseconds.
func monotonic() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // fails for unknown clocks only
	return ts.Nano()
}

// trial is what came of sending for a while.
type trial struct {
	sent, received uint64
	took           time.Duration
	delays         []time.Duration // sorted; none unless asked for
}

func (r trial) rate() float64 { return float64(r.received) / r.took.Seconds() }
func (r trial) loss() float64 { return 1 - float64(r.received)/float64(r.sent) }

// maxBatch bounds what is sent at a time, so that short queues do not overflow for that alone.
const maxBatch = 16

// maxBehind is what is made up for when the generator could not send in time.
const maxBehind = 5 * time.Millisecond

// run sends at a rate (packets/s) for a while, then waits for what is under way.
func (t *traffic) run(rate float64, duration time.Duration, stamped bool) (trial, error) {
	t.received.Store(0)
	t.strange.Store(0)
	t.collected = nil
	t.collect.Store(stamped)
	var c ports.Counters
	at := 0
	took := paced(rate, duration, func(batch int) {
		frames := t.frames[at : at+batch]
		if at += batch; at+maxBatch > len(t.frames) {
			at = 0
		}
		if stamped {
			for _, f := range frames {
				put(f, uint64(monotonic()))
			}
		}
		t.from.SendBurst(frames, &c)
	})
	r := trial{sent: c.OutFrames.Load(), took: took}
	for last := uint64(0); ; {
		time.Sleep(20 * time.Millisecond)
		if r.received = t.received.Load(); r.received >= r.sent || r.received == last {
			break
		}
		last = r.received
	}
	t.collect.Store(false)
	switch fault := t.fault.Load(); {
	case fault != nil:
		return r, fmt.Errorf("receive: %s", *fault)
	case t.strange.Load() > 0:
		return r, fmt.Errorf("%d of %d frames came out other than they should", t.strange.Load(), r.received)
	case r.sent == 0:
		return r, fmt.Errorf("nothing could be sent: %d discarded, %d errors", c.OutDiscards.Load(), c.OutErrors.Load())
	}
	r.delays = t.collected
	slices.Sort(r.delays)
	return r, nil
}

// paced calls send at a rate for a while, with how many are due by then.
func paced(rate float64, duration time.Duration, send func(batch int)) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // without it, pauses are longer by 50 µs
	batch := min(max(int(rate*100e-6), 1), maxBatch)
	gap := time.Duration(float64(batch) / rate * 1e9)
	start := time.Now()
	next := start
	for time.Since(start) < duration {
		send(batch)
		next = next.Add(gap)
		pause(time.Until(next))
		if behind := time.Since(next); behind > maxBehind {
			next = next.Add(behind) // what could not be sent in time is not made up for in one burst
		}
	}
	return time.Since(start)
}

// pause sleeps as exactly as the kernel can; Go's timers are too coarse.
func pause(d time.Duration) {
	if d > 5*time.Microsecond {
		ts := unix.NsecToTimespec(int64(d))
		_ = unix.Nanosleep(&ts, nil) // interrupted: sent a little early
	}
}
