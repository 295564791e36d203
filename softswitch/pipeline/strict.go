package pipeline

import "github.com/firstack/firstack/softswitch/bmv2json"

// Strict mode. BMv2 reads what an invalid header last held, and sends a packet
// whose egress_spec was never set out of port 0; both are nearly always
// mistakes. The strict variant of a program is compiled apart, so that the
// ordinary one pays nothing.

// watched reports reads of a field while its header is invalid.
func (c *compiler) watched(n num, header, field int) num {
	h := &c.l.headers[header]
	if h.valid == 0 {
		return n
	}
	text := "read of " + bmv2json.FieldRef{Header: h.def, Field: field}.Name() + " while its header is invalid"
	low, limbs := n.low, n.limbs
	n.shape = shapeAny
	n.low = func(p *packet) uint64 {
		if p.w[h.valid] == 0 {
			p.pl.note(p, EventStrict, text)
		}
		return low(p)
	}
	if limbs != nil {
		n.limbs = func(count int) func(*packet, []uint64) {
			w := limbs(count)
			return func(p *packet, dst []uint64) {
				if p.w[h.valid] == 0 {
					p.pl.note(p, EventStrict, text)
				}
				w(p, dst)
			}
		}
	}
	return n
}

// specSlot tells whether strict mode watches writes to a slot.
func (c *compiler) specSlot(s slot) bool { return c.strict && s.off == c.out.std.egressSpec.off }

// storeSpec writes egress_spec and remembers that it was written.
func (c *compiler) storeSpec(off int, mask uint64, src num) op {
	v := src.low
	return func(p *packet) {
		p.w[off] = v(p) & mask
		p.specWritten = true
	}
}
