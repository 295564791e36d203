package pipeline

import (
	"math/big"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// choice is one case of a select: the key, masked, equals value.
type choice struct {
	value, mask []uint64
	set         int // value set index, -1 = none
	next        *state
}

// mapThreshold is the number of exact cases from which a map is faster than
// comparing one by one.
const mapThreshold = 12

// transition compiles a state's select. The key's elements are packed into
// words without gaps.
func (c *compiler) transition(s *bmv2json.State, to func(*bmv2json.State) *state) (func(*packet) (*state, bool), error) {
	fallback := to(s.Default)
	if unconditional(s) {
		return func(*packet) (*state, bool) { return fallback, true }, nil
	}
	total := 0
	for _, w := range s.KeyWidths {
		total += w
	}
	words := (total + 63) / 64
	var cases []choice
	sets := false
	for i := range s.Transitions {
		t := &s.Transitions[i]
		ch := choice{set: -1, next: to(t.Next)}
		if t.Set != nil {
			ch.set, sets = t.Set.Index, true
		} else {
			ch.value = packKey(t.Value, s.KeyWidths, words)
			ch.mask = packKey(fullMasks(t.Mask, s.KeyWidths), s.KeyWidths, words)
			for j := range ch.value {
				ch.value[j] &= ch.mask[j]
			}
		}
		cases = append(cases, ch)
	}
	build, t, word, err := c.selectKey(s, words)
	if err != nil {
		return nil, err
	}
	if words == 1 && !sets {
		return c.selectWord(cases, word, total, fallback), nil
	}
	return func(p *packet) (*state, bool) {
		if !build(p) {
			return nil, false
		}
		key := p.tmp[t : t+words]
		for i := range cases {
			ch := &cases[i]
			if ch.set >= 0 {
				if p.pl.valueSets[ch.set].contains(key) {
					return ch.next, true
				}
				continue
			}
			if equalMasked(key, ch.value, ch.mask) {
				return ch.next, true
			}
		}
		return fallback, true
	}, nil
}

// unconditional tells whether a state leads to its default in any case.
func unconditional(s *bmv2json.State) bool { return len(s.Key) == 0 || len(s.Transitions) == 0 }

func equalMasked(key, value, mask []uint64) bool {
	for i := range value {
		if key[i]&mask[i] != value[i] {
			return false
		}
	}
	return true
}

// selectWord is the select on a key of up to 64 bits.
func (c *compiler) selectWord(cases []choice, word func(*packet) (uint64, bool), width int, fallback *state) func(*packet) (*state, bool) {
	exact := true
	for _, ch := range cases {
		exact = exact && ch.mask[0] == mask64(width)
	}
	if exact && len(cases) >= mapThreshold {
		m := make(map[uint64]*state, len(cases))
		for _, ch := range cases {
			if _, ok := m[ch.value[0]]; !ok { // the first of equals wins
				m[ch.value[0]] = ch.next
			}
		}
		return func(p *packet) (*state, bool) {
			key, ok := word(p)
			if !ok {
				return nil, false
			}
			if next, ok := m[key]; ok {
				return next, true
			}
			return fallback, true
		}
	}
	type arm struct {
		value, mask uint64
		next        *state
	}
	arms := make([]arm, len(cases))
	for i, ch := range cases {
		arms[i] = arm{ch.value[0], ch.mask[0], ch.next}
	}
	return func(p *packet) (*state, bool) {
		key, ok := word(p)
		if !ok {
			return nil, false
		}
		for i := range arms {
			if key&arms[i].mask == arms[i].value {
				return arms[i].next, true
			}
		}
		return fallback, true
	}
}

// selectKey compiles the packing of the key into scratch words from t on; it
// fails, with PacketTooShort, when a lookahead goes beyond the packet. word does
// the same for a key of one word, which it gives.
func (c *compiler) selectKey(s *bmv2json.State, words int) (build func(*packet) bool, t int, word func(*packet) (uint64, bool), err error) {
	t = c.scratch(words)
	type part struct {
		fits  func(p *packet) bool
		low   func(p *packet) uint64
		write func(p *packet, dst []uint64)
		tmp   int
		width int
	}
	var parts []part
	var fields []keyPart // the same, when all are fields
	for i, e := range s.Key {
		w := s.KeyWidths[i]
		var n num
		var fits func(*packet) bool
		if e.Kind == bmv2json.KLookahead {
			n, fits = c.lookahead(e)
		} else {
			if n, err = c.num(e); err != nil {
				return nil, 0, nil, err
			}
		}
		if n.shape == shapeField && w <= 64 {
			fields = append(fields, keyPart{n.off, w, mask64(w)})
		}
		size := (w + 63) / 64
		parts = append(parts, part{fits: fits, low: n.low, write: n.write(size), tmp: c.scratch(size), width: w})
	}
	short := c.out.parser.errors.tooShort
	switch {
	case words > 1:
	case len(fields) == len(parts):
		word = fieldsWord(fields)
	default:
		word = func(p *packet) (uint64, bool) {
			var key uint64
			for i := range parts {
				x := &parts[i]
				if x.fits != nil && !x.fits(p) {
					p.parserError = short
					return 0, false
				}
				key = key<<uint(x.width) | x.low(p)&mask64(x.width)
			}
			return key, true
		}
	}
	if word != nil {
		return func(p *packet) (ok bool) {
			p.tmp[t], ok = word(p)
			return ok
		}, t, word, nil
	}
	return func(p *packet) bool {
		key := p.tmp[t : t+words]
		clear(key)
		for i := range parts {
			x := &parts[i]
			if x.fits != nil && !x.fits(p) {
				p.parserError = short
				return false
			}
			v := p.tmp[x.tmp : x.tmp+(x.width+63)/64]
			x.write(p, v)
			maskLimbs(v, x.width)
			shlLimbs(key, uint64(x.width))
			for j := range v {
				if j < len(key) {
					key[j] |= v[j]
				}
			}
		}
		return true
	}, t, nil, nil
}

// keyPart is a field of a key.
type keyPart struct {
	off, width int
	mask       uint64
}

// fieldsWord packs fields into one word.
func fieldsWord(fields []keyPart) func(*packet) (uint64, bool) {
	if len(fields) == 1 {
		f := fields[0]
		return func(p *packet) (uint64, bool) { return p.w[f.off] & f.mask, true }
	}
	return func(p *packet) (uint64, bool) {
		var key uint64
		for i := range fields {
			f := &fields[i]
			key = key<<uint(f.width) | p.w[f.off]&f.mask
		}
		return key, true
	}
}

// packKey packs constants as selectKey packs the key.
func packKey(v []*big.Int, widths []int, words int) []uint64 {
	sum := new(big.Int)
	for i, w := range widths {
		_, m := unsignedRange(w)
		sum.Lsh(sum, uint(w))
		sum.Or(sum, new(big.Int).And(v[i], m))
	}
	return toWords(sum, words)
}

func fullMasks(masks []*big.Int, widths []int) []*big.Int {
	if masks != nil {
		return masks
	}
	full := make([]*big.Int, len(widths))
	for i, w := range widths {
		_, full[i] = unsignedRange(w)
	}
	return full
}
