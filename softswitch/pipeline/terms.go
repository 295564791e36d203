package pipeline

import "slices"

// Sums of parts of fields, as in the Internet checksum, are kept as lists: one
// loop over a few words is cheaper than a tree of calls.

// term is a part of one field: ((w[off] ^ inv) >> right & mask) << left.
type term struct {
	off         int
	right, left uint8
	inv         uint64
	mask        uint64
}

// bits are those that a term can set.
func (t *term) bits() uint64 { return t.mask << t.left }

// asTerms gives a number as a sum of terms and a constant, modulo 2^64.
func (n *num) asTerms() (terms []term, k uint64, ok bool) {
	switch n.shape {
	case shapeConst:
		return nil, n.k, true
	case shapeField:
		return []term{{off: n.off, mask: mask64(n.hi.BitLen())}}, 0, true
	}
	return n.terms, n.addend, n.terms != nil
}

// asSum gives a number as a sum without target.
func (n *num) asSum() (sum, bool) {
	if n.final != nil {
		return *n.final, true
	}
	terms, k, ok := n.asTerms()
	return sum{terms: terms, k: k, mask: ^uint64(0)}, ok
}

// parts gives a number as terms and a constant of which no two can set the same bit, so that what is done to bits can be
// done to each. all are the bits they can set.
func (n *num) parts() (terms []term, k, all uint64, ok bool) {
	terms, k, ok = n.asTerms()
	all = k
	for i := range terms {
		if all&terms[i].bits() != 0 {
			return nil, 0, 0, false
		}
		all |= terms[i].bits()
	}
	return terms, k, all, ok && len(terms) > 0
}

// sum makes n, which has its range, the sum of two numbers if both are terms.
func (n *num) sum(a, b *num) {
	x, ok := a.modulo()
	if !ok {
		return
	}
	y, ok := b.modulo()
	if !ok || len(x.terms)+len(y.terms) == 0 {
		return
	}
	x.terms, x.k, x.mask = slices.Concat(x.terms, y.terms), x.k+y.k, x.mask&y.mask
	if x.mask == ^uint64(0) {
		n.setTerms(x.terms, x.k)
		return
	}
	n.residue = &x
}

// modulo gives a number as a sum that is right in the bits of its mask, which are the lowest ones.
func (n *num) modulo() (sum, bool) {
	s, ok := n.asSum()
	if !ok && n.residue != nil {
		s, ok = *n.residue, true
	}
	return s, ok && s.inv == 0 && s.mask&(s.mask+1) == 0
}

// joining makes n the bits of two numbers, if both are parts and have none in common.
func (n *num) joining(a, b *num) {
	x, k, p, ok := a.parts()
	if !ok {
		return
	}
	if y, j, q, ok := b.parts(); ok && p&q == 0 {
		n.setTerms(slices.Concat(x, y), k|j)
	}
}

// masking makes n the parts of a under a mask.
func (n *num) masking(a *num, mask uint64) {
	if x := a.final; x != nil && x.inv == ^uint64(0) && x.mask == x.inv && x.k == 0 && len(x.terms) == 1 && x.terms[0].left == 0 {
		t := x.terms[0] // the complement of one term: above it all bits are set
		n.setParts([]term{{off: t.off, right: t.right, inv: ^t.inv, mask: mask & t.mask}}, mask&^t.mask)
		return
	}
	parts, k, _, ok := a.parts()
	if !ok {
		x, ok := a.asSum()
		if r := a.residue; !ok && r != nil && mask&^r.mask == 0 {
			x, ok = *r, true
		}
		if ok {
			x.mask &= mask
			n.final = &x
		}
		return
	}
	kept := slices.Clone(parts)
	for i := range kept {
		kept[i].mask &= mask >> kept[i].left
	}
	n.setParts(kept, k&mask)
}

// shifting makes n the parts of a, which has no negative values, shifted right by k.
func (n *num) shifting(a *num, by uint64) {
	parts, k, _, ok := a.parts()
	if !ok || by > 63 {
		return
	}
	kept := slices.Clone(parts)
	for i := range kept {
		t := &kept[i]
		left := min(uint64(t.left), by)
		t.left -= uint8(left)
		if t.mask >>= by - left; t.mask == 0 {
			continue
		}
		if uint64(t.right)+by-left > 63 {
			return
		}
		t.right += uint8(by - left)
	}
	n.setParts(kept, k>>by)
}

// setParts is setTerms without those that are always zero.
func (n *num) setParts(parts []term, k uint64) {
	if parts = slices.DeleteFunc(parts, func(t term) bool { return t.mask == 0 }); len(parts) > 0 {
		n.setTerms(parts, k)
	}
}

// raising makes n the terms of a shifted left by k.
func (n *num) raising(a *num, k uint64) {
	terms, add, ok := a.asTerms()
	if !ok || len(terms) == 0 {
		return
	}
	raised := slices.Clone(terms)
	for i := range raised {
		if uint64(raised[i].left)+k > 63 {
			return
		}
		raised[i].left += uint8(k)
	}
	n.setTerms(raised, add<<k)
}

// setTerms gives n the form of a sum.
func (n *num) setTerms(terms []term, k uint64) {
	n.terms, n.addend = terms, k
	n.low = sumOf(terms, k)
}

// sumOf computes a sum. Short ones are written out.
func sumOf(terms []term, k uint64) func(p *packet) uint64 {
	if len(terms) == 1 {
		a := terms[0]
		i, r, m := a.off, a.right, a.mask
		switch {
		case k == 0 && a.inv == 0 && r == 0 && a.left == 0:
			return func(p *packet) uint64 { return p.w[i] & m }
		case k == 0 && a.inv == 0 && a.left == 0:
			return func(p *packet) uint64 { return p.w[i] >> (r & 63) & m }
		}
		return func(p *packet) uint64 { return a.value(p.w) + k }
	}
	return func(p *packet) uint64 {
		v := k
		for i := range terms {
			v += terms[i].value(p.w)
		}
		return v
	}
}

func (t *term) value(w []uint64) uint64 {
	return (w[t.off] ^ t.inv) >> (t.right & 63) & t.mask << (t.left & 63)
}
