package pipeline

// A program is compiled twice. The first time before any packet has come, into nodes that are right for all packets. The
// second time while packets come, into versions of stretches of the program for what is known where they begin: which way
// through the parser a packet took, what the actions of the tables it hit have set. What is known needs no work: comparisons
// are decided, constant entries found, words set that hold their value already left out. A version is made when the first
// packet needs it, so there are only those that the traffic asks for, and maxVersions of them at most; from there on packets
// go through the nodes. (Lazy basic block versioning: Chevalier-Boisvert and Feeley, ECOOP 2015.)

// maxVersions bounds what traffic can make an instance remember.
const maxVersions = 4096

// version is a stretch of a control: steps, and a way on.
type version struct {
	ops  []op
	kind versionKind

	// toEqual: w[off] compared with k; toTest: test.
	off     int
	k       uint64
	test    test
	yes, no *version

	look *lookup // toTable

	side *relevance // of the control
	node *node      // what the way leads to, or decides it
	f    *facts     // what is known behind the steps; nil at the end of a way through nodes

	// At the end of a control.
	egress  *version  // where egress begins for packets that end here in ingress, nil as long as none has
	emitted []*header // the headers that are valid, where that is known of all
}

type versionKind uint8

const (
	toEnd versionKind = iota
	toEqual
	toTest
	toTable
	toExit  // the end, if an action has asked for it; else no
	toNodes // the rest of the control goes through the nodes
)

// follow runs a control and gives the version it ends in. Ways that no packet took before are made now.
func (s *specializer) follow(v *version, p *packet) *version {
	for {
		for _, f := range v.ops {
			f(p)
		}
		yes := false
		switch v.kind {
		case toEnd:
			return v
		case toEqual:
			yes = p.w[v.off] == v.k
		case toTest:
			yes = v.test(p)
		case toTable:
			v = v.look.run(s, v, p)
			continue
		case toExit:
			if p.exit {
				return s.end
			}
		default: // toNodes
			s.pl.apply(v.node, p)
			return s.end
		}
		next := v.no
		if yes {
			next = v.yes
		}
		if next == nil {
			next = s.branch(v, yes)
		}
		v = next
	}
}

// lookup is a version's way into a table.
type lookup struct {
	t      *Table
	base   []uint64 // the part of the key that is known
	pieces []piece  // the other
	rows   []uint64 // of constant entries, those that can match still, as in Table.linear
	scan   bool     // rows are all there is to look at

	hits   []*version // by record in tables of constant entries, else by action
	misses []*version // by action + 1
}

// find gives the record that a packet hits.
func (l *lookup) find(p *packet) uint32 {
	t := l.t
	if t.recs.live == 0 {
		return noRecord
	}
	key := p.key[:len(l.base)]
	copy(key, l.base)
	packPieces(l.pieces, p.w, key)
	if l.scan {
		return t.scan(l.rows, key)
	}
	return t.lookup(p, key)
}

// run applies the table and gives the version that goes on.
func (l *lookup) run(s *specializer, v *version, p *packet) *version {
	t := l.t
	d := t.def
	r := l.find(p)
	if r == noRecord {
		return l.missed(s, v, p)
	}
	rec := t.recs.at(r)
	t.touch(p, r, rec)
	var i int
	switch {
	case d.profile >= 0:
		k := t.pl.profiles[d.profile].resolve(rec[d.offAct]&^refLive, p)
		if k == nil {
			return l.missed(s, v, p)
		}
		p.args = k.args
		i = d.slotOf[k.action]
	case t.frozen:
		p.args = rec[d.offArgs : d.offArgs+d.argMax]
		i = int(r)
	default:
		p.args = rec[d.offArgs : d.offArgs+d.argMax]
		i = int(uint32(rec[d.offAct]))
	}
	if next := l.hits[i]; next != nil {
		return next
	}
	return s.hit(v, i)
}

func (l *lookup) missed(s *specializer, v *version, p *packet) *version {
	t := l.t
	t.countMiss(p)
	i := 0
	if t.deflt != nil {
		p.args = t.deflt.args
		i = t.defltSlot + 1
	}
	if next := l.misses[i]; next != nil {
		return next
	}
	return s.miss(v, i)
}
