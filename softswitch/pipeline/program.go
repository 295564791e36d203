package pipeline

import (
	"sync"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// Program is a compiled program. It is immutable and may have any number of
// instances.
type Program struct {
	src  *bmv2json.Program
	code *code

	strictOnce sync.Once
	strictCode *code
}

// code is what compilation gives: closures and plans, no state.
type code struct {
	l          *layout
	std        standard
	parser     parserCode
	verify     []test
	update     []op
	deparseOps []op
	order      []*header
	actions    []*action
	tables     []*tableDef
	profiles   []*profileDef
	ingress    *node
	egress     *node
	fieldLists map[int][]slot
	learnLists []learnList

	ingressWords, egressWords *relevance

	calcBytes int // most bytes of a calculation's input without payload
	keyWords  int
	tmpWords  int
}

// learnList is what a digest carries.
type learnList struct {
	id     int
	name   string
	fields []slot
}

// Compile compiles a program for this target. Errors wrap ErrUnsupported and
// name the construct and its place.
func Compile(p *bmv2json.Program) (*Program, error) {
	k, err := compile(p, false)
	if err != nil {
		return nil, err
	}
	return &Program{src: p, code: k}, nil
}

// Source is the model the program was compiled from.
func (p *Program) Source() *bmv2json.Program { return p.src }

// strict compiles the variant that watches reads of invalid headers.
func (p *Program) strict() *code {
	p.strictOnce.Do(func() {
		k, err := compile(p.src, true)
		if err != nil {
			// The same program compiled before; strictness refuses nothing more.
			panic(err)
		}
		p.strictCode = k
	})
	return p.strictCode
}

func compile(src *bmv2json.Program, strict bool) (*code, error) {
	c := &compiler{src: src, l: newLayout(src), strict: strict}
	c.out = &code{l: c.l, fieldLists: map[int][]slot{}, keyWords: 1}
	if err := c.standard(); err != nil {
		return nil, err
	}
	for _, l := range src.FieldLists {
		slots := []slot{}
		for _, f := range l.Fields {
			slots = append(slots, c.l.slot(f))
		}
		c.out.fieldLists[l.ID] = slots
	}
	for _, l := range src.LearnLists {
		list := learnList{id: l.ID, name: l.Name}
		for _, f := range l.Fields {
			s := c.l.slot(f)
			if s.varbit {
				return nil, unsupported("digest %s: variable-length field %s", l.Name, f.Name())
			}
			list.fields = append(list.fields, s)
		}
		c.out.learnLists = append(c.out.learnLists, list)
	}
	if err := c.parser(); err != nil {
		return nil, err
	}
	for _, a := range src.Actions {
		k, err := c.action(a)
		if err != nil {
			return nil, place(err, "action")
		}
		c.out.actions = append(c.out.actions, k)
	}
	for _, ctl := range []struct {
		name string
		dst  **node
	}{{"ingress", &c.out.ingress}, {"egress", &c.out.egress}} {
		s := src.Control(ctl.name)
		if s == nil {
			return nil, unsupported("program without a control called %q", ctl.name)
		}
		n, err := c.control(s)
		if err != nil {
			return nil, place(err, "%s", ctl.name)
		}
		*ctl.dst = n
	}
	if err := c.checksums(); err != nil {
		return nil, err
	}
	if err := c.deparser(); err != nil {
		return nil, err
	}
	s := &c.out.std
	s.egressClock = s.egressTimestamp.ok && c.l.touched[s.egressTimestamp.off] ||
		s.deqTimedelta.ok && c.l.touched[s.deqTimedelta.off]
	c.out.tmpWords = c.tmpWords
	c.out.ingressWords, c.out.egressWords = c.out.relevances()
	return c.out, nil
}
