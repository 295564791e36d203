package p4rt

import (
	"context"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// Change is Reconcile for somebody who knows what the switch holds within the scope, because he has written it and nobody
// else writes there: nothing is read back. When he is wrong, updates fail, or entities he does not know of stay.
func (c *Conn) Change(ctx context.Context, scope Scope, held, desired []*p4v1.Entity) (Changes, error) {
	scope = c.selecting(scope)
	desired, err := c.grouped(desired)
	if err != nil {
		return Changes{}, err
	}
	if held, err = c.grouped(held); err != nil {
		return Changes{}, err
	}
	want, order := wanted(desired)
	have := &there{entities: make(map[string]*p4v1.Entity, len(held)), blind: map[kind]bool{}}
	for _, e := range held {
		have.add(e)
	}
	return c.settle(ctx, scope, c.difference(scope, want, order, have), want)
}

// wanted puts what is desired under its keys; order lists these as they came.
func wanted(desired []*p4v1.Entity) (want map[string]*p4v1.Entity, order []string) {
	want = make(map[string]*p4v1.Entity, len(desired))
	for _, e := range desired {
		e = normal(e)
		k := keyOf(e)
		if _, twice := want[k]; !twice {
			order = append(order, k)
		}
		want[k] = e
	}
	return want, order
}
