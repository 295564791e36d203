package pipeline

// What is known of a word is worth keeping only as long as something may be decided by it. Versions that differ in nothing
// else are one.

// wordSet is a set of a packet's words.
type wordSet []uint64

func (s wordSet) add(words ...int) {
	for _, w := range words {
		s[w/64] |= 1 << (w % 64)
	}
}

func (s wordSet) remove(words ...int) {
	for _, w := range words {
		s[w/64] &^= 1 << (w % 64)
	}
}

func (s wordSet) has(w int) bool { return s[w/64]>>(w%64)&1 != 0 }

func (s wordSet) any(words []int) bool {
	for _, w := range words {
		if s.has(w) {
			return true
		}
	}
	return false
}

func (s wordSet) join(o wordSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

// relevance finds the words that matter from each node of a control on.
type relevance struct {
	k    *code
	at   map[*node]wordSet
	last wordSet // at the end of the control
}

func (k *code) none() wordSet { return make(wordSet, (k.l.words+63)/64) }

// relevances are those of ingress and of egress.
func (k *code) relevances() (ingress, egress *relevance) {
	egress = &relevance{k: k, at: map[*node]wordSet{}, last: k.none()}
	for _, h := range k.order {
		egress.last.add(h.valid) // see specializer.emitted
	}
	ingress = &relevance{k: k, at: map[*node]wordSet{}, last: egress.from(k.egress)}
	ingress.from(k.ingress)
	return ingress, egress
}

// of gives the words that matter from a node on.
func (r *relevance) of(n *node) wordSet {
	if n == nil {
		return r.last
	}
	return r.at[n]
}

// from finds them. It has been everywhere when the program is compiled.
func (r *relevance) from(n *node) wordSet {
	if n == nil || r.at[n] != nil {
		return r.of(n)
	}
	s := r.k.none()
	r.at[n] = s
	switch n.kind {
	case nodePlain:
		s.join(r.before(n.plain.action, r.from(n.next)))
	case nodeTable:
		t := r.k.tables[n.table]
		if t.hasEntries { // see lookup.among
			for _, x := range t.pieces {
				s.add(x.src)
			}
		}
		for i, a := range t.actions {
			next := []*node{t.hit, t.miss}
			if !t.hitMiss {
				next = []*node{t.next[i]}
			}
			for _, m := range next {
				s.join(r.before(a, r.from(m)))
			}
		}
		s.join(r.from(t.miss))
		s.join(r.from(t.missDefault))
	default:
		if n.kind == nodeTest {
			s.add(n.reads...)
		} else {
			s.add(n.off)
		}
		s.join(r.from(n.yes))
		s.join(r.from(n.no))
	}
	return s
}

// before gives the words that matter before an action behind which those of a set do.
func (r *relevance) before(a *action, behind wordSet) wordSet {
	s := append(wordSet{}, behind...)
	if a.exits {
		s.join(r.last)
	}
	for i := len(a.steps) - 1; i >= 0; i-- {
		e := &a.steps[i].e
		if e.pure {
			matters := s.any(e.writes)
			s.remove(e.writes...)
			if matters {
				s.add(e.reads...)
			}
		}
		if e.idle.off != 0 {
			s.add(e.idle.off)
		}
	}
	return s
}

// only keeps what matters of facts.
func (f *facts) only(s wordSet) *facts {
	g := unknown(len(f.w))
	for i, known := range f.known {
		if known && s.has(i) {
			g.set(i, f.w[i])
		}
	}
	return g
}
