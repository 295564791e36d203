package bmv2json

import (
	"math/big"

	"github.com/firstack/firstack/softswitch/bmv2json/jsontree"
)

// Node is one step of a control: exactly one of Table, Conditional, ActionCall.
type Node struct {
	Name        string
	Table       *Table
	Conditional *Conditional
	ActionCall  *ActionCall
	Index       int // position in Control.Nodes
}

// Control is a pipeline of the JSON: a graph of nodes without cycles.
type Control struct {
	Name     string
	Init     *Node // nil = empty
	Nodes    []*Node
	Tables   []*Table
	Profiles []*Profile
}

// Profile is an action profile, with Selector an action selector.
type Profile struct {
	Name     string
	MaxSize  int
	Selector *Calculation // nil = no groups
	Actions  []*Action    // what the tables that use it allow
	Index    int          // position in Control.Profiles
}

// Key is one field of a table's key.
type Key struct {
	Name   string
	Match  string // exact, lpm, ternary, range; "valid" has become exact on $valid$
	Target FieldRef
	Mask   *big.Int // static mask, nil = none
}

// MatchField is one field of a constant entry.
type MatchField struct {
	Value, Mask *big.Int // Mask: ternary
	Prefix      int      // lpm
	Low, High   *big.Int // range
}

// Entry is an entry of the program.
type Entry struct {
	Key      []MatchField
	Call     *Call
	Priority int // smaller wins
}

// Table is a match-action table.
type Table struct {
	Name           string
	Match          string // exact, lpm, ternary, range
	Profile        *Profile
	Size           int
	Counters       bool // direct counters
	Timeout        bool // support_timeout
	Meter          *Meter
	Key            []Key
	Actions        []*Action
	Next           []*Node // by action, in the order of Actions
	HitMiss        bool    // the next node depends on hit or miss only
	Hit, Miss      *Node
	MissDefault    *Node // after a miss of a table without default action
	Default        *Call // nil = none
	DefaultConst   bool  // neither action nor arguments can be changed
	DefaultActions bool  // the default action's function cannot be changed
	HasEntries     bool  // Entries are given, and constant
	Entries        []Entry
	Source         Source
}

// Conditional is a branch.
type Conditional struct {
	Expr        *Expr
	True, False *Node
	Source      Source
}

// ActionCall calls an action without parameters.
type ActionCall struct {
	Action *Action
	Next   *Node
}

func (d *decoder) controls() error {
	tables := map[string]*Table{}
	for i := range d.raw.Pipelines {
		r := &d.raw.Pipelines[i]
		c := &Control{Name: r.Name}
		if d.p.Control(r.Name) != nil {
			return invalid("pipeline %q twice", r.Name)
		}
		if err := d.control(c, r, tables); err != nil {
			return at(err, "%s", r.Name)
		}
		d.p.Controls = append(d.p.Controls, c)
	}
	return nil
}

func (d *decoder) control(c *Control, r *rawPipeline, tables map[string]*Table) error {
	profiles := map[string]*Profile{}
	for _, rp := range r.Profiles {
		p, err := d.profile(&rp, len(c.Profiles))
		if err != nil {
			return at(err, "action profile %s", rp.Name)
		}
		if err := add(profiles, "action profile", p.Name, p); err != nil {
			return err
		}
		c.Profiles = append(c.Profiles, p)
	}
	nodes := map[string]*Node{}
	node := func(name string) (*Node, error) {
		n := &Node{Name: name, Index: len(c.Nodes)}
		c.Nodes = append(c.Nodes, n)
		return n, add(nodes, "node", name, n)
	}
	for i := range r.Tables {
		t, err := d.table(&r.Tables[i], profiles)
		if err != nil {
			return at(err, "table %s", r.Tables[i].Name)
		}
		if err := add(tables, "table", t.Name, t); err != nil {
			return err
		}
		n, err := node(t.Name)
		if err != nil {
			return err
		}
		n.Table = t
		c.Tables = append(c.Tables, t)
	}
	for i := range r.Conditionals {
		rc := &r.Conditionals[i]
		e, err := d.condition(rc.Expr)
		if err != nil {
			return at(err, "conditional %s", rc.Name)
		}
		n, err := node(rc.Name)
		if err != nil {
			return err
		}
		n.Conditional = &Conditional{Expr: e, Source: rc.Source.source()}
	}
	for i := range r.ActionCalls {
		rc := &r.ActionCalls[i]
		a, ok := d.actionByID[rc.Action]
		if !ok || len(a.Params) > 0 {
			return invalid("action call %s: no action without parameters has id %d", rc.Name, rc.Action)
		}
		n, err := node(rc.Name)
		if err != nil {
			return err
		}
		n.ActionCall = &ActionCall{Action: a}
	}
	if err := link(c, r, nodes); err != nil {
		return err
	}
	return acyclic(c)
}

func (d *decoder) profile(r *rawProfile, index int) (*Profile, error) {
	p := &Profile{Name: r.Name, MaxSize: r.MaxSize, Index: index}
	if r.MaxSize < 0 || r.MaxSize > maxTable {
		return nil, invalid("max_size %d", r.MaxSize)
	}
	if r.Selector != nil {
		in, err := d.calcInput(r.Selector.Input)
		if err != nil {
			return nil, err
		}
		p.Selector = &Calculation{Name: r.Name, Algo: r.Selector.Algo, Input: in, Index: -1}
	}
	return p, nil
}

// follow resolves the name of a next node.
func follow(name *string, nodes map[string]*Node) (*Node, error) {
	if name == nil {
		return nil, nil
	}
	return find(nodes, "node", *name)
}

func link(c *Control, r *rawPipeline, nodes map[string]*Node) (err error) {
	if c.Init, err = follow(r.Init, nodes); err != nil {
		return at(err, "init_table")
	}
	for i := range r.Tables {
		if err := linkTable(c.Tables[i], &r.Tables[i], nodes); err != nil {
			return at(err, "table %s", c.Tables[i].Name)
		}
	}
	for i := range r.Conditionals {
		rc := &r.Conditionals[i]
		n := nodes[rc.Name].Conditional
		if n.True, err = follow(rc.TrueNext, nodes); err != nil {
			return at(err, "conditional %s", rc.Name)
		}
		if n.False, err = follow(rc.FalseNext, nodes); err != nil {
			return at(err, "conditional %s", rc.Name)
		}
	}
	for i := range r.ActionCalls {
		rc := &r.ActionCalls[i]
		if nodes[rc.Name].ActionCall.Next, err = follow(rc.Next, nodes); err != nil {
			return at(err, "action call %s", rc.Name)
		}
	}
	return nil
}

func linkTable(t *Table, r *rawTable, nodes map[string]*Node) (err error) {
	hit, isHit := r.Next["__HIT__"]
	miss, isMiss := r.Next["__MISS__"]
	if isHit || isMiss {
		if !isHit || !isMiss || len(r.Next) != 2 {
			return invalid("next_tables needs both __HIT__ and __MISS__ and nothing else")
		}
		t.HitMiss = true
		if t.Hit, err = follow(hit, nodes); err != nil {
			return err
		}
		t.Miss, err = follow(miss, nodes)
		return err
	}
	t.Next = make([]*Node, len(t.Actions))
	for i, a := range t.Actions {
		name, ok := r.Next[a.Name]
		if !ok {
			return invalid("next_tables lacks action %q", a.Name)
		}
		if t.Next[i], err = follow(name, nodes); err != nil {
			return err
		}
	}
	t.MissDefault, err = follow(r.BaseDefaultNext, nodes)
	return err
}

// successors lists where a node may lead.
func (n *Node) successors() []*Node {
	switch {
	case n.Conditional != nil:
		return []*Node{n.Conditional.True, n.Conditional.False}
	case n.ActionCall != nil:
		return []*Node{n.ActionCall.Next}
	}
	s := append([]*Node{n.Table.Hit, n.Table.Miss, n.Table.MissDefault}, n.Table.Next...)
	return s
}

// acyclic refuses a control that could run for ever.
func acyclic(c *Control) error {
	const (
		fresh = iota
		open
		done
	)
	state := make([]int, len(c.Nodes))
	type frame struct {
		n    *Node
		next []*Node
	}
	for _, root := range c.Nodes {
		if state[root.Index] != fresh {
			continue
		}
		state[root.Index] = open
		stack := []frame{{root, root.successors()}}
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			if len(f.next) == 0 {
				state[f.n.Index] = done
				stack = stack[:len(stack)-1]
				continue
			}
			n := f.next[0]
			f.next = f.next[1:]
			if n == nil || state[n.Index] == done {
				continue
			}
			if state[n.Index] == open {
				return invalid("cycle through %q", n.Name)
			}
			state[n.Index] = open
			stack = append(stack, frame{n, n.successors()})
		}
	}
	return nil
}

// matchString decodes the "key" of an entry, a hexstr or, for "valid", a bool.
func matchString(raw *jsontree.Value) (*big.Int, error) {
	if b, err := raw.Truth(); err == nil {
		if b {
			return big.NewInt(1), nil
		}
		return new(big.Int), nil
	}
	s, err := stringOf(raw)
	if err != nil {
		return nil, err
	}
	return hex(s)
}
