package pipeline

// Sums of parts of fields, as in the Internet checksum, are kept as lists: one
// loop over a few words is cheaper than a tree of calls.

// term is a part of one field: (w[off] ^ inv) >> right & mask.
type term struct {
	off   int
	right uint8
	inv   uint64
	mask  uint64
}

// asTerms gives a number as a sum of terms and a constant, modulo 2^64.
func (n *num) asTerms() (terms []term, k uint64, ok bool) {
	switch n.shape {
	case shapeConst:
		return nil, n.k, true
	case shapeField:
		return []term{{off: n.off, mask: ^uint64(0)}}, 0, true
	}
	return n.terms, n.addend, n.terms != nil
}

// single gives a number that is one term.
func (n *num) single() (term, bool) {
	t, k, ok := n.asTerms()
	if !ok || len(t) != 1 || k != 0 {
		return term{}, false
	}
	return t[0], true
}

// sum makes n, which has its range, the sum of two numbers if both are terms.
func (n *num) sum(a, b *num) {
	x, k, ok := a.asTerms()
	if !ok {
		return
	}
	y, j, ok := b.asTerms()
	if !ok || len(x)+len(y) < 2 {
		return
	}
	n.setTerms(append(append([]term{}, x...), y...), k+j)
}

// masking makes n the term a under a mask k, if it is one.
func (n *num) masking(a *num, k uint64) {
	if a.inverted != nil && k&^a.inverted.mask == 0 {
		t := *a.inverted
		t.inv, t.mask = ^t.inv, k
		n.setTerms([]term{t}, 0)
		return
	}
	if t, ok := a.single(); ok {
		t.mask &= k
		n.setTerms([]term{t}, 0)
	}
}

// shifting makes n the term a, which has no negative values, shifted right by
// k.
func (n *num) shifting(a *num, k uint64) {
	t, ok := a.single()
	if !ok || uint64(t.right)+k > 63 {
		return
	}
	t.right += uint8(k)
	t.mask >>= k
	n.setTerms([]term{t}, 0)
}

// setTerms gives n the form of a sum. Short ones are written out.
func (n *num) setTerms(terms []term, k uint64) {
	n.terms, n.addend = terms, k
	switch len(terms) {
	case 1:
		a := terms[0]
		i, r, m := a.off, a.right, a.mask
		switch {
		case k == 0 && a.inv == 0 && r == 0:
			n.low = func(p *packet) uint64 { return p.w[i] & m }
		case k == 0 && a.inv == 0:
			n.low = func(p *packet) uint64 { return p.w[i] >> (r & 63) & m }
		default:
			n.low = func(p *packet) uint64 { return a.value(p) + k }
		}
		n.masked = nil
	case 2:
		a, b := terms[0], terms[1]
		n.low = func(p *packet) uint64 { return a.value(p) + b.value(p) + k }
		n.masked = func(m uint64) func(p *packet) uint64 {
			return func(p *packet) uint64 { return (a.value(p) + b.value(p) + k) & m }
		}
	default:
		n.low = func(p *packet) uint64 {
			v := k
			for i := range terms {
				v += terms[i].value(p)
			}
			return v
		}
		n.masked = func(m uint64) func(p *packet) uint64 {
			return func(p *packet) uint64 {
				v := k
				for i := range terms {
					v += terms[i].value(p)
				}
				return v & m
			}
		}
	}
}

func (t *term) value(p *packet) uint64 { return (p.w[t.off] ^ t.inv) >> (t.right & 63) & t.mask }
