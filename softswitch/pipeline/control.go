package pipeline

import (
	"fmt"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// node is one step of a control: it does its work and gives the next, nil at
// the end. Tables that p4c invents for statements (no key, a constant default
// action) become plain steps; conditions become comparisons of one word where
// they can. Nodes are what versions are made of; by themselves packets pass them
// when they are traced, or when there can be no more versions.
type node struct {
	name string
	kind nodeKind
	// step is what the node does, with events, for tracing.
	step func(p *packet) *node

	// nodeEqual, nodeUnequal: w[off] compared with k; nodeTest: test.
	off     int
	k       uint64
	test    test
	reads   []int // words that decide the test; nil when it may be something else
	yes, no *node

	// nodePlain: a call, then next.
	plain *call
	next  *node

	table int // nodeTable: position among the tables
}

type nodeKind uint8

const (
	nodePlain nodeKind = iota
	nodeEqual
	nodeUnequal
	nodeTest
	nodeTable
)

// compares tells whether a node does no more than to compare a word.
func (n *node) compares() bool { return n.kind == nodeEqual || n.kind == nodeUnequal }

// on gives where a comparing node leads when its word is, or is not, k.
func (n *node) on(equal bool) *node {
	if equal == (n.kind == nodeEqual) {
		return n.yes
	}
	return n.no
}

// apply runs a control from a node on.
func (pl *Pipeline) apply(n *node, p *packet) {
	p.exit = false
	if pl.env.Tracer != nil {
		for n != nil && !p.exit {
			n = n.step(p)
		}
		return
	}
	for n != nil && !p.exit {
		switch n.kind {
		case nodePlain:
			p.args = n.plain.args
			n.plain.action.run(p)
			n = n.next
		case nodeTest:
			if n.test(p) {
				n = n.yes
			} else {
				n = n.no
			}
		case nodeTable:
			n = pl.tables[n.table].run(p)
		default:
			n = n.on(p.w[n.off] == n.k)
		}
	}
}

func (c *compiler) control(src *bmv2json.Control) (*node, error) {
	profiles := map[*bmv2json.Profile]int{}
	for _, sp := range src.Profiles {
		d, err := c.profile(sp)
		if err != nil {
			return nil, place(err, "action profile %s", sp.Name)
		}
		profiles[sp] = len(c.out.profiles)
		c.out.profiles = append(c.out.profiles, d)
	}
	nodes := make([]*node, len(src.Nodes))
	for i, n := range src.Nodes {
		nodes[i] = &node{name: n.Name}
	}
	to := func(n *bmv2json.Node) *node {
		if n == nil {
			return nil
		}
		return nodes[n.Index]
	}
	for i, n := range src.Nodes {
		var err error
		switch {
		case n.Table != nil:
			err = place(c.tableNode(nodes[i], n.Table, profiles, to), "table %s", n.Name)
		case n.Conditional != nil:
			err = place(c.branchNode(nodes[i], n.Conditional, to), "condition %s (%s:%d)", n.Name, n.Conditional.Source.File, n.Conditional.Source.Line)
		default:
			a := c.out.actions[n.ActionCall.Action.Index]
			plainNode(nodes[i], &call{action: a}, to(n.ActionCall.Next))
		}
		if err != nil {
			return nil, err
		}
	}
	return to(src.Init), nil
}

// plainNode makes a node that carries out one action with fixed arguments.
func plainNode(n *node, k *call, next *node) {
	n.kind, n.plain, n.next = nodePlain, k, next
	n.step = func(p *packet) *node {
		p.pl.traceAction(p, k)
		return next
	}
}

func (c *compiler) tableNode(n *node, src *bmv2json.Table, profiles map[*bmv2json.Profile]int, to func(*bmv2json.Node) *node) error {
	t, err := c.table(src, profiles)
	if err != nil {
		return err
	}
	if err := newTable(&Pipeline{}, t).loadEntries(); err != nil {
		return fmt.Errorf("constant entries: %w", err)
	}
	c.out.tables = append(c.out.tables, t)
	t.hitMiss, t.hit, t.miss, t.missDefault = src.HitMiss, to(src.Hit), to(src.Miss), to(src.MissDefault)
	if !t.hitMiss {
		for _, s := range src.Next {
			t.next = append(t.next, to(s))
		}
	}
	if len(t.keys) == 0 && t.profile < 0 && t.defaultCall != nil && t.defaultConst && !t.counters && t.meter == nil {
		next := t.miss
		if !t.hitMiss {
			next = t.next[t.slotOf[t.defaultCall.action]]
		}
		plainNode(n, t.defaultCall, next)
		return nil
	}
	id := t.index
	n.kind, n.table = nodeTable, id
	n.step = func(p *packet) *node { return p.pl.tables[id].traced(p) }
	return nil
}

// run applies the table to a packet and gives the next node.
func (t *Table) run(p *packet) *node {
	if t.recs.live > 0 {
		if r := t.lookup(p, t.def.pack(p)); r != noRecord {
			return t.hit(p, r)
		}
	}
	return t.missed(p)
}

// afterHit is the node behind an action of an entry, by its position.
func (d *tableDef) afterHit(slot int) *node {
	if d.hitMiss {
		return d.hit
	}
	return d.next[slot]
}

// afterMiss is the node behind the default action, by its position; -1 is no action.
func (d *tableDef) afterMiss(slot int) *node {
	switch {
	case d.hitMiss:
		return d.miss
	case slot < 0:
		return d.missDefault
	}
	return d.next[slot]
}

// hit carries out an entry.
func (t *Table) hit(p *packet, r uint32) *node {
	d := t.def
	rec := t.recs.at(r)
	t.touch(p, r, rec)
	if d.profile >= 0 {
		return t.indirect(p, rec[d.offAct]&^refLive)
	}
	i := uint32(rec[d.offAct])
	a := d.actions[i]
	p.args = rec[d.offArgs : d.offArgs+d.argMax]
	a.run(p)
	return d.afterHit(int(i))
}

// touch is what a hit does besides the action: the direct counter, the idle timeout, the direct meter.
func (t *Table) touch(p *packet, r uint32, rec []uint64) {
	d := t.def
	if d.counters {
		rec[d.offCount]++
		rec[d.offCount+1] += uint64(p.ingressLen)
	}
	if d.timeout {
		rec[d.offHit] = p.now
	}
	if d.meter != nil {
		colour := uint64(Green)
		if m := t.meters[r]; m != nil {
			colour = m.colour(t.pl.now(), p.units(d.meter.bytes))
		}
		d.meter.result.set(p, colour)
	}
}

// indirect carries out a member; a group without members acts as a miss.
func (t *Table) indirect(p *packet, ref uint64) *node {
	k := t.pl.profiles[t.def.profile].resolve(ref, p)
	if k == nil {
		return t.missed(p)
	}
	p.args = k.args
	k.action.run(p)
	return t.def.afterHit(t.def.slotOf[k.action])
}

// countMiss counts a packet that missed.
func (t *Table) countMiss(p *packet) {
	if t.def.counters {
		t.defltCount.Packets++
		t.defltCount.Bytes += uint64(p.ingressLen)
	}
}

// missed carries out the default action.
func (t *Table) missed(p *packet) *node {
	t.countMiss(p)
	if t.deflt == nil {
		return t.def.afterMiss(-1)
	}
	p.args = t.deflt.args
	t.deflt.action.run(p)
	return t.def.afterMiss(t.defltSlot)
}
