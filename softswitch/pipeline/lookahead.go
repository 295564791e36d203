package pipeline

import (
	"encoding/binary"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// lookahead reads bits ahead of the parser's position; fits tells whether the packet is long enough.
func (c *compiler) lookahead(e *bmv2json.Expr) (n num, fits func(p *packet) bool) {
	off, width, words := e.Offset, e.Width, (e.Width+63)/64
	n.lo, n.hi = unsignedRange(width)
	need := (off + width + 7) / 8
	fits = func(p *packet) bool { return len(p.in)-p.pos >= need }
	if words == 1 && off%8+width <= 64 {
		n.low = func(p *packet) uint64 { return peek(p.in[p.pos:], off, width) }
		return n, fits
	}
	t := c.scratch(words)
	read := func(p *packet) []uint64 {
		v := p.tmp[t : t+words]
		ahead(v, p.in[p.pos:], off, width)
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
	short, need := c.out.parser.errors.tooShort, (e.Offset+e.Width+7)/8
	if dst.words > 1 && dst.width == e.Width {
		off, words, bit, width := dst.off, dst.words, e.Offset, e.Width
		return func(p *packet) bool {
			b := p.in[p.pos:]
			if len(b) < need {
				p.parserError = short
				return false
			}
			ahead(p.w[off:off+words], b, bit, width)
			return true
		}, nil
	}
	look, _ := c.lookahead(e)
	f, err := c.storeSlot(dst, look)
	return func(p *packet) bool {
		if len(p.in)-p.pos < need {
			p.parserError = short
			return false
		}
		f(p)
		return true
	}, err
}

// peek reads up to 64 bits within eight bytes, as far as b has them.
func peek(b []byte, off, width int) uint64 {
	b = b[off/8:]
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b) >> uint(64-off%8-width) & mask64(width)
	}
	n := (off%8 + width + 7) / 8
	return load(b[:n]) >> uint(8*n-off%8-width) & mask64(width)
}

// ahead is getBits, and fast where the bits begin and end with bytes.
func ahead(dst []uint64, b []byte, off, width int) {
	if (off|width)%8 != 0 {
		getBits(dst, b, off, width)
		return
	}
	b = b[off/8 : (off+width)/8]
	for i := range dst {
		if len(b) < 8 {
			dst[i] = load(b)
			b = nil
			continue
		}
		dst[i] = binary.BigEndian.Uint64(b[len(b)-8:])
		b = b[:len(b)-8]
	}
}
