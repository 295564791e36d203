package vector

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/firstack/firstack/tests/packet"
)

// Load reads the vectors of a file in fsys, those of included files excepted. Their entries hold all
// that is to be written: the included files', the file's, the sets' and their own, in this order.
func Load(fsys fs.FS, name string) ([]*Vector, error) {
	l := &loader{fsys: fsys, names: map[string]string{}, sets: map[string][]Entry{}, scenes: map[string][]*Step{}}
	return l.load(name, nil)
}

type loader struct {
	fsys    fs.FS
	names   map[string]string
	sets    map[string][]Entry
	scenes  map[string][]*Step
	entries []Entry
	done    []string
}

// document is a file with what it takes to say where in it something stands.
type document struct {
	name string
	tree *ast.File
}

// errorf returns an error at a YAML path of the document.
func (d document) errorf(at, format string, args ...any) error {
	return fmt.Errorf("%s: %w", d.where(at), fmt.Errorf(format, args...))
}

// where returns file:line of a YAML path.
func (d document) where(at string) string {
	p, err := yaml.PathString(at)
	if err == nil {
		if node, err := p.FilterFile(d.tree); err == nil && node != nil {
			if token := node.GetToken(); token != nil && token.Position != nil {
				return fmt.Sprintf("%s:%d", d.name, token.Position.Line)
			}
		}
	}
	return d.name
}

// atToken puts file:line:column before an error of the YAML package.
func atToken(name string, err error) error {
	var located yaml.Error
	if errors.As(err, &located) && located.GetToken() != nil && located.GetToken().Position != nil {
		p := located.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %w", name, p.Line, p.Column, err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

func (l *loader) load(name string, including []string) ([]*Vector, error) {
	data, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		return nil, err
	}
	doc := document{name: name}
	if doc.tree, err = parser.ParseBytes(data, 0); err != nil {
		return nil, atToken(name, err)
	}
	if len(doc.tree.Docs) != 1 {
		return nil, fmt.Errorf("%s: %d YAML documents, 1 expected", name, len(doc.tree.Docs))
	}
	var file File
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&file); err != nil {
		return nil, atToken(name, err)
	}
	including = append(including, name)
	for i, included := range file.Include {
		included = path.Join(path.Dir(name), included)
		at := fmt.Sprintf("$.include[%d]", i)
		if slices.Contains(including, included) {
			return nil, doc.errorf(at, "%s includes itself", included)
		}
		if slices.Contains(l.done, included) {
			continue
		}
		vectors, err := l.load(included, slices.Clone(including))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", doc.where(at), err)
		}
		if len(vectors) > 0 {
			return nil, doc.errorf(at, "%s has vectors; only names, entries, sets and scenes can be included", included)
		}
	}
	l.done = append(l.done, name)
	if err := l.define(doc, &file); err != nil {
		return nil, err
	}
	return file.Vectors, l.complete(doc, &file)
}

// define takes over a file's names, entries and sets.
func (l *loader) define(doc document, file *File) error {
	for name, text := range file.Names {
		if _, ok := l.names[name]; ok {
			return doc.errorf("$.names", "name %s is there already", name)
		}
		l.names[name] = string(text)
	}
	l.entries = append(l.entries, file.Entries...)
	for name, set := range file.Sets {
		if _, ok := l.sets[name]; ok {
			return doc.errorf("$.sets", "set %s is there already", name)
		}
		l.sets[name] = set
	}
	for name, steps := range file.Scenes {
		if _, ok := l.scenes[name]; ok {
			return doc.errorf("$.scenes", "scene %s is there already", name)
		}
		for i, s := range steps {
			if s == nil {
				return doc.errorf("$.scenes", "scene %s has an empty step", name)
			}
			s.Where = doc.where(fmt.Sprintf("$.scenes.%s[%d]", name, i))
		}
		l.scenes[name] = steps
	}
	return nil
}

// complete fills in what a file's vectors leave to names, sets and included files.
func (l *loader) complete(doc document, file *File) error {
	for i, v := range file.Vectors {
		at := fmt.Sprintf("$.vectors[%d]", i)
		if v == nil {
			return doc.errorf(at, "an empty vector")
		}
		v.Program, v.Where = file.Program, doc.where(at)
		switch {
		case v.Name == "":
			return doc.errorf(at, "a vector without a name")
		case v.Program == "":
			return doc.errorf("$", "program is missing")
		case len(v.Steps)+len(v.After) == 0:
			return doc.errorf(at, "%s has no steps", v.Name)
		}
		entries := slices.Clone(l.entries)
		for _, name := range v.Use {
			set, ok := l.sets[name]
			if !ok {
				return doc.errorf(at, "%s: unknown set %s", v.Name, name)
			}
			entries = append(entries, set...)
		}
		v.Entries = append(entries, v.Entries...)
		for j := range v.Entries {
			var err error
			if v.Entries[j], err = l.expandEntry(v.Entries[j]); err != nil {
				return doc.errorf(at, "%s: %w", v.Name, err)
			}
		}
		for j, s := range v.Steps {
			at := fmt.Sprintf("%s.steps[%d]", at, j)
			if s == nil {
				return doc.errorf(at, "an empty step")
			}
			s.Where = doc.where(at)
		}
		var before []*Step
		for _, name := range v.After {
			scene, ok := l.scenes[name]
			if !ok {
				return doc.errorf(at, "%s: unknown scene %s", v.Name, name)
			}
			before = append(before, scene...)
		}
		v.Steps = append(before, v.Steps...)
		for _, s := range v.Steps {
			if err := l.completeStep(s); err != nil {
				return fmt.Errorf("%s: %s: %w", s.Where, v.Name, err)
			}
		}
	}
	return nil
}

// completeStep fills in a step; it does nothing to one that is filled in already, as a shared scene's is.
func (l *loader) completeStep(s *Step) error {
	if s.complete {
		return nil
	}
	s.complete = true
	frames := append([]*Frame(nil), s.Out...)
	if s.In != nil {
		if s.PacketOut != nil {
			return fmt.Errorf("either in or packet_out")
		}
		if s.In.Wrong != "" {
			return fmt.Errorf("wrong belongs to packets that leave")
		}
		frames = append(frames, s.In)
	}
	for _, f := range frames {
		if f == nil {
			return fmt.Errorf("an empty packet")
		}
		if err := l.build(&f.Packet, &f.Bytes); err != nil {
			return err
		}
	}
	if p := s.PacketOut; p != nil {
		if err := l.completeControl(p); err != nil {
			return err
		}
	}
	for i := range s.PacketIns {
		if err := l.completeControl(&s.PacketIns[i]); err != nil {
			return err
		}
	}
	for i := range s.Digests {
		if err := l.expandTexts(s.Digests[i].Fields); err != nil {
			return err
		}
	}
	for _, entries := range [][]Entry{s.Write, s.Modify, s.Delete} {
		for i := range entries {
			var err error
			if entries[i], err = l.expandEntry(entries[i]); err != nil {
				return err
			}
		}
	}
	given, comes := s.In != nil || s.PacketOut != nil, len(s.Out)+len(s.PacketIns) > 0
	switch {
	case given && !comes && s.Dropped == "":
		return fmt.Errorf("nothing leaves: dropped has to say why")
	case comes && s.Dropped != "":
		return fmt.Errorf("dropped, but something leaves")
	case !given && (comes || s.Dropped != ""):
		return fmt.Errorf("nothing is given, so nothing can leave or be dropped")
	}
	return nil
}

func (l *loader) completeControl(p *ControlPacket) error {
	if err := l.expandTexts(p.Metadata); err != nil {
		return err
	}
	return l.build(&p.Packet, &p.Bytes)
}

// build replaces names in a packet's text and makes its bytes.
func (l *loader) build(text *string, frame *[]byte) error {
	expanded, err := l.expand(*text)
	if err != nil {
		return err
	}
	p, err := packet.Parse(expanded)
	if err != nil {
		return fmt.Errorf("%w\nin %s", err, expanded)
	}
	*text, *frame = expanded, p.Build()
	return nil
}
