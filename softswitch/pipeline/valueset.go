package pipeline

import (
	"fmt"
	"slices"
)

// ValueSet is a running parser value set. Use it inside Pipeline.Do.
type ValueSet struct {
	name    string
	width   int // bits
	size    int // 0 = unlimited
	members []setMember
}

type setMember struct{ value, mask []uint64 }

// SetMember is one member of a value set: the fields of the select's key one
// after the other without padding, big endian. A nil Mask means all ones.
type SetMember struct {
	Value, Mask []byte
}

// Name is the set's name in the JSON.
func (v *ValueSet) Name() string { return v.name }

// Width is the width of a member in bits.
func (v *ValueSet) Width() int { return v.width }

// Set replaces all members (P4Runtime writes value sets as a whole). Errors
// wrap ErrInvalid or ErrFull.
func (v *ValueSet) Set(members []SetMember) error {
	if v.size > 0 && len(members) > v.size {
		return fmt.Errorf("value set %s: %w: %d members", v.name, ErrFull, v.size)
	}
	words := (v.width + 63) / 64
	next := make([]setMember, 0, len(members))
	for i, m := range members {
		s := setMember{value: make([]uint64, words), mask: make([]uint64, words)}
		if err := bytesToWords(s.value, m.Value, v.width); err != nil {
			return fmt.Errorf("value set %s: member %d: %w", v.name, i, err)
		}
		if m.Mask == nil {
			setBits(s.mask, 0, v.width)
		} else if err := bytesToWords(s.mask, m.Mask, v.width); err != nil {
			return fmt.Errorf("value set %s: member %d: mask: %w", v.name, i, err)
		}
		for j := range s.value {
			s.value[j] &= s.mask[j]
		}
		next = append(next, s)
	}
	v.members = next
	return nil
}

// Members gives all members, with masks.
func (v *ValueSet) Members() []SetMember {
	out := make([]SetMember, 0, len(v.members))
	for _, m := range v.members {
		out = append(out, SetMember{Value: wordsToBytes(m.value, v.width), Mask: wordsToBytes(m.mask, v.width)})
	}
	return out
}

func (v *ValueSet) contains(key []uint64) bool {
	return slices.ContainsFunc(v.members, func(m setMember) bool { return equalMasked(key, m.value, m.mask) })
}
