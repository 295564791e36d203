package plan

import "fmt"

// Numbers gives out numbers from 1 on, to whatever needs one: the one it had before, or the lowest that is free.
type Numbers[K comparable] struct {
	what  string
	max   uint32
	of    map[K]uint32
	taken map[uint32]K
	next  uint32 // none below is free
}

// NewNumbers makes numbers 1 to max; what names them in errors.
func NewNumbers[K comparable](what string, max uint32) *Numbers[K] {
	return &Numbers[K]{what: what, max: max, of: map[K]uint32{}, taken: map[uint32]K{}, next: 1}
}

// Restore takes in a number that a switch shows to be in use. It is ignored when either side has another partner.
func (n *Numbers[K]) Restore(k K, number uint32) {
	_, known := n.of[k]
	_, taken := n.taken[number]
	if known || taken || number == 0 || number > n.max {
		return
	}
	n.set(k, number)
}

func (n *Numbers[K]) set(k K, number uint32) {
	n.of[k] = number
	n.taken[number] = k
}

// Get gives k's number.
func (n *Numbers[K]) Get(k K) (uint32, error) {
	if number, ok := n.of[k]; ok {
		return number, nil
	}
	for ; n.next <= n.max; n.next++ {
		if _, taken := n.taken[n.next]; !taken {
			n.set(k, n.next)
			return n.next, nil
		}
	}
	return 0, fmt.Errorf("no %s is free for %v: all %d are in use", n.what, k, n.max)
}

// Of gives the number that k has, and whether it has one.
func (n *Numbers[K]) Of(k K) (uint32, bool) {
	number, ok := n.of[k]
	return number, ok
}

// Leave parts k from its number, which nobody else gets before the next Keep: a switch still uses it.
func (n *Numbers[K]) Leave(k K) { delete(n.of, k) }

// Keep takes back the numbers that were left, and those of everything that keep says no to.
func (n *Numbers[K]) Keep(keep func(K) bool) {
	for number, k := range n.taken {
		if n.of[k] == number && keep(k) {
			continue
		}
		if n.of[k] == number {
			delete(n.of, k)
		}
		delete(n.taken, number)
		n.next = min(n.next, number)
	}
}
