package pipeline

import (
	"github.com/firstack/firstack/softswitch/bmv2json"
)

// Primitives on registers, counters and meters, and requests to the traffic
// manager. Indices beyond an array's end do nothing, as in BMv2.

// arrayIndex takes the low 32 bits, as BMv2 does.
func (c *compiler) arrayIndex(a *bmv2json.Param) (func(p *packet) uint64, error) {
	n, err := c.number(a)
	if err != nil {
		return nil, err
	}
	return indexOf(n), nil
}

func indexOf(n num) func(p *packet) uint64 {
	if n.fits(32) {
		return n.low
	}
	low := n.low
	return func(p *packet) uint64 { return low(p) & 0xffffffff }
}

// registerWords is a number that reads the register cell whose index was put
// in scratch word t.
func (c *compiler) registerCell(r *bmv2json.Register, t int) num {
	words, id := (r.Width+63)/64, r.Index
	n := num{}
	n.lo, n.hi = unsignedRange(r.Width)
	if words == 1 {
		n.low = func(p *packet) uint64 { return p.pl.registers[id].cells[p.tmp[t]] }
		return n
	}
	n.low = func(p *packet) uint64 { return p.pl.registers[id].cells[p.tmp[t]*uint64(words)] }
	n.limbs = func(int) func(*packet, []uint64) {
		return func(p *packet, dst []uint64) {
			i := p.tmp[t] * uint64(words)
			copyLimbs(dst, p.pl.registers[id].cells[i:i+uint64(words)])
		}
	}
	return n
}

func (c *compiler) registerRead(a []bmv2json.Param) (op, error) {
	if a[1].Kind != bmv2json.PRegister {
		return nil, unsupported("register_read of something that is no register")
	}
	r := a[1].Register
	idx, err := c.arrayIndex(&a[2])
	if err != nil {
		return nil, err
	}
	t := c.scratch(1)
	store, err := c.target(&a[0], c.registerCell(r, t))
	if err != nil {
		return nil, err
	}
	size, id := uint64(r.Size), r.Index
	return func(p *packet) {
		i := idx(p)
		if i >= size {
			return
		}
		p.tmp[t] = i
		store(p)
		if p.pl.env.Tracer != nil {
			p.pl.traceRegister(p, id, i, false)
		}
	}, nil
}

func (c *compiler) registerWrite(a []bmv2json.Param) (op, error) {
	if a[0].Kind != bmv2json.PRegister {
		return nil, unsupported("register_write to something that is no register")
	}
	src, err := c.number(&a[2])
	if err != nil {
		return nil, err
	}
	idx, err := c.arrayIndex(&a[1])
	if err != nil {
		return nil, err
	}
	return c.writeCell(a[0].Register, idx, src), nil
}

func (c *compiler) writeCell(r *bmv2json.Register, idx func(*packet) uint64, src num) op {
	size, id, width, words := uint64(r.Size), r.Index, r.Width, (r.Width+63)/64
	if words == 1 {
		v, m := src.low, mask64(width)
		return func(p *packet) {
			i := idx(p)
			if i >= size {
				return
			}
			p.pl.registers[id].cells[i] = v(p) & m
			if p.pl.env.Tracer != nil {
				p.pl.traceRegister(p, id, i, true)
			}
		}
	}
	w, t := src.write(words), c.scratch(words)
	return func(p *packet) {
		i := idx(p)
		if i >= size {
			return
		}
		v := p.tmp[t : t+words]
		w(p, v)
		maskLimbs(v, width)
		copy(p.pl.registers[id].cells[int(i)*words:], v)
		if p.pl.env.Tracer != nil {
			p.pl.traceRegister(p, id, i, true)
		}
	}
}

// registerValue reads a register inside an expression; out of bounds is zero.
func (c *compiler) registerValue(e *bmv2json.Expr) (num, error) {
	idxNum, err := c.num(e.Left)
	if err != nil {
		return num{}, err
	}
	idx, t, size := indexOf(idxNum), c.scratch(1), uint64(e.Register.Size)
	cell := c.registerCell(e.Register, t)
	n := num{lo: cell.lo, hi: cell.hi}
	n.low = func(p *packet) uint64 {
		if p.tmp[t] = idx(p); p.tmp[t] >= size {
			return 0
		}
		return cell.low(p)
	}
	if cell.limbs != nil {
		n.limbs = func(count int) func(*packet, []uint64) {
			w := cell.limbs(count)
			return func(p *packet, dst []uint64) {
				if p.tmp[t] = idx(p); p.tmp[t] >= size {
					clear(dst)
					return
				}
				w(p, dst)
			}
		}
	}
	return n, nil
}

// storeRegister assigns to a register cell (register as an lvalue).
func (c *compiler) storeRegister(e *bmv2json.Expr, src num) (op, error) {
	n, err := c.num(e.Left)
	if err != nil {
		return nil, err
	}
	return c.writeCell(e.Register, indexOf(n), src), nil
}

func (c *compiler) count(a []bmv2json.Param) (op, error) {
	if a[0].Kind != bmv2json.PCounter || a[0].Counter.Direct {
		return nil, unsupported("count of something that is no indirect counter")
	}
	idx, err := c.arrayIndex(&a[1])
	if err != nil {
		return nil, err
	}
	id, size := a[0].Counter.Index, uint64(a[0].Counter.Size)
	return func(p *packet) {
		i := idx(p)
		if i >= size {
			return
		}
		cell := &p.pl.counters[id].cells[i]
		cell.Packets++
		cell.Bytes += uint64(p.ingressLen)
		if p.pl.env.Tracer != nil {
			p.pl.trace(p, Event{Kind: EventCounter, Name: p.pl.counters[id].name, Index: i})
		}
	}, nil
}

func (c *compiler) executeMeter(a []bmv2json.Param) (op, error) {
	if a[0].Kind != bmv2json.PMeter || a[0].Meter.Direct {
		return nil, unsupported("execute_meter of something that is no indirect meter")
	}
	idx, err := c.arrayIndex(&a[1])
	if err != nil {
		return nil, err
	}
	t := c.scratch(1)
	_, most := unsignedRange(2)
	store, err := c.target(&a[2], num{lo: big0, hi: most, low: func(p *packet) uint64 { return p.tmp[t] }})
	if err != nil {
		return nil, err
	}
	id, size := a[0].Meter.Index, uint64(a[0].Meter.Size)
	return func(p *packet) {
		i := idx(p)
		if i >= size {
			return
		}
		m := p.pl.meters[id]
		p.tmp[t] = m.execute(i, p)
		store(p)
		if p.pl.env.Tracer != nil {
			p.pl.trace(p, Event{Kind: EventMeter, Name: m.name, Index: i, Value: p.pl.value(2, p.tmp[t:t+1])})
		}
	}, nil
}

func (c *compiler) digest(a []bmv2json.Param) (op, error) {
	id, err := constantOf(&a[1], 1<<16-1)
	if err != nil {
		return nil, err
	}
	for i, l := range c.src.LearnLists {
		if l.ID == id {
			return func(p *packet) { p.digest = i + 1 }, nil
		}
	}
	return nil, unsupported("digest to unknown learn list %d", id)
}

// fieldList finds a list by id; 0 is the empty one.
func (c *compiler) fieldList(a *bmv2json.Param) (int, error) {
	id, err := constantOf(a, 1<<16-1)
	if err != nil || id == 0 {
		return 0, err
	}
	if _, ok := c.out.fieldLists[id]; !ok {
		return 0, unsupported("unknown field list %d", id)
	}
	return id, nil
}

// clone takes the low 15 bits of the session: BMv2 uses the sixteenth itself.
func (c *compiler) clone(a []bmv2json.Param) (op, error) {
	session, err := c.number(&a[0])
	if err != nil {
		return nil, err
	}
	list, err := c.fieldList(&a[1])
	if err != nil {
		return nil, err
	}
	low := session.low
	return func(p *packet) {
		p.clone = true
		p.cloneID = uint16(low(p) & 0x7fff)
		p.cloneList = list
	}, nil
}

func (c *compiler) resubmit(a []bmv2json.Param) (op, error) {
	list, err := c.fieldList(&a[0])
	return func(p *packet) { p.resubmit = list }, err
}

func (c *compiler) recirculate(a []bmv2json.Param) (op, error) {
	list, err := c.fieldList(&a[0])
	return func(p *packet) { p.recirculate = list }, err
}

// markToDrop sets egress_spec to the drop port and forgets the multicast group
// in the header it is given.
func (c *compiler) markToDrop(a []bmv2json.Param) (op, error) {
	e, err := exprOf(&a[0], bmv2json.HeaderT)
	if err != nil {
		return nil, err
	}
	if e.Kind != bmv2json.KHeader {
		return nil, unsupported("mark_to_drop of a header found at run time")
	}
	spec, grp := e.Header.Type.FieldIndex("egress_spec"), e.Header.Type.FieldIndex("mcast_grp")
	if spec < 0 {
		return nil, unsupported("mark_to_drop of %s, which has no egress_spec", e.Header.Name)
	}
	group := -1
	if grp >= 0 {
		group = c.l.member(e.Header.Index, grp).off
	}
	return dropOp(c.l.member(e.Header.Index, spec), group), nil
}

func dropOp(spec slot, group int) op {
	off, m := spec.off, mask64(spec.width)
	return func(p *packet) {
		p.w[off] = p.pl.dropPort & m
		p.specWritten = true
		if group >= 0 {
			p.w[group] = 0
		}
	}
}

// drop is P4_14's.
func (c *compiler) drop([]bmv2json.Param) (op, error) {
	s := &c.out.std
	return dropOp(slot{off: s.egressSpec.off, width: s.egressSpec.width}, s.mcastGrp.wordOrNone()), nil
}

func (c *compiler) truncate(a []bmv2json.Param) (op, error) {
	n, err := c.number(&a[0])
	if err != nil {
		return nil, err
	}
	low := n.low
	return func(p *packet) { p.truncate = min(p.truncate, int(min(low(p), 1<<30))) }, nil
}
