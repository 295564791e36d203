package pipeline

// What a program asks again and again about one field, p4c makes a chain of
// comparisons. Here a chain becomes one jump by the field's value, and what is
// asked about a value just set is answered at compile time.

// maxJump bounds the values that a jump distinguishes.
const maxJump = 256

// compares tells whether a node does no more than to compare a word.
func (n *node) compares() bool { return n != nil && (n.kind == nodeEqual || n.kind == nodeUnequal) }

// on gives where a comparing node leads when its word is, or is not, k.
func (n *node) on(equal bool) *node {
	if equal == (n.kind == nodeEqual) {
		return n.yes
	}
	return n.no
}

// past follows comparisons of a word whose value is known.
func (n *node) past(off int, v uint64) *node {
	for n.compares() && n.off == off {
		n = n.on(v == n.k)
	}
	return n
}

// known are words whose values are known at one place of a control.
type known map[int]uint64

// after takes in what a step does.
func (f known) after(s step) {
	if s.m == nil { // it may write to anything
		clear(f)
		return
	}
	if v, ok := f[s.m.src]; ok || s.m.mask == 0 {
		f[s.m.dst] = v&s.m.mask + s.m.k
	} else {
		delete(f, s.m.dst)
	}
}

// jumps replaces the chains of comparisons among everything that can be
// reached from a node, by way of tables too.
func jumps(root *node, tables []*tableDef) {
	done := map[*node]bool{nil: true}
	var found []func()
	var visit func(n *node)
	visit = func(n *node) {
		if done[n] {
			return
		}
		done[n] = true
		if n.compares() {
			found = append(found, n.chain())
		}
		if n.kind == nodeTable {
			t := tables[n.table]
			visit(t.hit)
			visit(t.miss)
			visit(t.missDefault)
			for _, next := range t.next {
				visit(next)
			}
		}
		visit(n.yes)
		visit(n.no)
		visit(n.next)
	}
	visit(root)
	for _, apply := range found {
		apply()
	}
}

// chain gives what makes a node the jump that the comparisons from it on are.
func (n *node) chain() func() {
	var values []uint64
	var targets []*node
	at := n
	for at.compares() && at.off == n.off {
		values = append(values, at.k)
		targets = append(targets, at.on(true).past(n.off, at.k))
		at = at.on(false)
	}
	if len(values) == 1 {
		yes := targets[0]
		return func() { n.kind, n.yes, n.no = nodeEqual, yes, at }
	}
	size := uint64(0)
	for _, v := range values {
		if v >= maxJump {
			return func() {}
		}
		size = max(size, v+1)
	}
	jump := make([]*node, size)
	for i := range jump {
		jump[i] = at
	}
	for i := len(values) - 1; i >= 0; i-- { // the first to ask decides
		jump[values[i]] = targets[i]
	}
	return func() { n.kind, n.jump, n.no = nodeJump, jump, at }
}
