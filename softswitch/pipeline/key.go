package pipeline

import (
	"fmt"
	"math/bits"
	"strings"
)

// packedKey is the control plane's key in the form records have.
type packedKey struct {
	value, mask []uint64
	low, high   []uint64 // bounds of range fields
	prio        int64
}

// encode turns a key into packed form and checks it. Errors wrap ErrInvalid and
// name the field.
func (d *tableDef) encode(k *Key) (*packedKey, error) {
	if len(k.Fields) != len(d.keys) {
		return nil, fmt.Errorf("%w: %d key fields, the table has %d", ErrInvalid, len(k.Fields), len(d.keys))
	}
	pk := &packedKey{
		value: make([]uint64, d.words), mask: make([]uint64, d.words),
		low: make([]uint64, d.bounds), high: make([]uint64, d.bounds),
		prio: int64(k.Priority),
	}
	if d.exact || d.lpm >= 0 {
		if k.Priority != 0 {
			return nil, fmt.Errorf("%w: priority %d in a table without ternary or range fields", ErrInvalid, k.Priority)
		}
	}
	for i := range d.keys {
		if err := d.keys[i].encode(&k.Fields[i], pk); err != nil {
			return nil, fmt.Errorf("key field %s: %w", d.keys[i].Name, err)
		}
		if i == d.lpm && k.Fields[i].Present {
			pk.prio = int64(k.Fields[i].PrefixLen)
		}
	}
	for i := range pk.value {
		pk.value[i] &= pk.mask[i]
	}
	return pk, nil
}

func (f *keyField) encode(v *Field, pk *packedKey) error {
	words := (f.Width + 63) / 64
	value, mask := make([]uint64, words), make([]uint64, words)
	ones := make([]uint64, words)
	setBits(ones, 0, f.Width)
	if !v.Present {
		if f.Kind == Exact {
			return fmt.Errorf("%w: exact field missing", ErrInvalid)
		}
		if f.Kind == Range {
			copy(pk.high[f.bound:], ones)
		}
		return nil
	}
	switch f.Kind {
	case Range:
		low, high := pk.low[f.bound:f.bound+words], pk.high[f.bound:f.bound+words]
		if err := bytesToWords(low, v.Low, f.Width); err != nil {
			return fmt.Errorf("low: %w", err)
		}
		if err := bytesToWords(high, v.High, f.Width); err != nil {
			return fmt.Errorf("high: %w", err)
		}
		if cmpUnsigned(low, high) > 0 {
			return fmt.Errorf("%w: low end above high end", ErrInvalid)
		}
		return nil
	case Exact:
		copy(mask, ones)
	case LPM:
		if v.PrefixLen < 0 || v.PrefixLen > f.Width {
			return fmt.Errorf("%w: prefix length %d of %d bits", ErrInvalid, v.PrefixLen, f.Width)
		}
		setBits(mask, f.Width-v.PrefixLen, v.PrefixLen)
	case Ternary:
		if v.Mask == nil {
			copy(mask, ones)
		} else if err := bytesToWords(mask, v.Mask, f.Width); err != nil {
			return fmt.Errorf("mask: %w", err)
		}
	}
	if err := bytesToWords(value, v.Value, f.Width); err != nil {
		return err
	}
	putField(pk.value, value, f.bit, f.Width)
	putField(pk.mask, mask, f.bit, f.Width)
	return nil
}

// cmpUnsigned compares numbers of one length.
func cmpUnsigned(a, b []uint64) int {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// decode turns a record back into key fields.
func (d *tableDef) decode(rec, mask []uint64) []Field {
	fields := make([]Field, len(d.keys))
	for i := range d.keys {
		f := &d.keys[i]
		words := (f.Width + 63) / 64
		out := &fields[i]
		if f.Kind == Range {
			low := rec[d.offRange+f.bound : d.offRange+f.bound+words]
			high := rec[d.offRange+d.bounds+f.bound : d.offRange+d.bounds+f.bound+words]
			ones := make([]uint64, words)
			setBits(ones, 0, f.Width)
			out.Present = cmpUnsigned(low, make([]uint64, words)) != 0 || cmpUnsigned(high, ones) != 0
			if out.Present {
				out.Low, out.High = wordsToBytes(low, f.Width), wordsToBytes(high, f.Width)
			}
			continue
		}
		m := getField(mask, f.bit, f.Width)
		n := 0
		for _, w := range m {
			n += bits.OnesCount64(w)
		}
		if n == 0 {
			continue // don't care
		}
		out.Present = true
		out.Value = wordsToBytes(getField(rec, f.bit, f.Width), f.Width)
		switch f.Kind {
		case LPM:
			out.PrefixLen = n
		case Ternary:
			out.Mask = wordsToBytes(m, f.Width)
		}
	}
	return fields
}

// String writes a key as errors show it: "dst=0a000001/24 proto=06".
func (d *tableDef) String(k *Key) string {
	var b strings.Builder
	for i := range k.Fields {
		f := &k.Fields[i]
		if i > 0 {
			b.WriteByte(' ')
		}
		name, kind := "?", Exact
		if i < len(d.keys) {
			name, kind = d.keys[i].Name, d.keys[i].Kind
		}
		fmt.Fprintf(&b, "%s=", name)
		switch {
		case !f.Present:
			b.WriteByte('*')
		case kind == LPM:
			fmt.Fprintf(&b, "%x/%d", f.Value, f.PrefixLen)
		case kind == Range:
			fmt.Fprintf(&b, "%x..%x", f.Low, f.High)
		case kind == Ternary && f.Mask != nil:
			fmt.Fprintf(&b, "%x&%x", f.Value, f.Mask)
		default:
			fmt.Fprintf(&b, "%x", f.Value)
		}
	}
	if k.Priority != 0 {
		fmt.Fprintf(&b, " priority %d", k.Priority)
	}
	return b.String()
}
