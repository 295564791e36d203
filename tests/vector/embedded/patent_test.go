package embedded

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/firstack/firstack/tests/vector"
)

// rows finds the test names in docs/patent-map.md.
var rows = regexp.MustCompile(`TestPatent/(\w+)`)

// TestPatent runs, for every row of docs/patent-map.md, the vectors that show it. A row without one fails, and so
// does an operation or claim of the patent application without a row.
func TestPatent(t *testing.T) {
	vectors, err := vector.LoadAll(os.DirFS("../data"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../../docs/patent-map.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range rows.FindAllStringSubmatch(string(page), -1) {
		row := m[1]
		if listed[row] {
			continue
		}
		listed[row] = true
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			shown := false
			for _, v := range vectors {
				if !shows(v, row) {
					continue
				}
				shown = true
				v.Report(t, outcome(v))
			}
			if !shown {
				t.Errorf("no vector shows %s", row)
			}
		})
	}
	for _, what := range append(append([]string{}, vector.Operations...), vector.Claims...) {
		if row := rowOf(what); !listed[row] && !strings.Contains(string(page), what) && !claimInRow(string(page), what) {
			t.Errorf("docs/patent-map.md has no row for %s", what)
		}
	}
}

// alike are claims that ask for the same of a method, a system and a program product: a row stands for all.
var alike = map[string][]string{
	"claim1": {"claim 1", "claim 6", "claim 11"}, "claim2": {"claim 2", "claim 7"}, "claim3": {"claim 3", "claim 8"},
	"claim4": {"claim 4", "claim 9"}, "claim5": {"claim 5", "claim 10"},
	"claim12": {"claim 12", "claim 18", "claim 24", "claim 25"}, "claim13": {"claim 13", "claim 19"},
	"claim14": {"claim 14", "claim 20"}, "claim15": {"claim 15", "claim 21"}, "claim16": {"claim 16", "claim 22"},
	"claim17": {"claim 17", "claim 23"},
	// The three receptions of FIG. 6 differ by configuration only.
	"632": {"636"}, "652": {"656", "658"},
}

func shows(v *vector.Vector, row string) bool {
	wanted := alike[row]
	if wanted == nil {
		wanted = []string{row}
	}
	for _, p := range v.Patent {
		for _, w := range wanted {
			if p == w {
				return true
			}
		}
	}
	return false
}

func rowOf(what string) string { return strings.ReplaceAll(what, " ", "") }

func claimInRow(page, what string) bool {
	for row, claims := range alike {
		for _, c := range claims {
			if c == what && strings.Contains(page, "TestPatent/"+row) {
				return true
			}
		}
	}
	return false
}
