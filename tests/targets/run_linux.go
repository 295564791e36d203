package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// commonRate is what every device bears, in packets/s: for delay and processor time.
const commonRate = 5000

const (
	delayTime = 2 * time.Second
	firstRate = 10000 // of the search
)

// measured is what the rounds have given for one device.
type measured struct {
	name        string
	p4          bool
	rates       []float64 // packets/s with less than maxLoss
	median, p99 []float64 // delay, seconds
	idle, busy  []float64 // processor seconds per packet at commonRate, and at the rate found
	inserts     map[int][]float64
	learned     []float64 // connections/s
}

// measuredPath is what the rounds have given for one path.
type measuredPath struct {
	name                                        string
	connectMedian, connectP99, firstByte, speed []float64
}

// bench is a run.
type bench struct {
	w       *world
	program *program
	dir     string

	controller string // the program

	devices []device
	paths   []path
	left    []string // what was left out, and why

	results     []*measured
	pathResults []*measuredPath
}

// newBench finds what can be measured here.
func newBench(vectors, firstack string) (b *bench, err error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("measuring on interfaces needs root")
	}
	for tool, pkg := range map[string]string{"ip": "iproute2", "ethtool": "ethtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%s is not on PATH: apt-get install %s", tool, pkg)
		}
	}
	b = &bench{}
	if firstack, err = filepath.Abs(firstack); err != nil {
		return nil, err
	}
	if _, err = os.Stat(firstack); err != nil {
		return nil, fmt.Errorf("no switch to measure: %w (make build)", err)
	}
	if b.program, err = loadProgram(vectors); err != nil {
		return nil, err
	}
	if b.dir, err = os.MkdirTemp("", "firstack-targets-"); err != nil {
		return nil, err
	}
	if b.controller, err = findController(firstack); err != nil {
		return nil, err
	}
	own := newSwitch("firstack-switch", firstack)
	b.devices = append(b.devices, own)
	b.paths = append(b.paths,
		path{name: "the kernel's routing", address: replicaAddr + ":80", offloads: true},
		path{name: own.name, device: &own, address: serviceAddr + ":80", offloads: true})
	if binary, err := exec.LookPath("simple_switch_grpc"); err == nil {
		other := newSwitch("simple_switch_grpc", binary, "--notifications-addr", "ipc://"+filepath.Join(b.dir, "bmv2.ipc"))
		b.devices = append(b.devices, other)
		b.paths = append(b.paths, path{name: other.name, device: &other, address: serviceAddr + ":80"})
	} else {
		b.left = append(b.left, "BMv2: simple_switch_grpc is not on PATH")
	}
	if relay, err := buildRelay(b.dir); err == nil {
		for _, kind := range []string{"simple", "ring"} {
			b.devices = append(b.devices, device{name: "relay, " + kind, argv: []string{relay, kind, lanIface, wanIface}})
		}
	} else {
		b.left = append(b.left, "the bare relay: no C compiler ("+err.Error()+")")
	}
	found, missing, err := proxies(b.dir)
	if err != nil {
		return nil, err
	}
	b.paths = append(b.paths, found...)
	b.left = append(b.left, missing...)
	for _, d := range b.devices {
		b.results = append(b.results, &measured{name: d.name, p4: d.p4, inserts: make(map[int][]float64)})
	}
	for _, p := range b.paths {
		b.pathResults = append(b.pathResults, &measuredPath{name: p.name})
	}
	b.w, err = newWorld()
	return b, err
}

func (b *bench) close() {
	if b.w != nil {
		b.w.close()
	}
	_ = os.RemoveAll(b.dir)
}

// run measures what is asked for rounds times, one device after the other in each round.
func (b *bench) run(ctx context.Context, what []string, rounds int) error {
	parts := map[string]func(context.Context, int) error{
		"packets": b.packets, "inserts": b.inserts, "learning": b.learning, "connections": b.connections}
	for round := range rounds {
		for _, name := range what {
			part, ok := parts[name]
			if !ok {
				return fmt.Errorf("nothing is called %q: packets, inserts, learning, connections", name)
			}
			if err := part(ctx, round); err != nil {
				return err
			}
		}
	}
	return nil
}

// inserts measures the switches' P4Runtime servers.
func (b *bench) inserts(ctx context.Context, round int) error {
	for i, d := range b.devices {
		if !d.p4 {
			continue
		}
		r, err := d.start(ctx, b.w, b.program)
		if err != nil {
			return err
		}
		rates, err := r.inserts(ctx, b.w, b.program)
		r.stop()
		if err != nil {
			return fmt.Errorf("%s: inserts: %w: %s", d.name, err, r.log)
		}
		for size, rate := range rates {
			b.results[i].inserts[size] = append(b.results[i].inserts[size], rate)
		}
		fmt.Printf("round %d: %s: inserts/s by batch: %v\n", round+1, d.name, rates)
	}
	return nil
}

func (b *bench) packets(ctx context.Context, round int) error {
	t, err := newTraffic(b.w)
	if err != nil {
		return err
	}
	defer t.close()
	for i, d := range b.devices {
		r, err := d.start(ctx, b.w, b.program)
		if err != nil {
			return err
		}
		err = t.measure(r, b.results[i])
		r.stop()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", d.name, err, r.log)
		}
		m := b.results[i]
		fmt.Printf("round %d: %s: %.0f packets/s, delay %.0f us, p99 %.0f us\n", round+1, m.name,
			m.rates[round], m.median[round]*1e6, m.p99[round]*1e6)
	}
	return nil
}

// measure measures one device once.
func (t *traffic) measure(r *running, m *measured) error {
	t.translated.Store(r.p4)
	perPacket := func(rate float64, stamped bool) (trial, float64, error) {
		before, err := r.processor()
		if err != nil {
			return trial{}, 0, err
		}
		result, err := t.run(rate, delayTime, stamped)
		if err != nil {
			return trial{}, 0, err
		}
		after, err := r.processor()
		return result, (after - before).Seconds() / float64(result.sent), err
	}
	steady, idle, err := perPacket(commonRate, true)
	if err != nil {
		return err
	}
	if len(steady.delays) == 0 {
		return errors.New("nothing came through")
	}
	rate, err := t.findRate(firstRate)
	if err != nil {
		return err
	}
	_, busy, err := perPacket(max(rate, 1000), false)
	if err != nil {
		return err
	}
	m.rates = append(m.rates, rate)
	m.median = append(m.median, steady.delays[len(steady.delays)/2].Seconds())
	m.p99 = append(m.p99, steady.delays[len(steady.delays)*99/100].Seconds())
	m.idle, m.busy = append(m.idle, idle), append(m.busy, busy)
	return nil
}

func (b *bench) connections(ctx context.Context, round int) error {
	if err := b.w.answer(true); err != nil {
		return err
	}
	defer func() { _ = b.w.answer(false) }() // it was so before
	o, err := newOrigin(b.w)
	if err != nil {
		return err
	}
	defer o.listener.Close()
	for i, p := range b.paths {
		result, err := b.through(ctx, p)
		if err != nil {
			return err
		}
		m := b.pathResults[i]
		m.connectMedian = append(m.connectMedian, result.connect[len(result.connect)/2].Seconds())
		m.connectP99 = append(m.connectP99, result.connect[len(result.connect)*99/100].Seconds())
		m.firstByte = append(m.firstByte, result.firstByte[len(result.firstByte)/2].Seconds())
		m.speed = append(m.speed, result.throughput)
		fmt.Printf("round %d: %s: connect %.0f us, first byte %.0f us, %.2f Gbit/s\n", round+1, p.name,
			m.connectMedian[round]*1e6, m.firstByte[round]*1e6, result.throughput/1e9)
	}
	return nil
}

// through measures one path once.
func (b *bench) through(ctx context.Context, p path) (pathResult, error) {
	routed := p.device == nil || !p.device.p4
	if err := errors.Join(b.w.routed(routed), b.w.offload(p.offloads)); err != nil {
		return pathResult{}, err
	}
	if p.device != nil {
		r, err := p.device.start(ctx, b.w, b.program)
		if err != nil {
			return pathResult{}, err
		}
		defer r.stop()
	}
	return p.measure(b.w)
}
