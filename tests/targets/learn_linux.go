package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/tables"
)

const (
	learnTime = time.Second
	// learnStall is how long nothing may be learned before what is missing counts as lost.
	learnStall     = 300 * time.Millisecond
	learnPatience  = 10 * time.Second // with entries that are still to be written
	firstLearnRate = 2000             // of the search
	controlAddr    = "127.0.0.1:9561"
)

// learnConfig is the controller's configuration: a client gateway alone, with the hosts of the world around it.
const learnConfig = `controller: {listen: "` + controlAddr + `"}
health: {off: true}
steering: {mode: discover}
switches:
  - name: gateway
    role: client-gateway
    address: ` + grpcAddr + `
    device-id: %d
    insecure: true
    ports:
      - {port: %d, side: lan, mac: "` + macLAN + `", addresses: [` + lanAddr + `/24]}
      - {port: %d, side: wan, mac: "` + macWAN + `", addresses: [` + wanAddr + `/24]}
    routes:
      - {prefix: 0.0.0.0/0, port: %[3]d, via: ` + replicaAddr + `}
    neighbors:
      - {address: ` + clientAddr + `, port: %[2]d, mac: "` + macClient + `"}
      - {address: ` + replicaAddr + `, port: %[3]d, mac: "` + macNextHop + `"}
`

// learning measures how many connections a second get from their SYN to entries in the switch.
func (b *bench) learning(ctx context.Context, round int) error {
	for i, d := range b.devices {
		if !d.p4 {
			continue
		}
		rate, err := b.learn(ctx, d)
		if err != nil {
			return fmt.Errorf("%s: learning: %w", d.name, err)
		}
		b.results[i].learned = append(b.results[i].learned, rate)
		fmt.Printf("round %d: %s: %.0f connections/s learned\n", round+1, d.name, rate)
	}
	return nil
}

// learn searches for the highest rate at which all are learned.
func (b *bench) learn(ctx context.Context, d device) (float64, error) {
	return search(firstLearnRate, maxHandshakes/learnTime.Seconds(), func(rate float64) (float64, float64, error) { return b.learnAt(ctx, d, rate) })
}

// learnAt runs a switch and a controller beside it, and opens connections at a rate through them. It gives how many a
// second were learned until the last was.
func (b *bench) learnAt(ctx context.Context, d device, rate float64) (got, loss float64, err error) {
	r, err := d.launch(ctx, b.w)
	if err != nil {
		return 0, 0, err
	}
	defer r.stop()
	file := filepath.Join(b.dir, "learn.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, learnConfig, deviceID, lanPort, wanPort), 0o644); err != nil {
		return 0, 0, err
	}
	c := device{name: "firstack", argv: []string{b.controller, "run", "-c", file, "--gnmi", "off", "--log-level", "warn"}, listens: controlAddr}
	k, err := c.launch(ctx, b.w)
	if err != nil {
		return 0, 0, err
	}
	defer k.stop()
	l, err := newLearner(b.w)
	if err != nil {
		return 0, 0, err
	}
	defer l.close()
	if err := l.ready(ctx); err != nil {
		return 0, 0, fmt.Errorf("%w: %s%s", err, k.log, r.log)
	}
	opened, learned, took, err := l.run(ctx, rate)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %s%s", err, k.log, r.log)
	}
	if err := r.connect(b.w); err != nil {
		return 0, 0, err
	}
	for deadline := time.Now().Add(learnPatience); ; {
		written, err := r.translations(ctx, b.program)
		switch {
		case err != nil:
			return 0, 0, err
		case written >= learned:
			return float64(learned) / took.Seconds(), 1 - float64(learned)/float64(opened), nil
		case time.Now().After(deadline):
			return 0, 0, fmt.Errorf("%d connections learned, %d have their entries", learned, written)
		}
	}
}

// translations counts the connections that have both entries.
func (r *running) translations(ctx context.Context, p *program) (int, error) {
	count := func(all *p4v1.Entity) (n int, err error) {
		stream, err := p4v1.NewP4RuntimeClient(r.conn).Read(ctx, &p4v1.ReadRequest{DeviceId: deviceID, Entities: []*p4v1.Entity{all}})
		for err == nil {
			var response *p4v1.ReadResponse
			response, err = stream.Recv()
			n += len(response.GetEntities())
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return n, err
	}
	out, err := count(p.tables.Outbound.ReadAll(tables.With{}))
	if err != nil {
		return 0, err
	}
	in, err := count(p.tables.Inbound.ReadAll(tables.With{}))
	return min(out, in), err
}

// learner is the clients, the replica, and who asks the controller.
type learner struct {
	traffic *handshakes
	http    http.Client
}

func newLearner(w *world) (*learner, error) {
	t, err := newHandshakes(w)
	if err != nil {
		return nil, err
	}
	return &learner{t, http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) { return dial(ctx, w.middle, address) },
	}}}, nil
}

func (l *learner) close() {
	l.traffic.close()
	l.http.CloseIdleConnections()
}

func (l *learner) ask(ctx context.Context, path string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+controlAddr+path, nil)
	if err != nil {
		return err
	}
	resp, err := l.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}

func (l *learner) ready(ctx context.Context) error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		err := l.ask(ctx, "/readyz", nil)
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// learned is how many connections the controller has in its memory.
func (l *learner) learned(ctx context.Context) (int, error) {
	var switches []struct{ Flows int }
	if err := l.ask(ctx, "/v1/learning", &switches); err != nil {
		return 0, err
	}
	if len(switches) != 1 {
		return 0, fmt.Errorf("/v1/learning tells of %d switches", len(switches))
	}
	return switches[0].Flows, nil
}

// run opens connections at a rate and waits until the controller has them all, or learns no more.
func (l *learner) run(ctx context.Context, rate float64) (opened, learned int, took time.Duration, err error) {
	start := time.Now()
	paced(rate, learnTime, func(batch int) {
		batch = min(batch, maxHandshakes-opened)
		l.traffic.open(opened, batch)
		opened += batch
	})
	for moved := time.Now(); learned < opened && time.Since(moved) < learnStall; {
		n, err := l.learned(ctx)
		if err != nil {
			return 0, 0, 0, err
		}
		if n > learned {
			learned, moved, took = n, time.Now(), time.Since(start)
		}
		time.Sleep(time.Millisecond)
	}
	return opened, learned, max(took, learnTime), nil
}

// findController finds the controller's program beside the switch's.
func findController(firstackSwitch string) (string, error) {
	beside := filepath.Join(filepath.Dir(firstackSwitch), "firstack")
	if _, err := os.Stat(beside); err == nil {
		return beside, nil
	}
	found, err := exec.LookPath("firstack")
	if err != nil {
		return "", errors.New("the controller is neither beside the switch nor on PATH: make build")
	}
	return found, nil
}

// isn is the sequence number of a connection's SYN.
func isn(port uint16) uint32 {
	return binary.BigEndian.Uint32([]byte{byte(port), 1, 2, byte(port >> 8)})
}
