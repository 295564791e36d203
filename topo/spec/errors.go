package spec

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Error is one thing that is wrong with a topology, and where.
type Error struct {
	File         string
	Line, Column int    // from 1; 0 when there is no such place in the file
	Path         string // as in hosts[2].site
	Problem      string
}

// Error gives "file:line:column: path: problem", without the parts that are unknown.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
		}
		b.WriteString(": ")
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Problem)
	return b.String()
}

// place is a line and column of the file.
type place struct{ line, column int }

// report collects what is wrong, and knows where in the file each path stands.
type report struct {
	file   string
	places map[string]place
	errs   []*Error
}

func (r *report) addAt(p place, path, format string, args ...any) {
	r.errs = append(r.errs, &Error{File: r.file, Line: p.line, Column: p.column, Path: path, Problem: fmt.Sprintf(format, args...)})
}

// add reports at the path's place, or at that of what holds it when the file does not have it.
func (r *report) add(path, format string, args ...any) {
	at := r.places[""]
	for p := path; p != ""; p = parent(p) {
		if found, ok := r.places[p]; ok {
			at = found
			break
		}
	}
	r.addAt(at, path, format, args...)
}

// err joins the errors in the order of the file; nil when there are none.
func (r *report) err() error {
	slices.SortStableFunc(r.errs, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	joined := make([]error, len(r.errs))
	for i, e := range r.errs {
		joined[i] = e
	}
	return errors.Join(joined...)
}

// key appends a mapping's key to a path, index a list's element.
func key(path, name string) string {
	if strings.ContainsAny(name, ` .[]"`) || name == "" {
		name = fmt.Sprintf("%q", name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// parent cuts the last key or index off a path.
func parent(path string) string {
	if strings.HasSuffix(path, `"`) {
		if i := strings.LastIndex(path[:len(path)-1], `."`); i >= 0 {
			return path[:i]
		}
		return ""
	}
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}
