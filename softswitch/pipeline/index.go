package pipeline

import "math/bits"

// index is an open-addressing hash table from keys to record numbers. It holds
// neither keys nor pointers: a slot is a 32-bit hash and the record's number
// + 1 in one word, so that growing never touches the records, a probe touches
// one only when the hashes agree, and the garbage collector has nothing to scan.
type index struct {
	slots []uint64 // a power of two, nil when empty
	used  int
}

const minSlots = 8

// seed makes hashes differ between instances: an outsider who picks flows must
// not be able to make them collide.
type seed struct{ a, b uint64 }

// hash mixes the words of a key by 128-bit products.
func (s seed) hash(key []uint64) uint32 {
	h := s.a
	for _, k := range key {
		hi, lo := bits.Mul64(k^h, s.b)
		h = hi ^ lo ^ k
	}
	hi, lo := bits.Mul64(h^s.a, 0x9e3779b97f4a7c15)
	return uint32((hi ^ lo) >> 32)
}

// add enters a record whose key is not there yet.
func (x *index) add(h, record uint32) {
	if 4*(x.used+1) > 3*len(x.slots) {
		old := x.slots
		x.slots = make([]uint64, max(minSlots, 2*len(old)))
		for _, s := range old {
			if s != 0 {
				x.put(s)
			}
		}
	}
	x.put(uint64(h)<<32 | uint64(record+1))
	x.used++
}

func (x *index) put(slot uint64) {
	m := uint64(len(x.slots) - 1)
	i := slot >> 32 & m
	for x.slots[i] != 0 {
		i = (i + 1) & m
	}
	x.slots[i] = slot
}

// at finds the place of a record; -1 when it is not there.
func (x *index) at(h, record uint32) int {
	if x.used == 0 {
		return -1
	}
	want, m := uint64(h)<<32|uint64(record+1), uint64(len(x.slots)-1)
	for i := uint64(h) & m; x.slots[i] != 0; i = (i + 1) & m {
		if x.slots[i] == want {
			return int(i)
		}
	}
	return -1
}

// replace puts another record in the place of one with the same key.
func (x *index) replace(h, old, record uint32) {
	if i := x.at(h, old); i >= 0 {
		x.slots[i] = uint64(h)<<32 | uint64(record+1)
	}
}

// remove takes a record out and closes the gap, so that probes need no
// tombstones.
func (x *index) remove(h, record uint32) {
	i := x.at(h, record)
	if i < 0 {
		return
	}
	x.used--
	m := len(x.slots) - 1
	for j := i; ; {
		x.slots[i] = 0
		for {
			j = (j + 1) & m
			if x.slots[j] == 0 {
				return
			}
			// An entry may move to the gap unless its home lies behind it.
			home := int(x.slots[j]>>32) & m
			if (j-home)&m >= (j-i)&m {
				break
			}
		}
		x.slots[i] = x.slots[j]
		i = j
	}
}
