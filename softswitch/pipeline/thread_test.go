package pipeline

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomControl makes random comparisons and moves over a few words, each leading to later ones only.
func randomControl(r *rand.Rand, words int) []*node {
	nodes := make([]*node, 1+r.IntN(40))
	for i := range nodes {
		nodes[i] = &node{name: fmt.Sprint(i)}
	}
	later := func(i int) *node {
		if j := i + 1 + r.IntN(6); j < len(nodes) {
			return nodes[j]
		}
		return nil
	}
	value := func() uint64 {
		if r.IntN(8) == 0 {
			return maxJump + r.Uint64N(3)
		}
		return r.Uint64N(4)
	}
	for i, n := range nodes {
		switch r.IntN(3) {
		case 0:
			n.kind, n.off, n.k, n.yes, n.no = nodeEqual, 1+r.IntN(words), value(), later(i), later(i)
		case 1:
			n.kind, n.off, n.k, n.yes, n.no = nodeUnequal, 1+r.IntN(words), value(), later(i), later(i)
		default:
			a := &action{}
			for range r.IntN(4) {
				a.steps = append(a.steps, randomStep(r, words, value))
			}
			a.ops = fuseMoves(a.steps)
			plainNode(n, &call{action: a}, later(i), false)
		}
	}
	return nodes
}

func randomStep(r *rand.Rand, words int, value func() uint64) step {
	dst, src, k := 1+r.IntN(words), 1+r.IntN(words), value()
	switch r.IntN(3) {
	case 0:
		return step{m: &move{dst: dst, k: k}, do: func(p *packet) { p.w[dst] = k }}
	case 1:
		return step{m: &move{dst: dst, src: src, mask: 3}, do: func(p *packet) { p.w[dst] = p.w[src] & 3 }}
	default:
		return step{do: func(p *packet) { p.w[dst] = (p.w[src] + k) & 3 }}
	}
}

// walk carries out a control step by step, as it was written.
func walk(n *node, p *packet) {
	for n != nil {
		switch n.kind {
		case nodeEqual:
			n = n.on(p.w[n.off] == n.k)
		case nodeUnequal:
			n = n.on(p.w[n.off] == n.k)
		default:
			for _, s := range n.plain.action.steps {
				s.do(p)
			}
			n = n.next
		}
	}
}

// Fused steps, jumps and answered comparisons do what the control says, whatever the values.
func TestThreadedControlsDoTheSame(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	jumped := 0
	for round := range 3000 {
		const words = 3
		nodes := randomControl(r, words)
		var inputs, want [][]uint64
		for range 30 {
			w := []uint64{1}
			for range words {
				w = append(w, r.Uint64N(5))
			}
			inputs = append(inputs, slices.Clone(w))
			walk(nodes[0], &packet{w: w})
			want = append(want, w)
		}
		fuse(nodes)
		jumps(nodes[0], nil)
		if nodes[0].kind == nodeJump {
			jumped++
		}
		for i, w := range inputs {
			before := slices.Clone(w)
			(&Pipeline{}).apply(nodes[0], &packet{w: w})
			if !slices.Equal(w, want[i]) {
				t.Fatalf("seed %d, round %d: %v became %v, want %v", seed, round, before, w, want[i])
			}
		}
	}
	if jumped == 0 {
		t.Error("no jump was made")
	}
}
