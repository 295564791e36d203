package pipeline

// Most of what actions do is to copy a word or to set it. Steps that do no
// more are kept as data, so that a run of them is one loop and not a call each.

// move is w[dst] = w[src]&mask + k.
type move struct {
	dst, src int
	mask, k  uint64
}

// step is one step of an action; m says the same as do where it is a move.
type step struct {
	do op
	m  *move
	e  effect
}

// stepOf is the step that a move is.
func (m move) step() step {
	do := func(p *packet) { p.w[m.dst] = p.w[m.src]&m.mask + m.k }
	if m.mask == 0 {
		do = func(p *packet) { p.w[m.dst] = m.k }
	}
	return step{do: do, m: &m, e: effect{bounded: true, writes: []int{m.dst}, pure: true, reads: []int{m.src}}}
}

// fuseMoves makes the operations of a list of steps.
func fuseMoves(steps []step) []op {
	var ops []op
	for i := 0; i < len(steps); {
		var moves []move
		for ; i < len(steps) && steps[i].m != nil; i++ {
			moves = append(moves, *steps[i].m)
		}
		switch len(moves) {
		case 0:
			ops = append(ops, steps[i].do)
			i++
		case 1:
			ops = append(ops, steps[i-1].do)
		default:
			ops = append(ops, func(p *packet) {
				w := p.w
				for i := range moves {
					m := &moves[i]
					w[m.dst] = w[m.src]&m.mask + m.k
				}
			})
		}
	}
	return ops
}
