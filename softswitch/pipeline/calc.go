package pipeline

import (
	"encoding/binary"
	"math/big"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// calcPart appends one input of a calculation; bit is the number of bits so
// far, and what is returned the number after.
type calcPart func(p *packet, bit int) int

// calculation compiles a hash over a list of inputs. Fields of invalid headers
// are left out; fields need not end on byte boundaries.
func (c *compiler) calculation(calc *bmv2json.Calculation) (func(p *packet) uint64, error) {
	hash, ok := hashFuncs[calc.Algo]
	if !ok {
		return nil, unsupported("calculation %s: algorithm %q", calc.Name, calc.Algo)
	}
	if f, ok := c.fieldsCalculation(calc, hash); ok {
		return f, nil
	}
	var parts []calcPart
	payload := false
	most := 0
	for _, in := range calc.Input {
		switch {
		case in.Payload:
			payload = true
		case in.Field != nil:
			s := c.l.slot(*in.Field)
			most += s.width
			parts = append(parts, fieldPart(s, c.l.headers[in.Field.Header.Index].valid))
		case in.Header != nil:
			h := &c.l.headers[in.Header.Index]
			most += h.bytes * 8
			for _, f := range h.fields {
				most += f.width
			}
			parts = append(parts, headerPart(h))
		default:
			most += in.Width
			parts = append(parts, constPart(in.Const, in.Width))
		}
	}
	c.out.calcBytes = max(c.out.calcBytes, (most+7)/8)
	return func(p *packet) uint64 {
		bit := 0
		for _, part := range parts {
			bit = part(p, bit)
		}
		b := p.calc[:(bit+7)/8]
		if payload {
			// The payload follows the padded fields, as far as it is not cut off.
			b = append(b, p.payload[:min(len(p.payload), p.truncate)]...)
			p.calc = b[:cap(b)]
		}
		return hash(b)
	}, nil
}

// calcField is a field of whole bytes.
type calcField struct {
	off, valid int
	bytes      int
}

// fieldsCalculation is the short way for fields of up to eight whole bytes.
func (c *compiler) fieldsCalculation(calc *bmv2json.Calculation, hash hashFunc) (func(p *packet) uint64, bool) {
	var fields []calcField
	most := 0
	for _, in := range calc.Input {
		if in.Payload || in.Field == nil {
			return nil, false
		}
		s := c.l.slot(*in.Field)
		if s.words > 1 || s.varbit || s.width%8 != 0 {
			return nil, false
		}
		fields = append(fields, calcField{s.off, c.l.headers[in.Field.Header.Index].valid, s.width / 8})
		most += s.width / 8
	}
	c.out.calcBytes = max(c.out.calcBytes, most+8) // each is written as eight bytes
	return func(p *packet) uint64 {
		at := 0
		for i := range fields {
			f := &fields[i]
			if p.w[f.valid] != 0 {
				binary.BigEndian.PutUint64(p.calc[at:], p.w[f.off]<<((64-8*f.bytes)&63))
				at += f.bytes
			}
		}
		return hash(p.calc[:at])
	}, true
}

// room zeroes the bytes that n more bits begin.
func (p *packet) room(bit, n int) {
	from, to := (bit+7)/8, (bit+n+7)/8
	clear(p.calc[from:to])
}

func fieldPart(s slot, valid int) calcPart {
	off, words, width := s.off, s.words, s.width
	if s.varbit {
		return func(p *packet, bit int) int {
			if p.w[valid] == 0 {
				return bit
			}
			n := int(p.w[s.length])
			p.room(bit, n)
			putBits(p.calc, bit, n, p.w[off:off+words])
			return bit + n
		}
	}
	if words == 1 && width%8 == 0 {
		return func(p *packet, bit int) int {
			if p.w[valid] == 0 {
				return bit
			}
			v := p.w[off]
			if bit%8 == 0 { // the common case: whole bytes
				b := p.calc[bit/8 : (bit+width)/8]
				for i := len(b) - 1; i >= 0; i-- {
					b[i] = byte(v)
					v >>= 8
				}
				return bit + width
			}
			p.room(bit, width)
			putBits(p.calc, bit, width, p.w[off:off+1])
			return bit + width
		}
	}
	return func(p *packet, bit int) int {
		if p.w[valid] == 0 {
			return bit
		}
		p.room(bit, width)
		putBits(p.calc, bit, width, p.w[off:off+words])
		return bit + width
	}
}

// headerPart appends a whole header, at the next byte.
func headerPart(h *header) calcPart {
	return func(p *packet, bit int) int {
		if p.w[h.valid] == 0 {
			return bit
		}
		from := (bit + 7) / 8
		n := p.size(h)
		h.emit(p.w, p.calc[from:from+n])
		return (from + n) * 8
	}
}

func constPart(v *big.Int, width int) calcPart {
	words := toWords(v, (width+63)/64)
	maskLimbs(words, width)
	return func(p *packet, bit int) int {
		p.room(bit, width)
		putBits(p.calc, bit, width, words)
		return bit + width
	}
}
