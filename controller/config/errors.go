package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/firstack/firstack/controller/config/internal/strict"
	"github.com/firstack/firstack/controller/internal/shape"
)

// Error is one thing that is wrong with a configuration, and where. Load, Parse and Validate give all of them
// joined; List takes them apart.
type Error struct {
	File         string
	Line, Column int    // from 1; 0 for a tree made in Go
	Path         string // as in services[0].replicas[1].configuration
	Message      string
}

// Error gives "file:line:column: path: message", without the parts that are unknown.
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
	b.WriteString(e.Message)
	return b.String()
}

// List gives the single errors in what Load, Parse or Validate returned, in the order of the file.
func List(err error) []*Error {
	if one, ok := errors.AsType[*Error](err); ok && error(one) == err {
		return []*Error{one}
	}
	var all []*Error
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			all = append(all, List(e)...)
		}
	}
	return all
}

// report collects errors and knows where in the file each path stands.
type report struct {
	file   string
	given  map[string]strict.Position // nil for a tree made in Go
	errors []*Error
}

// add reports at the path's place, or at that of what holds it when the file does not have it.
func (r *report) add(path, format string, args ...any) {
	e := &Error{File: r.file, Path: path, Message: fmt.Sprintf(format, args...)}
	for at := path; ; at = shape.Parent(at) {
		if p, ok := r.given[at]; ok {
			e.Line, e.Column = p.Line, p.Column
			break
		}
		if at == "" {
			break
		}
	}
	r.errors = append(r.errors, e)
}

// isGiven says whether the file has the path, even with a zero value.
func (r *report) isGiven(path string) bool {
	_, ok := r.given[path]
	return ok
}

// err joins the errors in the order of the file; nil when there are none.
func (r *report) err() error {
	slices.SortStableFunc(r.errors, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	all := make([]error, len(r.errors))
	for i, e := range r.errors {
		all[i] = e
	}
	return errors.Join(all...)
}
