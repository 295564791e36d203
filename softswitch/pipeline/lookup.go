package pipeline

import (
	"slices"
)

// Lookup. Entries are grouped by the mask of their key ("tuple space"): within
// a group a masked key is found by hash. An exact table has one group; an lpm
// table one for each prefix length in use, longest first; a ternary or range
// table one for each mask, in the order of the best priority in it, so that the
// search ends when no group can do better. Small tables that are not exact are
// scanned one by one instead, best first.

const (
	// linearMax is the size up to which a ternary table is scanned.
	linearMax = 64
	noRecord  = ^uint32(0)
)

// group holds the entries of one mask.
type group struct {
	mask []uint64
	idx  index
	best int64 // no entry has a higher priority; not lowered by removals
	live int
}

// lookup gives the record that a packet with a packed key hits.
func (t *Table) lookup(p *packet, key []uint64) uint32 {
	if t.def.exact {
		return t.find(key)
	}
	return t.search(p, key)
}

// find looks a packed key up in an exact table.
func (t *Table) find(key []uint64) uint32 {
	g := t.groups[0]
	if g.idx.used == 0 {
		return noRecord
	}
	return t.probe(g, t.pl.seed.hash(key), key)
}

// probe gives the record with a key, the first of its chain.
func (t *Table) probe(g *group, h uint32, key []uint64) uint32 {
	slots := g.idx.slots
	m := uint64(len(slots) - 1)
	for i := uint64(h) & m; ; i = (i + 1) & m {
		s := slots[i]
		if s == 0 {
			return noRecord
		}
		if uint32(s>>32) != h {
			continue
		}
		r := uint32(s) - 1
		if sameKey(t.recs.at(r), key) {
			return r
		}
	}
}

// sameKey compares the key at the start of a record.
func sameKey(rec, key []uint64) bool {
	for i, k := range key {
		if rec[i] != k {
			return false
		}
	}
	return true
}

// search looks a packed key up in a table that is not exact.
func (t *Table) search(p *packet, key []uint64) uint32 {
	if t.linear != nil {
		return t.scan(t.linear, key)
	}
	bestPrio, best := int64(-1)<<62, noRecord
	masked := p.masked[:len(key)]
	for _, g := range t.groups {
		if g.best <= bestPrio {
			break
		}
		for i, k := range key {
			masked[i] = k & g.mask[i]
		}
		r := t.probe(g, t.pl.seed.hash(masked), masked)
		for r != noRecord {
			rec := t.recs.at(r)
			if prio := t.prio(rec); prio <= bestPrio {
				break
			} else if t.inRange(rec, key) {
				bestPrio, best = prio, r
				break
			}
			r = t.chain(rec)
		}
	}
	return best
}

// scan goes through the flat copy of a small table: value and mask of each
// entry, then its record's number.
func (t *Table) scan(rows, key []uint64) uint32 {
	n := len(key)
	if n == 1 && t.def.bounds == 0 {
		k := key[0]
		for l := rows; len(l) >= 3; l = l[3:] {
			if k&l[1] == l[0] {
				return uint32(l[2])
			}
		}
		return noRecord
	}
next:
	for l := rows; len(l) > 0; l = l[2*n+1:] {
		for i, k := range key {
			if k&l[n+i] != l[i] {
				continue next
			}
		}
		r := uint32(l[2*n])
		if t.def.bounds == 0 || t.inRange(t.recs.at(r), key) {
			return r
		}
	}
	return noRecord
}

// prio is an entry's priority; in lpm tables the prefix length.
func (t *Table) prio(rec []uint64) int64 { return int64(rec[t.def.offPrio]) }

// chain is the next record with the same masked key.
func (t *Table) chain(rec []uint64) uint32 { return uint32(rec[t.def.offNext]) - 1 }

// inRange checks the range fields of an entry.
func (t *Table) inRange(rec, key []uint64) bool {
	if t.def.bounds == 0 {
		return true
	}
	low := rec[t.def.offRange:]
	high := low[t.def.bounds:]
	for i := range t.def.keys {
		f := &t.def.keys[i]
		if f.bound < 0 {
			continue
		}
		words := (f.Width + 63) / 64
		// Compare from the top word down: what differs first decides.
		above, below := false, false // strictly within a bound already
		for w := words - 1; w >= 0; w-- {
			v := keyWord(key, f.bit+64*w, min(64, f.Width-64*w))
			if !above {
				if lo := low[f.bound+w]; v < lo {
					return false
				} else if v > lo {
					above = true
				}
			}
			if !below {
				if hi := high[f.bound+w]; v > hi {
					return false
				} else if v < hi {
					below = true
				}
			}
		}
	}
	return true
}

// keyWord reads up to 64 bits of a packed key.
func keyWord(key []uint64, bit, n int) uint64 {
	v := key[bit/64] >> uint(bit%64)
	if r := bit % 64; r > 0 && bit/64+1 < len(key) {
		v |= key[bit/64+1] << uint(64-r)
	}
	return v & mask64(n)
}

// group finds or makes the group of a mask.
func (t *Table) group(mask []uint64, make bool) *group {
	for _, g := range t.groups {
		if slices.Equal(g.mask, mask) {
			return g
		}
	}
	if !make {
		return nil
	}
	g := &group{mask: mask, best: -1 << 62}
	t.groups = append(t.groups, g)
	return g
}

// link enters a record that holds its masked key.
func (t *Table) link(g *group, r uint32) {
	rec := t.recs.at(r)
	key := rec[:t.def.words]
	h := t.pl.seed.hash(key)
	g.live++
	if t.def.exact {
		g.idx.add(h, r)
		return
	}
	prio := t.prio(rec)
	better := prio > g.best
	g.best = max(g.best, prio)
	head := noRecord
	if g.idx.used > 0 {
		head = t.probe(g, h, key)
	}
	switch {
	case head == noRecord:
		g.idx.add(h, r)
	case t.prio(t.recs.at(head)) < prio:
		rec[t.def.offNext] = uint64(head + 1)
		g.idx.replace(h, head, r)
	default: // behind all that are as good
		at := t.recs.at(head)
		for n := t.chain(at); n != noRecord && t.prio(t.recs.at(n)) >= prio; n = t.chain(at) {
			at = t.recs.at(n)
		}
		rec[t.def.offNext] = at[t.def.offNext]
		at[t.def.offNext] = uint64(r + 1)
	}
	if better {
		slices.SortStableFunc(t.groups, func(a, b *group) int { return compareInt(b.best, a.best) })
	}
	t.relinear()
}

// unlink takes a record out of its group.
func (t *Table) unlink(g *group, r uint32) {
	rec := t.recs.at(r)
	key := rec[:t.def.words]
	h := t.pl.seed.hash(key)
	g.live--
	if t.def.exact {
		g.idx.remove(h, r)
		return
	}
	head := t.probe(g, h, key)
	switch next := t.chain(rec); {
	case head != r:
		at := t.recs.at(head)
		for t.chain(at) != r {
			at = t.recs.at(t.chain(at))
		}
		at[t.def.offNext] = rec[t.def.offNext]
	case next == noRecord:
		g.idx.remove(h, r)
	default:
		g.idx.replace(h, r, next)
	}
	if g.live == 0 {
		t.groups = slices.DeleteFunc(t.groups, func(x *group) bool { return x == g })
	}
	t.relinear()
}

func compareInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// relinear rebuilds the flat copy of a small table. Records that equal each
// other in priority stay in the order they came in.
func (t *Table) relinear() {
	n := 0
	for _, g := range t.groups {
		n += g.live
	}
	if n > linearMax {
		t.linear = nil
		return
	}
	type item struct {
		r    uint32
		g    *group
		prio int64
	}
	var items []item
	for _, g := range t.groups {
		for _, s := range g.idx.slots {
			if s == 0 {
				continue
			}
			for r := uint32(s) - 1; r != noRecord; r = t.chain(t.recs.at(r)) {
				items = append(items, item{r, g, t.prio(t.recs.at(r))})
			}
		}
	}
	slices.SortFunc(items, func(a, b item) int {
		if c := compareInt(b.prio, a.prio); c != 0 {
			return c
		}
		return compareInt(int64(a.r), int64(b.r))
	})
	w := t.def.words
	t.linear = make([]uint64, 0, n*(2*w+1))
	for _, it := range items {
		t.linear = append(t.linear, t.recs.at(it.r)[:w]...)
		t.linear = append(t.linear, it.g.mask...)
		t.linear = append(t.linear, uint64(it.r))
	}
}
