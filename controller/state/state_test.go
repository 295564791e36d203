package state_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/firstack/firstack/controller/state"
)

var update = flag.Bool("update", false, "write the golden files")

// source is a Source with fixed answers.
type source struct{ err error }

func (s source) Sessions(context.Context) ([]state.Session, error) {
	return []state.Session{
		{
			Switch: "edge", Role: "client-gateway", Address: "edge:9559", State: "primary", Primary: true, Settled: true,
			Since: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), ElectionID: "0,1", Highest: "0,1", Cookie: "00c0ffee00c0ffee",
			CertificateExpires: time.Date(2027, 2, 22, 12, 0, 0, 0, time.UTC),
			Stats:              state.Stats{Connects: 2, PipelinePushes: 1, DigestLists: 30, DigestsDropped: 1, Packets: 4, PacketsDropped: 2, PacketOuts: 5, Updates: 600, UpdatesFailed: 7},
		},
		{Switch: "front", Role: "server-gateway", Address: "front:9559", State: "backup", Leader: "host-b", Standby: true, Error: "another controller is primary"},
	}, s.err
}

func (s source) Services(context.Context) ([]state.Service, error) {
	return []state.Service{{
		Name: "web", Server: netip.MustParseAddrPort("192.0.2.80:80"), Gateway: "front", Replicatable: true,
		OriginPolicy: "standby", Raced: []string{"london"}, Origins: []state.Server{{Service: "web", Name: "washington", Address: netip.MustParseAddrPort("192.0.2.80:80"), Health: "active"}},
	}}, s.err
}

func (s source) Replicas(context.Context) ([]state.Server, error) {
	return []state.Server{
		{
			Service: "web", Name: "london", Address: netip.MustParseAddrPort("198.51.100.10:8080"), Configuration: "A",
			Admin: "up", Health: "active", Wins: 12, Losses: 3, Translations: 4,
			Delay: state.Delay{
				Mean: 25, Min: 20, Last: 22, Count: 15, Sum: 0.375,
				Buckets: []state.Bucket{{Bound: 0.02, Count: 1}, {Bound: 0.05, Count: 15}},
			},
		},
		{Service: "web", Name: "tokyo", Address: netip.MustParseAddrPort("198.51.101.10:80"), Configuration: "C", Admin: "drain", Health: "dead"},
	}, s.err
}

func (s source) Translations(_ context.Context, limit int) (state.Translations, error) {
	page := state.Translations{Total: 4, List: []state.Translation{}}
	for range min(limit, 4) {
		page.List = append(page.List, state.Translation{
			Switch: "edge", Client: netip.MustParseAddrPort("10.0.0.10:40000"), Server: netip.MustParseAddrPort("192.0.2.80:80"),
			Replica: netip.MustParseAddrPort("198.51.100.10:8080"), Form: "A", State: "open",
		})
	}
	return page, s.err
}

func (s source) Counters(context.Context) ([]state.Counter, error) {
	return []state.Counter{{Switch: "edge", Decision: "tag_first", Packets: 15, Bytes: 900}, {Switch: "front", Decision: "race_first", Packets: 15, Bytes: 1080}}, s.err
}

func (s source) Learning(context.Context) ([]state.Learning, error) {
	return []state.Learning{{Switch: "edge", Flows: 4, Unwritten: 1, Slots: state.Slots{Capacity: 65536, InUse: 123, Counted: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}, Learnt: 12, Reused: 1, Stale: 2, Retired: map[string]uint64{"ended": 7, "idle": 1}}}, s.err
}

func (s source) Cluster(context.Context) (*state.Cluster, error) {
	return &state.Cluster{Name: "host-a", Leased: true, CertificateExpires: time.Date(2027, 2, 23, 12, 0, 0, 0, time.UTC)}, s.err
}

func (s source) Steering(context.Context) ([]state.Steering, error) {
	return []state.Steering{
		{
			Switch: "edge", Service: "web", Server: netip.MustParseAddrPort("192.0.2.80:80"), Connections: 15, Mode: "direct", Nearest: "london",
			Counts: state.SteeringCounts{Discovered: 2, Raced: 3, Direct: 10, Unanswered: 1, Overdue: 4},
			Direct: 0.98828125, Race: 0.0078125, Scout: 0.00390625,
			Replicas: []state.SteeredReplica{
				{Name: "washington", Address: netip.MustParseAddr("192.0.2.80"), Origin: true, Delay: 92.5, Age: 7, Standing: "measured"},
				{Name: "london", Address: netip.MustParseAddr("198.51.100.10"), Delay: 14.25, Age: 0.5, Standing: "shares", Share: 0.98828125},
			},
		},
		{
			Switch: "edge", Server: netip.MustParseAddrPort("203.0.113.1:443"), Connections: 1, Doubtful: true, Race: 1, Mode: "race",
			Counts:   state.SteeringCounts{Discovered: 1},
			Replicas: []state.SteeredReplica{{Address: netip.MustParseAddr("203.0.113.9"), Standing: "unmeasured"}},
		},
	}, s.err
}

func (s source) Ports(context.Context) ([]state.Ports, error) {
	return []state.Ports{
		{Switch: "edge", Connected: true, Since: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), Ports: []state.Port{
			{Name: "1/1/1", Port: 132, Admin: "UP", Oper: "UP", Up: true, Changed: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
				Counters: state.PortCounters{InOctets: 9000, InPackets: 90, InDiscards: 1, OutOctets: 8000, OutPackets: 80, OutErrors: 2}},
			{Name: "1/2/1", Port: 140, Admin: "DOWN", Oper: "DOWN"},
		}},
		{Switch: "front", Since: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), Error: "subscription: gone", Ports: []state.Port{}},
	}, s.err
}

func (s source) Ready(context.Context) error { return s.err }

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs (-update writes it); got:\n%s", file, got)
	}
}

func get(t *testing.T, s state.Source, path string) (int, []byte) {
	t.Helper()
	server := httptest.NewServer(state.Handler(s))
	defer server.Close()
	r, err := http.Get(server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, body
}

func TestJSON(t *testing.T) {
	for path, file := range map[string]string{
		"/v1/sessions": "sessions.json", "/v1/services": "services.json", "/v1/replicas": "replicas.json",
		"/v1/translations?limit=1": "translations.json", "/v1/counters": "counters.json", "/v1/learning": "learning.json", "/v1/steering": "steering.json", "/v1/ports": "ports.json",
	} {
		code, body := get(t, source{}, path)
		if code != http.StatusOK || !json.Valid(body) {
			t.Errorf("%s: %d %s", path, code, body)
		}
		golden(t, file, body)
	}
}

func TestQuestionsThatFail(t *testing.T) {
	for _, c := range []struct {
		path string
		err  error
		code int
		body string
	}{
		{"/v1/translations?limit=x", nil, 400, "limit=x"},
		{"/v1/translations?limit=-1", nil, 400, "limit=-1"},
		{"/v1/translations?limit=100001", nil, 400, "100000"},
		{"/v1/nothing", nil, 404, ""},
		{"/v1/sessions", errors.New("stopped"), 503, "stopped"},
		{"/healthz", errors.New("not ready"), 200, "ok"},
		{"/readyz", nil, 200, "ok"},
		{"/readyz", errors.New("switch front: backup"), 503, "switch front: backup"},
	} {
		if code, body := get(t, source{c.err}, c.path); code != c.code || !strings.Contains(string(body), c.body) {
			t.Errorf("%s: %d %s", c.path, code, body)
		}
	}
}

// varying are values, and what labels say, that differ from run to run.
var varying = regexp.MustCompile(`(?m)^(firstack_collect_duration_seconds\S*|firstack_build_info)(?:{[^}]*} \d+| .*)$`)

// scrape gives a whole scrape, and our part of it without what varies.
func scrape(t *testing.T) (whole, ours []byte) {
	t.Helper()
	code, body := get(t, source{}, "/metrics")
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	for _, line := range bytes.SplitAfter(body, []byte("\n")) {
		if bytes.HasPrefix(line, []byte("firstack_")) || bytes.Contains(line, []byte(" firstack_")) {
			ours = append(ours, line...)
		}
	}
	return body, varying.ReplaceAll(ours, []byte("$1 0"))
}

func TestMetrics(t *testing.T) {
	whole, ours := scrape(t)
	golden(t, "metrics.txt", ours)
	problems, err := promlint.New(bytes.NewReader(whole)).Lint() // what promtool check metrics does
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, name := range []string{"go_goroutines", "process_start_time_seconds", `firstack_build_info{goversion="go`} {
		if !bytes.Contains(whole, []byte("\n"+name)) {
			t.Errorf("no %s", name)
		}
	}
}

// TestProfiles are for this machine.
func TestProfiles(t *testing.T) {
	if code, body := get(t, source{}, "/debug/pprof/goroutine?debug=1"); code != http.StatusOK || !strings.Contains(string(body), "goroutine profile") {
		t.Errorf("%d %.100s", code, body)
	}
	for name, ends := range map[string][2]string{
		"from another machine": {"127.0.0.1:9561", "192.0.2.1:40000"}, "at another address": {"192.0.2.2:9561", "127.0.0.1:40000"},
		"from nowhere": {"127.0.0.1:9561", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/debug/pprof/goroutine", nil)
		r.RemoteAddr = ends[1]
		local := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(ends[0]))
		w := httptest.NewRecorder()
		state.Handler(source{}).ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local)))
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

// TestFailedCollection says so, and gives what there is.
func TestFailedCollection(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(state.NewCollector(source{errors.New("stopped")}))
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "firstack_collect_success" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetGauge().GetValue() != 0 {
				t.Errorf("%v succeeded", m.GetLabel())
			}
		}
		return
	}
	t.Error("nothing tells of success")
}
