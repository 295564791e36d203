package differential

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestKnownDifferencesAreDocumented: the table in docs/targets.md and the list that the comparisons go by are one.
func TestKnownDifferencesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/targets.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z]\\w+)` \\| [^|\\n]{10,} \\| [^|\\n]{10,} \\|$").FindAllSubmatch(page, -1) {
		listed = append(listed, string(m[1]))
	}
	known := slices.Clone(Known)
	slices.Sort(known)
	slices.Sort(listed)
	if !slices.Equal(known, listed) {
		t.Errorf("docs/targets.md lists %v, the comparisons allow for %v", listed, known)
	}
}
