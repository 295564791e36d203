package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/firstack/firstack/topo/simulate"
)

// maxFile bounds what is read, as YAML can be made to cost much more than its size.
const maxFile = 1 << 20

// Load reads a scenario from a file; its table is sought beside it.
func Load(path string) (*Scenario, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	return Parse(path, data, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		return os.ReadFile(name)
	})
}

// Parse reads a scenario. All that is wrong is told at once, as "name:line: path: problem". The name is that of the file;
// open reads the table that it names.
func Parse(name string, data []byte, open func(string) ([]byte, error)) (*Scenario, error) {
	r := &report{name: name}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: longer than %d bytes", name, maxFile)
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, r.syntax(err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s: want one YAML document, found %d", name, len(file.Docs))
	}
	r.file = file
	s := new(Scenario)
	if err := yaml.NodeToValue(file.Docs[0].Body, s, yaml.Strict()); err != nil {
		return nil, r.syntax(err)
	}
	if s.world, err = readWorld(s.Matrix, open); err != nil {
		r.add("matrix", "%v", err)
		return nil, r.err()
	}
	s.check(r)
	if err := r.err(); err != nil {
		return nil, err
	}
	return s, nil
}

func readWorld(matrix string, open func(string) ([]byte, error)) (*simulate.World, error) {
	if matrix == "" {
		return simulate.Regions()
	}
	if open == nil {
		return nil, errors.New("no files can be read here")
	}
	data, err := open(matrix)
	if err != nil {
		return nil, err
	}
	return simulate.ReadWorld(matrix, bytes.NewReader(data))
}

// report collects what is wrong.
type report struct {
	name string
	file *ast.File
	errs []error
}

func (r *report) add(path, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s: %s", r.name, r.line(path), path, fmt.Sprintf(format, args...)))
}

// line is where a path stands in the file, or where what holds it does.
func (r *report) line(path string) int {
	for path != "" {
		if p, err := yaml.PathString("$." + path); err == nil {
			if node, err := p.FilterFile(r.file); err == nil && node != nil {
				return node.GetToken().Position.Line
			}
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

func (r *report) err() error { return errors.Join(r.errs...) }

// syntax gives an error of the YAML library its place.
func (r *report) syntax(err error) error {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil && e.GetToken().Position != nil {
		return fmt.Errorf("%s:%d: %s", r.name, e.GetToken().Position.Line, e.GetMessage())
	}
	return fmt.Errorf("%s: %w", r.name, err)
}
