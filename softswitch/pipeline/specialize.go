package pipeline

import "crypto/sha256"

// specializer makes an instance's versions. The instance is locked whenever it is used.
type specializer struct {
	pl      *Pipeline
	made    map[origin]*version
	most    int // versions that may be made
	left    int // those that may still be
	states  map[parserOrigin]*parserVersion
	parser  *parserVersion // nil when there is none: no states, or no versions
	ingress *version       // for packets of which nothing is known
	egress  *version
	end     *version // likewise
	scratch *packet  // computes what is known
}

// origin is where a version begins, and what is known there.
type origin struct {
	side  *relevance
	node  *node
	table *Table
	way   int // out of the table
	hit   bool
	sum   [sha256.Size]byte
}

// parserOrigin is likewise where a state's version begins.
type parserOrigin struct {
	state *state
	sum   [sha256.Size]byte
}

func newSpecializer(pl *Pipeline, most int) *specializer {
	s := &specializer{
		pl: pl, made: map[origin]*version{}, states: map[parserOrigin]*parserVersion{}, most: most, left: most,
		end: &version{kind: toEnd}, scratch: pl.newPacket(),
	}
	words := pl.code.l.words
	s.ingress = s.at(pl.code.ingressWords, pl.code.ingress, unknown(words))
	s.egress = s.at(pl.code.egressWords, pl.code.egress, unknown(words))
	s.parser = s.parserAt(pl.code.parser.init, s.arrived())
	return s
}

// at gives the version of what begins at a node.
func (s *specializer) at(side *relevance, n *node, f *facts) *version {
	return s.version(origin{side: side, node: n}, n, f.only(side.of(n)), func(*assembler) {})
}

// version gives the version that begins with a table's action, if there is one, and goes on at a node.
func (s *specializer) version(o origin, n *node, f *facts, begin func(*assembler)) *version {
	if s.left > 0 {
		o.sum = f.sum()
	}
	if v := s.made[o]; v != nil {
		return v
	}
	b := &assembler{s: s, f: f.clone(), v: &version{side: o.side}}
	if s.left == 0 {
		b.f = unknown(len(f.w)) // it stands for all that come
		begin(b)
		b.rest(n)
	} else {
		s.left--
		begin(b)
		b.control(n)
	}
	s.made[o] = b.v
	return b.v
}

// branch makes a way that a comparison, a test or an exit that was not asked for leads.
func (s *specializer) branch(v *version, yes bool) *version {
	f := v.f.clone()
	n := v.node
	switch {
	case v.kind == toExit: // it was not asked for
	case v.kind == toTest && yes:
		n = n.yes
	case v.kind == toTest:
		n = n.no
	default:
		if n = n.on(yes); yes {
			f.set(v.off, v.k)
		} else if s.pl.code.l.widths[v.off] == 1 && v.k <= 1 {
			f.set(v.off, 1-v.k) // the other value of a bit
		}
	}
	next := s.at(v.side, n, f)
	if yes {
		v.yes = next
	} else {
		v.no = next
	}
	return next
}

// hit makes the way behind an entry: of a record where entries are constant, else of an action.
func (s *specializer) hit(v *version, i int) *version {
	t := v.look.t
	o := origin{side: v.side, node: v.node, table: t, way: i, hit: true}
	slot, args := i, []uint64(nil)
	if t.frozen {
		rec := t.recs.at(uint32(i))
		slot, args = int(uint32(rec[t.def.offAct])), rec[t.def.offArgs:t.def.offArgs+t.def.argMax]
	}
	a := t.def.actions[slot]
	next := t.def.afterHit(slot)
	f := t.def.measured(v.f).only(v.side.before(a, v.side.of(next)))
	made := s.version(o, next, f, func(b *assembler) { b.action(a, args, args != nil, true) })
	v.look.hits[i] = made
	return made
}

// miss makes the way behind a default action: i - 1 among the table's, 0 for none.
func (s *specializer) miss(v *version, i int) *version {
	t := v.look.t
	o := origin{side: v.side, node: v.node, table: t, way: i}
	next := t.def.afterMiss(i - 1)
	if i == 0 {
		f := v.f.only(v.side.of(next))
		v.look.misses[0] = s.version(o, next, f, func(*assembler) {})
		return v.look.misses[0]
	}
	a := t.def.actions[i-1]
	f := v.f.only(v.side.before(a, v.side.of(next)))
	made := s.version(o, next, f, func(b *assembler) { b.action(a, nil, false, true) })
	v.look.misses[i] = made
	return made
}

// measured are the facts behind a direct meter.
func (t *tableDef) measured(f *facts) *facts {
	if t.meter == nil {
		return f
	}
	f = f.clone()
	f.forget(t.meter.result.off)
	return f
}

// departing gives the version of egress for a packet that ended ingress in v and is copied nowhere.
func (s *specializer) departing(v *version) *version {
	if v.egress == nil {
		v.egress = s.egress
		if v.f != nil {
			std := &s.pl.code.std
			f := v.f.clone()
			for _, x := range []stdField{std.instanceType, std.enqTimestamp, std.enqDepth, std.egressTimestamp, std.deqTimedelta,
				std.deqDepth, std.deqQueueingID, std.egressPort, std.egressSpec, std.packetLength} {
				if x.ok {
					f.forget(x.off)
				}
			}
			v.egress = s.at(s.pl.code.egressWords, s.pl.code.egress, f)
		}
	}
	return v.egress
}

// emitted lists the headers that are valid; nil when that is not known of all.
func (s *specializer) emitted(f *facts) []*header {
	k := s.pl.code
	if len(k.deparseOps) > 0 {
		return nil
	}
	valid := []*header{}
	for _, h := range k.order {
		if !f.known[h.valid] {
			return nil
		}
		if f.w[h.valid] != 0 {
			valid = append(valid, h)
		}
	}
	return valid
}
