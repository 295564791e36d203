package pipeline

// Most of what actions do is to copy a word, to set it, or to add up parts of some, as checksums are. Steps that do no more
// are kept as data: a run of them is one loop and not a tree of calls, and what is known of the words can be worked in.

// sum is w[dst] = ((terms, added, + k) ^ inv) & mask.
type sum struct {
	dst          int
	terms        []term
	k, inv, mask uint64
}

// setTo sets a word.
func setTo(dst int, k uint64) sum { return sum{dst: dst, k: k, mask: ^uint64(0)} }

// copied sets a word to another under a mask.
func copied(dst, src int, mask uint64) sum {
	return sum{dst: dst, terms: []term{{off: src, mask: mask}}, mask: ^uint64(0)}
}

// value computes the sum.
func (s *sum) value(w []uint64) uint64 {
	v := s.k
	for i := range s.terms {
		v += s.terms[i].value(w)
	}
	return (v ^ s.inv) & s.mask
}

// step is one step of an action: a sum, or else do.
type step struct {
	do  op
	sum *sum
	e   effect
}

// step is the step that a sum is.
func (s sum) step() step {
	e := effect{bounded: true, writes: []int{s.dst}, pure: true}
	for _, t := range s.terms {
		e.reads = append(e.reads, t.off)
	}
	return step{sum: &s, e: e}
}

// fuse makes the operations of a list of steps.
func fuse(steps []step) []op {
	var ops []op
	for i := 0; i < len(steps); {
		var sums []sum
		for ; i < len(steps) && steps[i].sum != nil; i++ {
			sums = append(sums, *steps[i].sum)
		}
		if len(sums) == 0 {
			ops = append(ops, steps[i].do)
			i++
			continue
		}
		ops = append(ops, together(sums))
	}
	return ops
}

// together carries out a run of sums. Their terms lie one behind the other.
func together(sums []sum) op {
	var terms []term
	for i := range sums {
		terms = append(terms, sums[i].terms...)
	}
	for i := range sums {
		n := len(sums[i].terms)
		sums[i].terms, terms = terms[:n:n], terms[n:]
	}
	if len(sums) == 1 && len(sums[0].terms) == 0 {
		dst, v := sums[0].dst, sums[0].value(nil)
		return func(p *packet) { p.w[dst] = v }
	}
	return func(p *packet) {
		w := p.w
		for i := range sums {
			s := &sums[i]
			w[s.dst] = s.value(w)
		}
	}
}

// folded works in the words that are known.
func (s *sum) folded(f *facts) sum {
	out := *s
	out.terms = nil
	for _, t := range s.terms {
		if f.known[t.off] {
			out.k += t.value(f.w)
		} else {
			out.terms = append(out.terms, t)
		}
	}
	return out
}
