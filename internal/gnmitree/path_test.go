package gnmitree_test

import (
	"slices"
	"strings"
	"testing"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/internal/gnmitree"
)

func path(t *testing.T, text string) *gpb.Path {
	t.Helper()
	p, err := ygot.StringToStructuredPath(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// Texts are read by others as the paths that they are of.
func TestText(t *testing.T) {
	for _, p := range []*gpb.Path{
		{}, {Elem: []*gpb.PathElem{{Name: "a"}, {Name: "b", Key: map[string]string{"k": `x]=[/`, "j": "1/1/1"}}, {Name: "c"}}},
		{Elem: []*gpb.PathElem{{Name: "a", Key: map[string]string{"k": ".."}}, {Name: "*"}, {Name: "..."}}},
	} {
		if got := path(t, gnmitree.Text(p)); !proto.Equal(got, p) {
			t.Errorf("%s is read as %v", gnmitree.Text(p), got)
		}
	}
}

func TestMatches(t *testing.T) {
	const whole = "/a/b[k=1]/c/d"
	for pattern, want := range map[string]int{
		"/": 0, "/a": 1, "/a/b": 2, "/a/b[k=1]": 2, "/a/b[k=*]/c": 3, "/a/*/c/d": 4, "/.../d": 4, "/.../c": 3, "/a/...": 1,
		"/b": -1, "/a/b[k=2]": -1, "/a/b[j=1]": -1, "/a/b/c/d/e": -1, "/.../e": -1,
	} {
		if got := gnmitree.Matches(path(t, pattern).Elem, path(t, whole).Elem); got != want {
			t.Errorf("%s: %d elements, want %d", pattern, got, want)
		}
	}
}

func TestExpand(t *testing.T) {
	var leaves []gnmitree.Leaf
	for _, text := range []string{"/l[k=b]/y", "/l[k=a]/x", "/l[k=a]/y"} {
		leaves = append(leaves, gnmitree.Leaf{Path: path(t, text), Text: text})
	}
	gnmitree.Sort(leaves)
	var got []string
	for _, p := range gnmitree.Expand(leaves, path(t, "/l[k=*]")) {
		got = append(got, gnmitree.Text(p))
	}
	if !slices.Equal(got, []string{"/l[k=a]", "/l[k=b]"}) {
		t.Errorf("%v", got)
	}
}

func TestJoin(t *testing.T) {
	p, err := gnmitree.Join(&gpb.Path{Target: "t", Origin: "ours", Elem: []*gpb.PathElem{{Name: "m:a"}}}, path(t, "/n:b[k=1]/m:c"), "ours", "m")
	if err != nil || gnmitree.Text(p) != "/a/n:b[k=1]/c" || p.Origin != "" || p.Target != "" {
		t.Errorf("%v, %v", p, err)
	}
	for want, p := range map[string]*gpb.Path{
		`origin "theirs" is unknown`: {Origin: "theirs"}, "plain strings": {Element: []string{"a"}},
	} {
		if _, err := gnmitree.Join(nil, p, "ours"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", p, err)
		}
	}
}
