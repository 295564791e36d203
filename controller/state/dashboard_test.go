package state_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type panel struct {
	ID      int    `json:"id"`
	Type    string `json:"type"`
	Title   string `json:"title"`
	GridPos struct{ X, Y, W, H int }
	Targets []struct {
		Expr, LegendFormat, RefID string
	} `json:"targets"`
}

var (
	comment    = regexp.MustCompile(`(?m)^#.*$`)
	sample     = regexp.MustCompile(`(?m)^(\w+)(?:\{([^}]*)\})? `)
	labelValue = regexp.MustCompile(`(\w+)="`)
	used       = regexp.MustCompile(`\b((?:firstack|go|process)_\w+)(?:\{([^}]*)\})?`)
	matcher    = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\s*"`)
	grouping   = regexp.MustCompile(`by \(([^)]*)\)`)
	alert      = regexp.MustCompile(`- alert: (\w+)\n +expr: (.*)`)
	legend     = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

// TestDashboard: what docs/grafana asks for is what is scraped, metrics and labels alike, and its panels don't overlap.
func TestDashboard(t *testing.T) {
	data, err := os.ReadFile("../../docs/grafana/firstack.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels     []panel `json:"panels"`
		Templating struct {
			List []struct{ Name, Definition string } `json:"list"`
		} `json:"templating"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	c := newChecker(t)
	ids := map[int]string{}
	for i, p := range d.Panels {
		if ids[p.ID] != "" {
			t.Errorf("%s has the id of %s", p.Title, ids[p.ID])
		}
		ids[p.ID] = p.Title
		for _, o := range d.Panels[:i] {
			a, b := p.GridPos, o.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%s overlaps %s", p.Title, o.Title)
			}
		}
		if len(p.Targets) == 0 && p.Type != "row" {
			t.Errorf("%s shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			var shown []string
			for _, l := range legend.FindAllStringSubmatch(target.LegendFormat, -1) {
				shown = append(shown, l[1])
			}
			c.check(t, p.Title, target.Expr, shown)
		}
	}
	for _, v := range d.Templating.List {
		if v.Definition != "" {
			c.check(t, "variable "+v.Name, v.Definition, nil)
		}
	}
	if c.asked < 30 {
		t.Errorf("only %d metrics asked for", c.asked)
	}
}

// TestAlerts: likewise for docs/prometheus.
func TestAlerts(t *testing.T) {
	data, err := os.ReadFile("../../docs/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := newChecker(t)
	alerts := alert.FindAllStringSubmatch(string(data), -1)
	for _, a := range alerts {
		c.check(t, a[1], a[2], nil)
	}
	if len(alerts) != strings.Count(string(data), "- alert:") || len(alerts) == 0 {
		t.Errorf("%d alerts were looked at", len(alerts))
	}
}

// checker knows what is scraped.
type checker struct {
	labels map[string]map[string]bool // by metric
	asked  int
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	whole, _ := scrape(t)
	labels := map[string]map[string]bool{}
	for _, m := range sample.FindAllStringSubmatch(comment.ReplaceAllString(string(whole), ""), -1) {
		if labels[m[1]] == nil {
			labels[m[1]] = map[string]bool{"job": true, "instance": true} // Prometheus adds them
		}
		for _, l := range labelValue.FindAllStringSubmatch(m[2], -1) {
			labels[m[1]][l[1]] = true
		}
	}
	return &checker{labels: labels}
}

// check looks at the metrics and labels of a query, and at labels that are shown with it.
func (c *checker) check(t *testing.T, where, query string, shown []string) {
	t.Helper()
	metrics := used.FindAllStringSubmatch(query, -1)
	if len(metrics) == 0 {
		t.Errorf("%s: %q asks for nothing", where, query)
	}
	wanted := slices.Clone(shown)
	for _, g := range grouping.FindAllStringSubmatch(query, -1) {
		wanted = append(wanted, strings.Split(strings.ReplaceAll(g[1], " ", ""), ",")...)
	}
	for _, m := range metrics {
		c.asked++
		known := c.labels[m[1]]
		if known == nil {
			t.Errorf("%s: there is no metric %s", where, m[1])
			continue
		}
		all := slices.Clone(wanted)
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			all = append(all, l[1])
		}
		for _, l := range all {
			if !known[l] {
				t.Errorf("%s: %s has no label %s", where, m[1], l)
			}
		}
	}
}
