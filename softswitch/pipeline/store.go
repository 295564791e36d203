package pipeline

import "github.com/firstack/firstack/softswitch/bmv2json"

// op is one compiled step of an action or a parser.
type op func(p *packet)

// assign compiles the assignment of a number to something that can take it: a
// field, the last of a stack, or a member of a header found at run time.
func (c *compiler) assign(dst *bmv2json.Expr, src num) (op, error) {
	switch dst.Kind {
	case bmv2json.KField:
		if dst.Field.Field == bmv2json.ValidField {
			return nil, unsupported("assignment to %s", dst.Field.Name())
		}
		return c.storeSlot(c.l.slot(dst.Field), src)
	case bmv2json.KStackLast:
		return c.storeDynamic(c.lastOf(dst.Stack), dst.Stack.Headers[0].Index, dst.Member, src)
	case bmv2json.KAccess:
		if dst.Member == bmv2json.ValidField {
			return nil, unsupported("assignment to $valid$")
		}
		if dst.Left.Kind == bmv2json.KHeader {
			return c.storeSlot(c.l.member(dst.Left.Header.Index, dst.Member), src)
		}
		ref, sample, err := c.headerRef(dst.Left)
		if err != nil {
			return nil, err
		}
		return c.storeDynamic(ref, sample, dst.Member, src)
	case bmv2json.KRegister:
		return c.storeRegister(dst, src)
	}
	return nil, unsupported("assignment to expression kind %d", dst.Kind)
}

// storeSlot writes to a field known at compile time, truncating.
func (c *compiler) storeSlot(s slot, src num) (op, error) {
	if s.varbit {
		return nil, unsupported("assignment of a number to a variable-length field")
	}
	off := s.off
	if s.words > 1 {
		return c.storeWide(s, src), nil
	}
	m := mask64(s.width)
	if c.specSlot(s) {
		return c.storeSpec(off, m, src), nil
	}
	v, i, k, a := src.low, src.off, src.k&m, src.arg
	fits := src.fits(s.width)
	switch {
	case src.shape == shapeConst:
		return func(p *packet) { p.w[off] = k }, nil
	case src.shape == shapeField && fits:
		return func(p *packet) { p.w[off] = p.w[i] }, nil
	case src.shape == shapeArg && fits:
		return func(p *packet) { p.w[off] = p.args[a] }, nil
	case src.shape == shapeArg:
		return func(p *packet) { p.w[off] = p.args[a] & m }, nil
	case fits:
		return func(p *packet) { p.w[off] = v(p) }, nil
	}
	return func(p *packet) { p.w[off] = v(p) & m }, nil
}

// storeWide evaluates into scratch first: the expression may read the field.
func (c *compiler) storeWide(s slot, src num) op {
	w, t := src.write(s.words), c.scratch(s.words)
	off, words, width := s.off, s.words, s.width
	return func(p *packet) {
		v := p.tmp[t : t+words]
		w(p, v)
		maskLimbs(v, width)
		copy(p.w[off:], v)
	}
}

// storeDynamic writes to a header found at run time; nothing happens when there
// is none.
func (c *compiler) storeDynamic(ref func(*packet) *header, sample, field int, src num) (op, error) {
	if field == bmv2json.ValidField {
		return nil, unsupported("assignment to $valid$")
	}
	s := c.l.member(sample, field)
	if s.varbit {
		return nil, unsupported("assignment of a number to a variable-length field")
	}
	w, t := src.write(s.words), c.scratch(s.words)
	words, width := s.words, s.width
	return func(p *packet) {
		v := p.tmp[t : t+words]
		w(p, v)
		maskLimbs(v, width)
		if h := ref(p); h != nil {
			copy(p.w[h.fields[field].off:], v)
		}
	}, nil
}

// copyHeader makes dst what src is: BMv2's assign_header, which leaves the
// packet length alone.
func (p *packet) copyHeader(dst, src *header) {
	if dst == nil || dst == src {
		return
	}
	if src == nil || p.w[src.valid] == 0 {
		p.setInvalid(dst)
		return
	}
	p.setValid(dst)
	copy(p.w[dst.start:dst.end], p.w[src.start:src.end])
}

// addHeader is setValid(): a header that was not valid starts with zeros.
func (p *packet) addHeader(h *header) {
	if h == nil || p.w[h.valid] != 0 {
		return
	}
	for i := range h.fields {
		f := &h.fields[i]
		clear(p.w[f.off : f.off+f.words])
	}
	p.setValid(h)
	p.length += p.size(h)
}

// removeHeader is setInvalid().
func (p *packet) removeHeader(h *header) {
	if h == nil || h.valid == 0 || p.w[h.valid] == 0 {
		return
	}
	p.length -= p.size(h)
	p.setInvalid(h)
}
