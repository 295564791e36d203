package simulate

import (
	"reflect"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deployed is a service whose clients are in Frankfurt, with the origin in Washington DC.
func deployed(t testing.TB, replicas ...string) Deployment {
	t.Helper()
	w, err := Regions()
	if err != nil {
		t.Fatal(err)
	}
	d := Deployment{World: w, Devices: []Device{{Name: "origin", Site: w.Site("Washington DC")}}}
	for _, name := range replicas {
		if w.Site(name) < 0 {
			t.Fatalf("no site %s", name)
		}
		d.Devices = append(d.Devices, Device{Name: name, Site: w.Site(name)})
	}
	return d
}

func play(t testing.TB, traffic *Traffic, policy string, s Settings) *Result {
	t.Helper()
	chosen, err := ParsePolicies(policy)
	if err != nil {
		t.Fatal(err)
	}
	report, err := traffic.Run(t.Context(), chosen, s)
	if err != nil {
		t.Fatal(err)
	}
	return report.Results[0]
}

// busyWorld has everything in it: limits, failures, several populations.
func busyWorld(t testing.TB) *Traffic {
	d := deployed(t, "London", "Tokyo", "Sydney")
	for i := range d.Devices {
		d.Devices[i].Servers, d.Devices[i].Service, d.Devices[i].Backlog = 10, 10*time.Millisecond, 50
	}
	var populations []Population
	for _, site := range []string{"Frankfurt", "London", "Osaka", "Dallas"} {
		populations = append(populations, Population{Site: d.World.Site(site), Clients: 10_000, Rate: 500, Gateways: 3})
	}
	return &Traffic{
		Deployment: d, Populations: populations, Connections: 25_000, Warm: 10,
		Changes: []Change{
			{At: 2 * time.Second, Device: 1, Kind: Down}, {At: 7 * time.Second, Device: 1, Kind: Up},
			{At: 8 * time.Second, Device: 2, Kind: Slower, By: 50 * time.Millisecond},
		},
	}
}

// A run depends on its seed, and not on how many goroutines share the work.
func TestDeterministic(t *testing.T) {
	for _, policy := range Policies {
		s := Settings{Seed: 3, DNSError: .1, AnycastError: .1, Loss: .01, Workers: 1}
		one := play(t, busyWorld(t), policy.Name, s)
		s.Workers = 5
		if five := play(t, busyWorld(t), policy.Name, s); !reflect.DeepEqual(one, five) {
			t.Errorf("%s: one goroutine and five differ", policy.Name)
		}
		s.Seed = 4
		if other := play(t, busyWorld(t), policy.Name, s); other.HandshakeMean == one.HandshakeMean {
			t.Errorf("%s: another seed makes no difference", policy.Name)
		}
		sum := one.Failed
		for _, n := range one.Devices {
			sum += n
		}
		if one.Connections != 25_000-12*10 || sum != one.Connections {
			t.Errorf("%s: %d connections, %d of them to somebody or failed", policy.Name, one.Connections, sum)
		}
	}
}

// The nearest dies, comes back, gets slower, gets busy and free again, and no probe tells: within ten connections each
// gateway is right again.
func TestRightAgain(t *testing.T) {
	const gateways = 300
	for name, changes := range map[string][]Change{
		"dies and comes back": {{At: 60 * time.Second, Device: 1, Kind: Down}, {At: 120 * time.Second, Device: 1, Kind: Up}},
		"slower":              {{At: 60 * time.Second, Device: 1, Kind: Slower, By: 100 * time.Millisecond}},
		"busy and free":       {{At: 60 * time.Second, Device: 1, Kind: Busy}, {At: 120 * time.Second, Device: 1, Kind: Free}},
	} {
		t.Run(name, func(t *testing.T) {
			d := deployed(t, "London", "Madrid", "Toronto", "Tokyo")
			traffic := &Traffic{
				Deployment: d, Connections: 180 * gateways, Changes: changes, Warm: 20,
				Populations: []Population{{Site: d.World.Site("Frankfurt"), Clients: 1000 * gateways, Rate: gateways, Gateways: gateways}},
			}
			r := play(t, traffic, "steer", Settings{Seed: 1, Detect: -1})
			if len(r.Recoveries) != len(changes) || r.Failed > 0 {
				t.Fatalf("%+v, %d failed", r.Recoveries, r.Failed)
			}
			for i, v := range r.Recoveries {
				if v.ConnectionsMax > 10 || v.Gateways == 0 {
					t.Errorf("change %d: %+v", i, v)
				}
			}
			if r.NearShare < 0.98 || r.HandshakeMean > 1.1*r.LimitMean+20 {
				t.Errorf("%.4f near, handshake %.1f ms, limit %.1f ms", r.NearShare, r.HandshakeMean, r.LimitMean)
			}
		})
	}
}

// Without steering the origin of a race, or the error of a name, lasts; and names last longer than failures.
func TestNamesLast(t *testing.T) {
	d := deployed(t, "London", "Madrid")
	traffic := &Traffic{
		Deployment: d, Connections: 20_000,
		Populations: []Population{{Site: d.World.Site("Frankfurt"), Clients: 1000, Rate: 100}},
		Changes:     []Change{{At: 50 * time.Second, Device: 1, Kind: Down}},
	}
	s := Settings{Seed: 1, Detect: 5 * time.Second, DNSLife: 40 * time.Second, Converge: 10 * time.Second, Jitter: -1}
	for name, wrong := range map[string]time.Duration{"dns": 5*time.Second + 20*time.Second, "anycast": 10 * time.Second} {
		r := play(t, traffic, name, s)
		// Of 200 s, so long in the mean the name or route leads to whom is dead.
		about(t, name+": share of SYNs sent again", r.Retransmitted, wrong.Seconds()/200, 0.015)
		if r.Failed > 0 {
			t.Errorf("%s: %d failed", name, r.Failed)
		}
	}
}

// Nobody gets more than can be served, and steering finds room elsewhere.
func TestLoad(t *testing.T) {
	d := deployed(t, "London", "Madrid")
	for i := range d.Devices {
		d.Devices[i].Servers, d.Devices[i].Service, d.Devices[i].Backlog = 10, 20*time.Millisecond, 100
	}
	d.Devices[0].Servers = 50
	traffic := &Traffic{
		Deployment: d, Connections: 80_000,
		Populations: []Population{{Site: d.World.Site("London"), Clients: 1000, Rate: 800, Gateways: 4}}, // London alone: 500 a second
	}
	s := Settings{Seed: 1}
	r := play(t, traffic, "steer", s)
	for i, n := range r.Devices {
		room := float64(d.Devices[i].Servers)*traffic.Duration().Seconds()/0.02 + 110
		if float64(n) > 1.03*room {
			t.Errorf("%s got %d connections and can serve %.0f", d.Devices[i].Name, n, room)
		}
	}
	if r.Devices[1] < 40_000 || r.Failed > 0 || r.HandshakeMean > 120 {
		t.Errorf("%v, %d failed, handshake %.1f ms", r.Devices, r.Failed, r.HandshakeMean)
	}
	if a := play(t, traffic, "anycast", s); a.Failed == 0 || a.HandshakeMean < 5*r.HandshakeMean {
		t.Errorf("anycast: %d failed, handshake %.1f ms: it knows of no load", a.Failed, a.HandshakeMean)
	}
	// With room for all, queues are short and nobody notices.
	traffic.Populations[0].Rate = 250
	if r := play(t, traffic, "steer", s); r.HandshakeMean > r.LimitMean+2 || r.LimitMean > 2 {
		t.Errorf("at half load the handshake takes %.2f ms, limit %.2f ms", r.HandshakeMean, r.LimitMean)
	}
}

// Nothing is allocated for each connection, once a gateway has its size.
func TestAllocations(t *testing.T) {
	d := deployed(t, "London", "Madrid", "Tokyo")
	s := Settings{Seed: 1, Loss: .001}.Complete()
	for _, policy := range Policies {
		g := newGateway(0, d.World.Site("Frankfurt"), &d, policy, &s)
		g.tally, g.orders, g.population, g.left = newTally(4), curvePoints, 100, 1<<40
		sc := newScene(4, nil, &s)
		until := 10_000 * time.Second
		g.run(sc, until)
		n := testing.AllocsPerRun(20, func() {
			until += 100 * time.Second
			g.run(sc, until)
		})
		if n > 1 {
			t.Errorf("%s: %.1f allocations for 100 connections", policy.Name, n)
		}
	}
}

func BenchmarkConnection(b *testing.B) {
	d := deployed(b, "London", "Madrid", "Tokyo", "Sydney")
	s := Settings{Seed: 1}.Complete()
	for _, policy := range Policies {
		b.Run(policy.Name, func(b *testing.B) {
			g := newGateway(0, d.World.Site("Frankfurt"), &d, policy, &s)
			g.tally, g.orders, g.population, g.left = newTally(5), curvePoints, 100, int64(b.N)
			b.ReportAllocs()
			g.run(newScene(5, nil, &s), forever)
		})
	}
}
