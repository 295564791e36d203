package top

import (
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/state"
)

var update = flag.Bool("update", false, "write the golden files")

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// calm is a network where all is well; after gives how much happened in so many seconds.
func calm(after float64) *Sample {
	n := func(perSecond float64) uint64 { return 1000 + uint64(perSecond*after) }
	server := netip.MustParseAddrPort("192.0.2.80:80")
	return &Sample{
		At: noon.Add(time.Duration(after * float64(time.Second))),
		Sessions: []state.Session{
			{Switch: "frankfurt", Role: "client-gateway", State: "primary", Primary: true, Settled: true, Since: noon.Add(-75 * time.Hour), Stats: state.Stats{Updates: n(150)}},
			{Switch: "washington", Role: "server-gateway", State: "primary", Primary: true, Settled: true, Since: noon.Add(-90 * time.Minute), Stats: state.Stats{Updates: 40}},
			{Switch: "london", Role: "replica-gateway", State: "primary", Primary: true, Settled: true, Since: noon.Add(-5 * time.Second), Stats: state.Stats{Updates: 12, UpdatesFailed: 3}},
		},
		Services: []state.Service{{
			Name: "web", Server: server, Gateway: "washington", Replicatable: true, OriginPolicy: "standby", Raced: []string{"london", "tokyo"},
			Origins: []state.Server{{Service: "web", Name: "origin-washington", Health: "active"}},
		}},
		Replicas: []state.Server{
			{Service: "web", Name: "london", Configuration: "A", Admin: "up", Health: "active", Wins: n(90), Losses: n(1), Translations: 812, Delay: state.Delay{Count: n(90), Mean: 25}},
			{Service: "web", Name: "tokyo", Configuration: "C", Admin: "up", Health: "active", Wins: n(10), Losses: n(80), Translations: 44, Delay: state.Delay{Count: 0}},
		},
		Steering: []state.Steering{{
			Switch: "frankfurt", Service: "web", Server: server, Direct: 0.97, Race: 0.02, Scout: 0.01,
			Replicas: []state.SteeredReplica{{Name: "london", Delay: 24.6}, {Name: "tokyo", Delay: 241.2}, {Name: "sao-paulo"}},
		}},
		Learning: []state.Learning{{Switch: "frankfurt", Flows: 856, Slots: state.Slots{Capacity: 65536, InUse: 312, Counted: noon}}},
		Counters: []state.Counter{
			{Switch: "frankfurt", Decision: "claim_a", Packets: int64(n(90))}, {Switch: "frankfurt", Decision: "claim_c", Packets: int64(n(10))},
			{Switch: "frankfurt", Decision: "tag_first", Packets: int64(n(1))}, {Switch: "frankfurt", Decision: "steer_race", Packets: int64(n(2.5))},
			{Switch: "frankfurt", Decision: "steer_direct", Packets: int64(n(97))}, {Switch: "frankfurt", Decision: "untagged_busy", Packets: int64(n(0.5))},
		},
	}
}

// troubled is one where much is wrong, and names and errors are long.
func troubled(after float64) *Sample {
	s := calm(after)
	s.Sessions[1] = state.Session{
		Switch: "washington", Role: "server-gateway", State: "disconnected", Since: noon.Add(-3 * time.Second),
		Error: "dial 10.255.0.3:9559: transport: authentication handshake failed: tls: failed to verify certificate\x1b[2J: x509: certificate signed by unknown authority",
	}
	s.Sessions[2].Settled, s.Sessions[2].State, s.Sessions[2].Primary = false, "preparing", false
	s.Sessions[2].Problems = []string{"replica tokyo: no room in stand_ins"}
	s.Services[0].Raced = nil
	s.Replicas[0].Health, s.Replicas[0].Error = "dead", "connect to 198.51.100.10:8080: connection refused"
	s.Replicas[1].Health, s.Replicas[1].Admin = "busy", "drain"
	s.Replicas = append(s.Replicas, state.Server{Service: "web", Name: "a-replica-with-a-long-name", Configuration: "B", Admin: "down", Health: "dead", Wins: 123_456_789_012, Losses: 12_345_678, Delay: state.Delay{Count: 1, Mean: 12345}})
	s.Services[0].Origins[0].Health = "dead"
	s.Steering[0].Doubtful = true
	s.Learning[0].Slots.Counted = time.Time{}
	return s
}

func TestFrames(t *testing.T) {
	for name, c := range map[string]struct {
		view        View
		before, now *Sample
	}{
		"calm":     {View{Title: "127.0.0.1:9561", Width: 80, Help: true}, calm(0), calm(2)},
		"once":     {View{Title: "127.0.0.1:9561", Width: 80}, nil, calm(2)},
		"troubled": {View{Title: "127.0.0.1:9561", Width: 80, Note: "no controller answers at 127.0.0.1:9561"}, troubled(0), troubled(2)},
		"colours":  {View{Title: "127.0.0.1:9561", Width: 80, Colour: true, Help: true}, troubled(0), troubled(2)},
		"narrow":   {View{Title: "127.0.0.1:9561", Width: 40}, calm(0), calm(2)},
		"wide":     {View{Title: "127.0.0.1:9561", Width: 100}, troubled(0), troubled(2)},
		"low":      {View{Title: "127.0.0.1:9561", Width: 80, Height: 8, Help: true}, calm(0), calm(2)},
		"empty":    {View{Title: "127.0.0.1:9561", Width: 80, Height: 24, Note: errors.New("nobody there").Error()}, nil, &Sample{At: noon}},
		"restart":  {View{Title: "127.0.0.1:9561", Width: 80}, calm(100), calm(2)},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.view.Frame(c.before, c.now) + "\n"
			if c.view.Height > 0 && strings.Count(got, "\n") > c.view.Height {
				t.Errorf("%d lines", strings.Count(got, "\n"))
			}
			if !c.view.Colour {
				for _, line := range strings.Split(got, "\n") {
					if columns(line) > c.view.Width || strings.ContainsAny(line, "\x1b\r") {
						t.Errorf("%d columns: %q", columns(line), line)
					}
				}
			}
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs (-update writes it); got:\n%s", file, got)
			}
		})
	}
}

func TestText(t *testing.T) {
	for _, c := range [][2]string{
		{clip("abc", 3), "abc"}, {clip("abcd", 3), "ab…"}, {clip("äöü", 3), "äöü"}, {clip("a\x1b[2J\nb", 9), "a [2J b"}, {clip("abc", 0), ""},
		{bar(0, 8), ""}, {bar(1, 8), "████████"}, {bar(2, 2), "██"}, {bar(-1, 2), ""}, {bar(0.5, 1), "▌"}, {bar(1.0/16, 2), "▏"},
		{count(99_999), "99999"}, {count(100_000), "100k"}, {count(9_999_499), "9999k"}, {count(9_999_500), "10M"}, {count(12e9), "12G"}, {count(-1), "-"},
		{rate(0.04), "0.0"}, {rate(99.94), "99.9"}, {rate(99.96), "100"}, {rate(-3), "-"},
		{milliseconds(0), "-"}, {milliseconds(999.94), "999.9 ms"}, {milliseconds(1000), "1.00 s"},
		{age(time.Time{}, noon), "-"}, {age(noon.Add(time.Second), noon), "0s"}, {age(noon.Add(-59*time.Second), noon), "59s"},
		{age(noon.Add(-61*time.Second), noon), "1m01s"}, {age(noon.Add(-61*time.Minute), noon), "1h01m"}, {age(noon.Add(-49*time.Hour), noon), "2d"},
	} {
		if c[0] != c[1] {
			t.Errorf("%q, want %q", c[0], c[1])
		}
	}
}
