package spec

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// maxFile bounds what is read, as YAML can be made to cost much more than its size.
const maxFile = 1 << 20

// Open reads a file that a topology names, such as its round-trip table.
type Open func(name string) ([]byte, error)

// Load reads a topology from a file; the files it names are sought beside it.
func Load(path string) (*Topology, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read topology: %w", err)
	}
	return Parse(path, data, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		return os.ReadFile(name)
	})
}

// Parse reads a topology and fills in what it omits. All that is wrong is told at once, each an *Error
// with line, column and path, joined. The name is that of the file, for errors; open may be nil when
// the topology names no file.
func Parse(name string, data []byte, open Open) (*Topology, error) {
	r := &report{file: name, places: map[string]place{}}
	if len(data) > maxFile {
		r.add("", "longer than %d bytes", maxFile)
		return nil, r.err()
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		r.syntax(err)
		return nil, r.err()
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		r.add("", "want one YAML document, found %d", len(file.Docs))
		return nil, r.err()
	}
	body := file.Docs[0].Body
	r.check(body, reflect.TypeFor[Topology](), "", "")
	if len(r.errs) > 0 {
		return nil, r.err()
	}
	t := new(Topology)
	if err := yaml.NodeToValue(body, t, yaml.Strict()); err != nil {
		r.syntax(err)
		return nil, r.err()
	}
	t.complete(r, open)
	if len(r.errs) > 0 {
		return nil, r.err()
	}
	return t, nil
}

// Resolve checks a topology made in Go and fills in what it omits; see complete for how.
func (t *Topology) Resolve(open Open) error {
	r := &report{places: map[string]place{}}
	t.complete(r, open)
	return r.err()
}

// syntax reports an error of the YAML library.
func (r *report) syntax(err error) {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil && e.GetToken().Position != nil {
		p := e.GetToken().Position
		r.addAt(place{p.Line, p.Column}, "", "%s", e.GetMessage())
		return
	}
	r.add("", "%v", err)
}
