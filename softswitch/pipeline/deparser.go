package pipeline

import (
	"slices"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

func (c *compiler) deparser() error {
	var src *bmv2json.Deparser
	for _, d := range c.src.Deparsers {
		if d.Name == "deparser" || len(c.src.Deparsers) == 1 {
			src = d
		}
	}
	if src == nil {
		return unsupported("program without a deparser called \"deparser\"")
	}
	for i := range src.Primitives {
		f, err := c.primitive(&src.Primitives[i])
		if err != nil {
			return primitiveError(err, "deparser", &src.Primitives[i])
		}
		if f != nil {
			c.out.deparseOps = append(c.out.deparseOps, f)
		}
	}
	for _, h := range src.Order {
		c.out.order = append(c.out.order, &c.l.headers[h.Index])
	}
	return nil
}

// deparse updates the checksums and writes the frame to p.out. emitted are the valid headers, where they are known.
func (k *code) deparse(p *packet, emitted []*header) {
	for _, update := range k.update {
		update(p)
	}
	for _, f := range k.deparseOps {
		f(p)
	}
	if emitted == nil {
		p.valid = p.valid[:0]
		for _, h := range k.order {
			if p.w[h.valid] != 0 {
				p.valid = append(p.valid, h)
			}
		}
		emitted = p.valid
	}
	n := 0
	for _, h := range emitted {
		n += p.size(h)
	}
	total := n + len(p.payload)
	p.buf = slices.Grow(p.buf[:0], total)
	out := p.buf[:total]
	at := 0
	for _, h := range emitted {
		size := p.size(h)
		h.emit(p.w, out[at:at+size])
		at += size
	}
	copy(out[n:], p.payload)
	p.out = out[:min(total, p.truncate)]
}

func (c *compiler) checksums() error {
	for _, s := range c.src.Checksums {
		if err := c.checksum(s); err != nil {
			return place(err, "checksum %s", s.Name)
		}
	}
	return nil
}

func (c *compiler) checksum(s *bmv2json.Checksum) error {
	calc, err := c.calculation(s.Calculation)
	if err != nil {
		return err
	}
	cond := func(*packet) bool { return true }
	if s.Cond != nil {
		if cond, err = c.boolean(s.Cond); err != nil {
			return err
		}
	}
	valid := c.l.headers[s.Target.Header.Index].valid
	field := c.load(s.Target.Header.Index, s.Target.Field)
	if s.Verify {
		c.out.verify = append(c.out.verify, func(p *packet) bool {
			return p.w[valid] == 0 || !cond(p) || calc(p) == field.low(p)
		})
	}
	if s.Update {
		_, most := unsignedRange(64)
		store, err := c.storeSlot(c.l.slot(s.Target), num{lo: big0, hi: most, low: calc})
		if err != nil {
			return err
		}
		c.out.update = append(c.out.update, func(p *packet) {
			if cond(p) {
				store(p)
			}
		})
	}
	return nil
}
