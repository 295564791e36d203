package output

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firstack/firstack/topo/simulate"
	"github.com/firstack/firstack/topo/simulate/scenario"
)

var update = flag.Bool("update", false, "write golden files")

const small = `
connections: 2000
origin: {site: Washington DC}
replicas: [{site: London}, {site: Tokyo}]
clients: [{site: Frankfurt, clients: 100, rate: 20}]
changes: [{at: 50s, device: London, state: down}]
`

// reports are one of each kind.
func reports(t *testing.T) map[string]*simulate.Report {
	t.Helper()
	s, err := scenario.Parse("small", []byte(small), nil)
	if err != nil {
		t.Fatal(err)
	}
	policies, err := simulate.ParsePolicies("race,steer")
	if err != nil {
		t.Fatal(err)
	}
	traffic, err := s.Traffic().Run(t.Context(), policies, simulate.Settings{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	w, err := simulate.Regions()
	if err != nil {
		t.Fatal(err)
	}
	places, err := w.Placements(7)
	if err != nil {
		t.Fatal(err)
	}
	run := simulate.PlacementRun{World: w, Placements: places[:20], Connections: 50}
	placements, err := run.Run(t.Context(), policies, simulate.Settings{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*simulate.Report{"traffic": traffic, "placements": placements}
}

// What the race gives depends on nothing but this package and the simulator, so its numbers are compared.
func TestGolden(t *testing.T) {
	for name, report := range reports(t) {
		only := *report
		only.Results = report.Results[:1]
		var b bytes.Buffer
		for _, write := range []func(io.Writer, *simulate.Report) error{Text, CSV, JSON} {
			if err := write(&b, &only); err != nil {
				t.Fatal(err)
			}
			b.WriteString("\n")
		}
		file := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%s is not\n%s", file, b.String())
		}
	}
}

// CSV and JSON hold the same, and JSON what scripts look for.
func TestForms(t *testing.T) {
	for name, report := range reports(t) {
		var c, j bytes.Buffer
		if err := errors.Join(CSV(&c, report), JSON(&j, report)); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&c).ReadAll()
		if err != nil || len(rows) != 3 {
			t.Fatal(rows, err)
		}
		for i, line := range strings.Split(strings.TrimSpace(j.String()), "\n") {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Fatal(err)
			}
			for _, field := range []string{"policy", "cases", "nearest_share", "rtt_mean_ms", "limit_mean_ms", "handshake_mean_ms", "syn_copies"} {
				if object[field] == nil {
					t.Errorf("%s: no %s", name, field)
				}
			}
			for k, field := range rows[0] {
				if _, ok := object[field]; !ok {
					t.Errorf("%s: %s is in the CSV alone", name, field)
				}
				if field == "policy" && rows[i+1][k] != object[field] {
					t.Errorf("row %d is about %s", i, rows[i+1][k])
				}
			}
		}
	}
}

func TestPlots(t *testing.T) {
	for kind, report := range reports(t) {
		for _, format := range Formats {
			names, err := Plots(filepath.Join(t.TempDir(), "new"), kind+"-", format, report)
			if err != nil || len(names) < 3 {
				t.Fatal(names, err)
			}
			for _, name := range names {
				data, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if format == "png" {
					if !bytes.HasPrefix(data, []byte("\x89PNG")) {
						t.Errorf("%s is no PNG", name)
					}
					continue
				}
				if err := xml.Unmarshal(data, new(struct{})); err != nil || !bytes.Contains(data, []byte("steer")) {
					t.Errorf("%s is no SVG with the policies' names: %v", name, err)
				}
			}
		}
	}
	if _, err := Plots("/dev/null/no", "", "svg", &simulate.Report{}); err == nil {
		t.Error("plots were written where nothing can be")
	}
}
