package pipeline

import "math/big"

// ring compiles the operators whose low bits depend on the operands' low bits
// only.
func (c *compiler) ring(op string, a, b num) num {
	if a.shape == shapeConst { // all of them but "-" commute: constants go right
		if op != "-" {
			a, b = b, a
		}
	}
	if op == "&" && b.shape == shapeConst && a.lo.Sign() >= 0 && isMask(b.big) && a.hi.Cmp(b.big) <= 0 {
		return a // the mask takes nothing away
	}
	n := num{}
	switch op {
	case "+":
		n.lo, n.hi = new(big.Int).Add(a.lo, b.lo), new(big.Int).Add(a.hi, b.hi)
	case "-":
		n.lo, n.hi = new(big.Int).Sub(a.lo, b.hi), new(big.Int).Sub(a.hi, b.lo)
	case "*":
		p := []*big.Int{
			new(big.Int).Mul(a.lo, b.lo), new(big.Int).Mul(a.lo, b.hi),
			new(big.Int).Mul(a.hi, b.lo), new(big.Int).Mul(a.hi, b.hi),
		}
		n.lo, n.hi = minBig(p...), maxBig(p...)
	case "&":
		switch {
		case b.lo.Sign() >= 0 && a.lo.Sign() >= 0:
			n.lo, n.hi = big0, minBig(a.hi, b.hi)
		case b.lo.Sign() >= 0:
			n.lo, n.hi = big0, b.hi
		case a.lo.Sign() >= 0:
			n.lo, n.hi = big0, a.hi
		default:
			n.lo, n.hi = bitRange(&a, &b)
		}
	default:
		n.lo, n.hi = bitRange(&a, &b)
	}
	n.lo, n.hi = capped(n.lo, n.hi)
	n.low = ringLow(op, &a, &b)
	switch {
	case op == "+":
		n.sum(&a, &b)
	case op == "-" && b.shape == shapeConst:
		n.sum(&a, &num{shape: shapeConst, k: -b.k})
	case op == "&" && b.shape == shapeConst:
		n.masking(&a, b.k)
	case op == "|":
		n.joining(&a, &b)
	}
	if !n.unsigned() && !n.signed() {
		n.limbs = c.ringLimbs(op, a, b)
	}
	return n
}

// isMask tells whether v is 2^n - 1.
func isMask(v *big.Int) bool {
	return v.Sign() > 0 && new(big.Int).And(v, new(big.Int).Add(v, big1)).Sign() == 0
}

// ringLow picks the closure for the shapes at hand.
func ringLow(op string, a, b *num) func(p *packet) uint64 {
	x, y, k, i, j := a.low, b.low, b.k, a.off, b.off
	switch {
	case a.shape == shapeField && b.shape == shapeConst:
		switch op {
		case "+":
			return func(p *packet) uint64 { return p.w[i] + k }
		case "-":
			return func(p *packet) uint64 { return p.w[i] - k }
		case "&":
			return func(p *packet) uint64 { return p.w[i] & k }
		case "|":
			return func(p *packet) uint64 { return p.w[i] | k }
		}
	case a.shape == shapeField && b.shape == shapeField:
		switch op {
		case "+":
			return func(p *packet) uint64 { return p.w[i] + p.w[j] }
		case "-":
			return func(p *packet) uint64 { return p.w[i] - p.w[j] }
		case "&":
			return func(p *packet) uint64 { return p.w[i] & p.w[j] }
		case "|":
			return func(p *packet) uint64 { return p.w[i] | p.w[j] }
		case "^":
			return func(p *packet) uint64 { return p.w[i] ^ p.w[j] }
		}
	case b.shape == shapeConst:
		switch op {
		case "+":
			return func(p *packet) uint64 { return x(p) + k }
		case "-":
			return func(p *packet) uint64 { return x(p) - k }
		case "&":
			return func(p *packet) uint64 { return x(p) & k }
		}
	case b.shape == shapeField:
		switch op {
		case "+":
			return func(p *packet) uint64 { return x(p) + p.w[j] }
		case "-":
			return func(p *packet) uint64 { return x(p) - p.w[j] }
		}
	}
	switch op {
	case "+":
		return func(p *packet) uint64 { return x(p) + y(p) }
	case "-":
		return func(p *packet) uint64 { return x(p) - y(p) }
	case "*":
		return func(p *packet) uint64 { return x(p) * y(p) }
	case "&":
		return func(p *packet) uint64 { return x(p) & y(p) }
	case "|":
		return func(p *packet) uint64 { return x(p) | y(p) }
	default: // "^"
		return func(p *packet) uint64 { return x(p) ^ y(p) }
	}
}

func (c *compiler) ringLimbs(op string, a, b num) func(int) func(*packet, []uint64) {
	return func(count int) func(*packet, []uint64) {
		x, y, t := a.write(count), b.write(count), c.scratch(count)
		switch op {
		case "*":
			u := c.scratch(count)
			return func(p *packet, dst []uint64) {
				l, r := p.tmp[t:t+count], p.tmp[u:u+count]
				x(p, l)
				y(p, r)
				mulLimbs(dst, l, r)
			}
		case "+":
			return func(p *packet, dst []uint64) {
				r := p.tmp[t : t+count]
				x(p, dst)
				y(p, r)
				addLimbs(dst, r)
			}
		case "-":
			return func(p *packet, dst []uint64) {
				r := p.tmp[t : t+count]
				x(p, dst)
				y(p, r)
				subLimbs(dst, r)
			}
		}
		return func(p *packet, dst []uint64) {
			r := p.tmp[t : t+count]
			x(p, dst)
			y(p, r)
			for i := range dst {
				switch op {
				case "&":
					dst[i] &= r[i]
				case "|":
					dst[i] |= r[i]
				default:
					dst[i] ^= r[i]
				}
			}
		}
	}
}

// not is BMv2's ~: the value -x-1, whatever the width.
func (c *compiler) not(a num) num {
	n := num{
		lo: new(big.Int).Not(a.hi),
		hi: new(big.Int).Not(a.lo),
	}
	x := a.low
	n.low = func(p *packet) uint64 { return ^x(p) }
	if x, ok := a.asSum(); ok && len(x.terms) > 0 && x.inv == 0 {
		if x.inv = ^uint64(0); x.mask == x.inv {
			n.final = &x
		} else {
			n.residue = &x
		}
	}
	if !n.unsigned() && !n.signed() {
		n.limbs = func(count int) func(*packet, []uint64) {
			w := a.write(count)
			return func(p *packet, dst []uint64) {
				w(p, dst)
				for i := range dst {
					dst[i] = ^dst[i]
				}
			}
		}
	}
	return n
}

// amount is a shift distance: BMv2 takes the low 32 bits.
func amount(b num) func(p *packet) uint64 {
	if b.shape == shapeConst {
		k := b.k & 0xffffffff
		return func(*packet) uint64 { return k }
	}
	y := b.low
	return func(p *packet) uint64 { return y(p) & 0xffffffff }
}

func (c *compiler) shl(a, b num) num {
	n := num{}
	most := b.hi
	if b.lo.Sign() < 0 || most.Cmp(big.NewInt(maxBits)) > 0 {
		most = big.NewInt(maxBits + 1) // out of what is tracked
	}
	s := uint(most.Uint64())
	n.lo, n.hi = capped(minBig(a.lo, new(big.Int).Lsh(a.lo, s)), maxBig(a.hi, new(big.Int).Lsh(a.hi, s)))
	x, by := a.low, amount(b)
	if b.shape == shapeConst {
		k := b.k & 0xffffffff
		n.low = func(p *packet) uint64 { return x(p) << k }
		n.raising(&a, k)
	} else {
		n.low = func(p *packet) uint64 { return x(p) << by(p) } // Go: 0 when 64 or more
	}
	if !n.unsigned() && !n.signed() {
		n.limbs = func(count int) func(*packet, []uint64) {
			w := a.write(count)
			return func(p *packet, dst []uint64) {
				w(p, dst)
				shlLimbs(dst, by(p))
			}
		}
	}
	return n
}

func (c *compiler) shr(a, b num) num {
	n := num{lo: minBig(a.lo, big0), hi: maxBig(a.hi, big0)}
	x, by := a.low, amount(b)
	if b.shape == shapeConst && b.lo.Sign() >= 0 && b.lo.BitLen() <= 32 {
		s := uint(b.lo.Uint64())
		n.lo, n.hi = new(big.Int).Rsh(a.lo, s), new(big.Int).Rsh(a.hi, s)
	}
	switch {
	case a.unsigned() && b.shape == shapeConst && a.shape == shapeField:
		i, k := a.off, b.k&0xffffffff
		n.low = func(p *packet) uint64 { return p.w[i] >> k }
		n.shifting(&a, k)
	case a.unsigned() && b.shape == shapeConst:
		k := b.k & 0xffffffff
		n.low = func(p *packet) uint64 { return x(p) >> k }
		n.shifting(&a, k)
	case a.unsigned():
		n.low = func(p *packet) uint64 { return x(p) >> by(p) }
	case a.signed():
		n.low = func(p *packet) uint64 { return uint64(int64(x(p)) >> by(p)) }
	default:
		size := a.size()
		w, t := a.write(size), c.scratch(size)
		n.low = func(p *packet) uint64 {
			v := p.tmp[t : t+size]
			w(p, v)
			sarLimbs(v, by(p))
			return v[0]
		}
		if !n.unsigned() && !n.signed() {
			n.limbs = func(count int) func(*packet, []uint64) {
				return func(p *packet, dst []uint64) {
					v := p.tmp[t : t+size]
					w(p, v)
					sarLimbs(v, by(p))
					if copy(dst, v) < len(dst) {
						extend(dst, size)
					}
				}
			}
		}
	}
	return n
}

// divide compiles / and %. BMv2 wants positive operands; a zero divisor and
// negative operands, which it leaves undefined, give zero.
func (c *compiler) divide(op string, a, b num) num {
	n := num{lo: big0, hi: maxBig(a.hi, big0)}
	x, y := a.low, b.low
	if a.unsigned() && b.unsigned() {
		if op == "/" {
			n.low = func(p *packet) uint64 {
				if d := y(p); d != 0 {
					return x(p) / d
				}
				return 0
			}
		} else {
			n.low = func(p *packet) uint64 {
				if d := y(p); d != 0 {
					return x(p) % d
				}
				return 0
			}
		}
		return n
	}
	size := max(a.size(), b.size())
	wa, wb, t := a.write(size), b.write(size), c.scratch(4*size)
	run := func(p *packet) []uint64 {
		v := p.tmp[t : t+4*size]
		l, r, q, s := v[:size], v[size:2*size], v[2*size:3*size], v[3*size:]
		wa(p, l)
		wb(p, r)
		if int64(l[size-1]) < 0 || int64(r[size-1]) < 0 || lenLimbs(r) == 0 {
			clear(q)
			return q
		}
		divLimbs(q, l, r, s)
		if op == "/" {
			return q
		}
		return l
	}
	n.low = func(p *packet) uint64 { return run(p)[0] }
	if !n.unsigned() {
		n.limbs = func(count int) func(*packet, []uint64) {
			return func(p *packet, dst []uint64) { copyLimbs(dst, run(p)) }
		}
	}
	return n
}

// twoComp is a cast to int<width>.
func (c *compiler) twoComp(a num, width int) num {
	n := num{}
	n.lo, n.hi = signedRange(width)
	if a.lo.Cmp(n.lo) >= 0 && a.hi.Cmp(n.hi) <= 0 {
		return a
	}
	x := a.low
	if width <= 64 {
		n.low = func(p *packet) uint64 { return signExtend(x(p), width) }
		return n
	}
	n.low = x
	n.limbs = func(count int) func(*packet, []uint64) {
		w := a.write(count)
		return func(p *packet, dst []uint64) {
			w(p, dst)
			extendLimbs(dst, width)
		}
	}
	return n
}

// saturate is a saturating cast to int<width> or bit<width>.
func (c *compiler) saturate(a num, width int, signed bool) num {
	n := num{}
	if signed {
		n.lo, n.hi = signedRange(width)
	} else {
		n.lo, n.hi = unsignedRange(width)
	}
	if a.lo.Cmp(n.lo) >= 0 && a.hi.Cmp(n.hi) <= 0 {
		return a
	}
	x := a.low
	if width <= 64 && a.signed() && (signed || width < 64) {
		least, most := n.lo.Int64(), n.hi.Int64()
		n.low = func(p *packet) uint64 { return uint64(min(max(int64(x(p)), least), most)) }
		return n
	}
	size := max(a.size(), (&n).size())
	w, t := a.write(size), c.scratch(size)
	least, most := toWords(n.lo, size), toWords(n.hi, size)
	run := func(p *packet) []uint64 {
		v := p.tmp[t : t+size]
		w(p, v)
		if cmpLimbs(v, least) < 0 {
			return least
		}
		if cmpLimbs(v, most) > 0 {
			return most
		}
		return v
	}
	n.low = func(p *packet) uint64 { return run(p)[0] }
	if !n.unsigned() && !n.signed() {
		n.limbs = func(count int) func(*packet, []uint64) {
			return func(p *packet, dst []uint64) {
				v := run(p)
				if copy(dst, v) < len(dst) {
					extend(dst, size)
				}
			}
		}
	}
	return n
}
