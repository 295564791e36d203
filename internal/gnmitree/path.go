package gnmitree

import (
	"maps"
	"slices"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Names in paths that stand for more than one node (gNMI specification, section 2.4.1 and its path conventions).
const (
	AnyOne  = "*"
	AnyPath = "..."
)

var (
	nameEscapes  = strings.NewReplacer(`\`, `\\`, `/`, `\/`, `[`, `\[`)
	valueEscapes = strings.NewReplacer(`\`, `\\`, `]`, `\]`)
)

// Text gives a path as gNMI writes it (gNMI path conventions): /interfaces/interface[name=eth0]/state/id.
func Text(p *gpb.Path) string {
	if len(p.GetElem()) == 0 {
		return "/"
	}
	var b strings.Builder
	for _, elem := range p.GetElem() {
		b.WriteByte('/')
		b.WriteString(nameEscapes.Replace(elem.GetName()))
		for _, key := range slices.Sorted(maps.Keys(elem.GetKey())) {
			b.WriteString("[" + key + "=" + valueEscapes.Replace(elem.GetKey()[key]) + "]")
		}
	}
	return b.String()
}

// Join gives a path with its prefix before it, without target and origin, which has to be this one or none. Names may
// have one of the modules before them, as in RFC 7951.
func Join(prefix, path *gpb.Path, origin string, modules ...string) (*gpb.Path, error) {
	for _, p := range []*gpb.Path{prefix, path} {
		if o := p.GetOrigin(); o != "" && o != origin {
			return nil, status.Errorf(codes.InvalidArgument, "origin %q is unknown; there is %q, and none", o, origin)
		}
		if len(p.GetElement()) > 0 {
			return nil, status.Error(codes.InvalidArgument, "paths of plain strings (before gNMI 0.4) are not taken")
		}
	}
	joined := &gpb.Path{Elem: slices.Concat(prefix.GetElem(), path.GetElem())}
	for i, e := range joined.Elem {
		module, name, qualified := strings.Cut(e.GetName(), ":")
		if qualified && slices.Contains(modules, module) {
			joined.Elem[i] = &gpb.PathElem{Name: name, Key: e.GetKey()}
		}
	}
	return joined, nil
}

// AnswerPrefix is the prefix of answers: full paths follow it.
func AnswerPrefix(asked *gpb.Path) *gpb.Path {
	if asked.GetTarget() == "" && asked.GetOrigin() == "" {
		return nil
	}
	return &gpb.Path{Target: asked.GetTarget(), Origin: asked.GetOrigin()}
}

// HasWildcard says whether names or keys in a path stand for several.
func HasWildcard(p *gpb.Path) bool {
	for _, elem := range p.GetElem() {
		if elem.GetName() == AnyOne || elem.GetName() == AnyPath {
			return true
		}
		for _, value := range elem.GetKey() {
			if value == AnyOne {
				return true
			}
		}
	}
	return false
}

// Matches says how many elements of a path a pattern covers, from the first on; -1: it does not match.
func Matches(pattern, path []*gpb.PathElem) int {
	if len(pattern) == 0 {
		return 0
	}
	if pattern[0].GetName() == AnyPath {
		for skip := 0; skip <= len(path); skip++ {
			if n := Matches(pattern[1:], path[skip:]); n >= 0 {
				return skip + n
			}
		}
		return -1
	}
	if len(path) == 0 || pattern[0].GetName() != AnyOne && pattern[0].GetName() != path[0].GetName() {
		return -1
	}
	for key, value := range pattern[0].GetKey() {
		if value != AnyOne && value != path[0].GetKey()[key] {
			return -1
		}
	}
	if n := Matches(pattern[1:], path[1:]); n >= 0 {
		return n + 1
	}
	return -1
}
