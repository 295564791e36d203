package pipeline

import (
	"github.com/firstack/firstack/softswitch/bmv2json"
)

// lookahead reads bits ahead of the parser's position; fits tells whether the packet is long enough.
func (c *compiler) lookahead(e *bmv2json.Expr) (n num, fits func(p *packet) bool) {
	off, width, words := e.Offset, e.Width, (e.Width+63)/64
	n.lo, n.hi = unsignedRange(width)
	need := (off + width + 7) / 8
	fits = func(p *packet) bool { return len(p.in)-p.pos >= need }
	t := c.scratch(words)
	read := func(p *packet) []uint64 {
		v := p.tmp[t : t+words]
		getBits(v, p.in[p.pos:], off, width)
		return v
	}
	n.low = func(p *packet) uint64 { return read(p)[0] }
	if words > 1 {
		n.limbs = func(int) func(*packet, []uint64) {
			return func(p *packet, dst []uint64) { copyLimbs(dst, read(p)) }
		}
	}
	return n, fits
}

// lookaheadSet writes what is ahead to a field.
func (c *compiler) lookaheadSet(dst slot, e *bmv2json.Expr) (parseOp, error) {
	look, fits := c.lookahead(e)
	short, off, words, bit, width := c.out.parser.errors.tooShort, dst.off, dst.words, e.Offset, e.Width
	f := func(p *packet) { getBits(p.w[off:off+words], p.in[p.pos:], bit, width) }
	if dst.width != width || dst.varbit {
		var err error
		if f, err = c.storeSlot(dst, look); err != nil {
			return nil, err
		}
	}
	return func(p *packet) bool {
		if !fits(p) {
			p.parserError = short
			return false
		}
		f(p)
		return true
	}, nil
}
