package pipeline

import "github.com/firstack/firstack/softswitch/bmv2json"

// headerRef compiles an expression of type HeaderT. The header is nil when an
// index is out of bounds, which BMv2 leaves undefined; sample is the index of
// a header of the same type.
func (c *compiler) headerRef(e *bmv2json.Expr) (ref func(p *packet) *header, sample int, err error) {
	switch e.Kind {
	case bmv2json.KHeader:
		h := &c.l.headers[e.Header.Index]
		return func(*packet) *header { return h }, e.Header.Index, nil
	case bmv2json.KMember:
		u, err := c.unionRef(e.Left)
		if err != nil {
			return nil, 0, err
		}
		i := e.Member
		return func(p *packet) *header {
			if members := u(p); i < len(members) {
				return members[i]
			}
			return nil
		}, c.sampleOf(e), nil
	case bmv2json.KOp:
		if e.Op == "dereference_header_stack" && e.Left.Kind == bmv2json.KStack {
			idx, err := c.index(e.Right)
			if err != nil {
				return nil, 0, err
			}
			hs := c.stackHeaders(e.Left.Stack)
			return func(p *packet) *header {
				if i := idx(p); i < uint64(len(hs)) {
					return hs[i]
				}
				return nil
			}, e.Left.Stack.Headers[0].Index, nil
		}
	}
	return nil, 0, unsupported("expression kind %d %q as a header", e.Kind, e.Op)
}

// sampleOf finds a header of the type of a union member.
func (c *compiler) sampleOf(e *bmv2json.Expr) int {
	u := e.Left.Union
	if u == nil {
		u = e.Left.Left.UnionStack.Unions[0]
	}
	return u.Headers[e.Member].Index
}

// index compiles a stack index; what does not fit 64 bits is out of bounds.
func (c *compiler) index(e *bmv2json.Expr) (func(p *packet) uint64, error) {
	n, err := c.num(e)
	if err != nil {
		return nil, err
	}
	if n.unsigned() || n.signed() { // negative ones become huge
		return n.low, nil
	}
	size := n.size()
	w, t := n.write(size), c.scratch(size)
	return func(p *packet) uint64 {
		v := p.tmp[t : t+size]
		w(p, v)
		for _, x := range v[1:] {
			if x != 0 {
				return ^uint64(0)
			}
		}
		return v[0]
	}, nil
}

func (c *compiler) stackHeaders(s *bmv2json.Stack) []*header {
	hs := make([]*header, len(s.Headers))
	for i, h := range s.Headers {
		hs[i] = &c.l.headers[h.Index]
	}
	return hs
}

func (c *compiler) unionHeaders(u *bmv2json.Union) []*header {
	hs := make([]*header, len(u.Headers))
	for i, h := range u.Headers {
		hs[i] = &c.l.headers[h.Index]
	}
	return hs
}

// unionRef compiles an expression of type UnionT; nil when out of bounds.
func (c *compiler) unionRef(e *bmv2json.Expr) (func(p *packet) []*header, error) {
	if e.Kind == bmv2json.KUnion {
		hs := c.unionHeaders(e.Union)
		return func(*packet) []*header { return hs }, nil
	}
	if e.Kind != bmv2json.KOp || e.Op != "dereference_union_stack" || e.Left.Kind != bmv2json.KUnionStack {
		return nil, unsupported("expression kind %d %q as a header union", e.Kind, e.Op)
	}
	idx, err := c.index(e.Right)
	if err != nil {
		return nil, err
	}
	var unions [][]*header
	for _, u := range e.Left.UnionStack.Unions {
		unions = append(unions, c.unionHeaders(u))
	}
	return func(p *packet) []*header {
		if i := idx(p); i < uint64(len(unions)) {
			return unions[i]
		}
		return nil
	}, nil
}

// lastOf is the last header of a stack that was extracted, nil when there is
// none.
func (c *compiler) lastOf(s *bmv2json.Stack) func(p *packet) *header {
	hs, next := c.stackHeaders(s), c.l.stackNext[s.Index]
	return func(p *packet) *header {
		if n := p.w[next]; n > 0 {
			return hs[n-1]
		}
		return nil
	}
}

// lastUnion is one member of the last union of a stack.
func (c *compiler) lastUnion(s *bmv2json.UnionStack, member int) func(p *packet) *header {
	var hs []*header
	for _, u := range s.Unions {
		hs = append(hs, &c.l.headers[u.Headers[member].Index])
	}
	next := c.l.unionNext[s.Index]
	return func(p *packet) *header {
		if n := p.w[next]; n > 0 {
			return hs[n-1]
		}
		return nil
	}
}
