package pipeline

import "github.com/firstack/firstack/softswitch/bmv2json"

// Primitives on headers, stacks and unions.

func (c *compiler) headerArg(a *bmv2json.Param) (func(p *packet) *header, error) {
	e, err := exprOf(a, bmv2json.HeaderT)
	if err != nil {
		return nil, err
	}
	ref, _, err := c.headerRef(e)
	return ref, err
}

func (c *compiler) addHeader(a []bmv2json.Param) (op, error) {
	ref, err := c.headerArg(&a[0])
	if err != nil {
		return nil, err
	}
	return func(p *packet) { p.addHeader(ref(p)) }, nil
}

func (c *compiler) removeHeader(a []bmv2json.Param) (op, error) {
	ref, err := c.headerArg(&a[0])
	if err != nil {
		return nil, err
	}
	return func(p *packet) { p.removeHeader(ref(p)) }, nil
}

func (c *compiler) assignHeader(a []bmv2json.Param) (op, error) {
	dst, err := c.headerArg(&a[0])
	if err != nil {
		return nil, err
	}
	src, err := c.headerArg(&a[1])
	if err != nil {
		return nil, err
	}
	if bmv2json.ShapeOf(a[0].Expr) != bmv2json.ShapeOf(a[1].Expr) {
		return nil, unsupported("assignment between headers of different types")
	}
	return func(p *packet) { p.copyHeader(dst(p), src(p)) }, nil
}

func (c *compiler) assignUnion(a []bmv2json.Param) (op, error) {
	var refs [2]func(*packet) []*header
	for i := range refs {
		e, err := exprOf(&a[i], bmv2json.UnionT)
		if err != nil {
			return nil, err
		}
		if refs[i], err = c.unionRef(e); err != nil {
			return nil, err
		}
	}
	if !c.sameUnionType(a[0].Expr, a[1].Expr) {
		return nil, unsupported("assignment between unions of different types")
	}
	return func(p *packet) { p.copyUnion(refs[0](p), refs[1](p)) }, nil
}

func unionOf(e *bmv2json.Expr) *bmv2json.Union {
	if e.Kind == bmv2json.KUnion {
		return e.Union
	}
	return e.Left.UnionStack.Unions[0]
}

func (c *compiler) sameUnionType(a, b *bmv2json.Expr) bool {
	x, y := unionOf(a), unionOf(b)
	if len(x.Headers) != len(y.Headers) {
		return false
	}
	for i := range x.Headers {
		if x.Headers[i].Type != y.Headers[i].Type {
			return false
		}
	}
	return true
}

// copyUnion copies the one valid member and makes the others invalid.
func (p *packet) copyUnion(dst, src []*header) {
	if len(dst) != len(src) {
		return
	}
	valid := -1
	for i := range src {
		if p.w[src[i].valid] != 0 {
			valid = i
		}
	}
	for i := range dst {
		if i != valid {
			p.setInvalid(dst[i])
		}
	}
	if valid >= 0 {
		p.copyHeader(dst[valid], src[valid])
	}
}

func stackArg(a *bmv2json.Param) (*bmv2json.Stack, error) {
	e, err := exprOf(a, bmv2json.StackT)
	if err != nil {
		return nil, err
	}
	if e.Kind != bmv2json.KStack {
		return nil, unsupported("stack that is found at run time")
	}
	return e.Stack, nil
}

func unionStackArg(a *bmv2json.Param) (*bmv2json.UnionStack, error) {
	e, err := exprOf(a, bmv2json.UnionStackT)
	if err != nil {
		return nil, err
	}
	if e.Kind != bmv2json.KUnionStack {
		return nil, unsupported("union stack that is found at run time")
	}
	return e.UnionStack, nil
}

func (c *compiler) assignStack(a []bmv2json.Param) (op, error) {
	dst, err := stackArg(&a[0])
	if err != nil {
		return nil, err
	}
	src, err := stackArg(&a[1])
	if err != nil {
		return nil, err
	}
	if dst.Type != src.Type || len(dst.Headers) != len(src.Headers) {
		return nil, unsupported("assignment between stacks of different types")
	}
	d, s := c.stackHeaders(dst), c.stackHeaders(src)
	dn, sn := c.l.stackNext[dst.Index], c.l.stackNext[src.Index]
	return func(p *packet) {
		p.w[dn] = p.w[sn]
		for i := range d {
			p.copyHeader(d[i], s[i])
		}
	}, nil
}

func (c *compiler) assignUnionStack(a []bmv2json.Param) (op, error) {
	dst, err := unionStackArg(&a[0])
	if err != nil {
		return nil, err
	}
	src, err := unionStackArg(&a[1])
	if err != nil {
		return nil, err
	}
	if len(dst.Unions) != len(src.Unions) {
		return nil, unsupported("assignment between union stacks of different sizes")
	}
	var d, s [][]*header
	for i := range dst.Unions {
		d = append(d, c.unionHeaders(dst.Unions[i]))
		s = append(s, c.unionHeaders(src.Unions[i]))
		if len(d[i]) != len(s[i]) || d[i][0].def.Type != s[i][0].def.Type {
			return nil, unsupported("assignment between union stacks of different types")
		}
	}
	dn, sn := c.l.unionNext[dst.Index], c.l.unionNext[src.Index]
	return func(p *packet) {
		p.w[dn] = p.w[sn]
		for i := range d {
			p.copyUnion(d[i], s[i])
		}
	}, nil
}

// shifter moves the elements of a stack by n places: towards the end (push) or
// the front (pop). Elements that come in are invalid (P4_16).
type shifter struct {
	next int // word of the next index
	size int
	move func(p *packet, dst, src int)
	drop func(p *packet, i int)
}

func (s *shifter) push(p *packet, n int) {
	n = min(n, s.size)
	p.w[s.next] = min(uint64(s.size), p.w[s.next]+uint64(n))
	for i := s.size - 1; i >= n; i-- {
		s.move(p, i, i-n)
	}
	for i := range n {
		s.drop(p, i)
	}
}

func (s *shifter) pop(p *packet, n int) {
	n = min(n, s.size)
	p.w[s.next] -= min(p.w[s.next], uint64(n))
	for i := 0; i < s.size-n; i++ {
		s.move(p, i, i+n)
	}
	for i := s.size - n; i < s.size; i++ {
		s.drop(p, i)
	}
}

func (c *compiler) shifter(a *bmv2json.Param) (*shifter, error) {
	if a.Kind == bmv2json.PExpr && a.Expr.Type == bmv2json.UnionStackT {
		st, err := unionStackArg(a)
		if err != nil {
			return nil, err
		}
		var us [][]*header
		for _, u := range st.Unions {
			us = append(us, c.unionHeaders(u))
		}
		return &shifter{
			next: c.l.unionNext[st.Index], size: len(us),
			move: func(p *packet, dst, src int) { p.copyUnion(us[dst], us[src]) },
			drop: func(p *packet, i int) {
				for _, h := range us[i] {
					p.setInvalid(h)
				}
			},
		}, nil
	}
	st, err := stackArg(a)
	if err != nil {
		return nil, err
	}
	hs := c.stackHeaders(st)
	return &shifter{
		next: c.l.stackNext[st.Index], size: len(hs),
		move: func(p *packet, dst, src int) { p.copyHeader(hs[dst], hs[src]) },
		drop: func(p *packet, i int) { p.setInvalid(hs[i]) },
	}, nil
}

func (c *compiler) push(a []bmv2json.Param) (op, error) {
	s, err := c.shifter(&a[0])
	if err != nil {
		return nil, err
	}
	n, err := constantOf(&a[1], 1<<20)
	return func(p *packet) { s.push(p, n) }, err
}

func (c *compiler) pop(a []bmv2json.Param) (op, error) {
	s, err := c.shifter(&a[0])
	if err != nil {
		return nil, err
	}
	n, err := constantOf(&a[1], 1<<20)
	return func(p *packet) { s.pop(p, n) }, err
}

// assignVarBit copies a variable-length field with its length.
func (c *compiler) assignVarBit(a []bmv2json.Param) (op, error) {
	var slots [2]slot
	for i := range slots {
		e, err := exprOf(&a[i], bmv2json.Data)
		if err != nil {
			return nil, err
		}
		if e.Kind != bmv2json.KField {
			return nil, unsupported("variable-length field that is found at run time")
		}
		slots[i] = c.l.slot(e.Field)
		if !slots[i].varbit {
			return nil, unsupported("%s: no variable-length field", e.Field.Name())
		}
	}
	dst, src := slots[0], slots[1]
	if dst.width < src.width {
		return nil, unsupported("assignment of a variable-length field to a smaller one")
	}
	return func(p *packet) {
		copyLimbs(p.w[dst.off:dst.off+dst.words], p.w[src.off:src.off+src.words])
		p.w[dst.length] = p.w[src.length]
	}, nil
}
