package pipeline

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// facts are the words of a packet whose values are known at one place of a program, whatever packet comes there.
type facts struct {
	known []bool
	w     []uint64 // meaningful where known
}

// unknown are the facts that hold everywhere: word 0 is 1.
func unknown(words int) *facts {
	f := &facts{make([]bool, words), make([]uint64, words)}
	f.set(0, 1)
	return f
}

// fresh are the facts of a packet that nothing has touched: all words are zero.
func fresh(words int) *facts {
	f := unknown(words)
	for i := range f.known {
		f.known[i] = true
	}
	return f
}

func (f *facts) clone() *facts { return &facts{slices.Clone(f.known), slices.Clone(f.w)} }

func (f *facts) set(off int, v uint64) { f.known[off], f.w[off] = true, v }

func (f *facts) holds(x fact) bool { return f.known[x.off] && f.w[x.off] == x.v }

// all tells whether all the words are known.
func (f *facts) all(words []int) bool {
	for _, off := range words {
		if !f.known[off] {
			return false
		}
	}
	return true
}

func (f *facts) forget(words ...int) {
	for _, off := range words {
		f.known[off] = false
	}
}

// forgetAll is what follows a step that may do anything to a packet's words.
func (f *facts) forgetAll() {
	clear(f.known)
	f.set(0, 1)
}

// after takes in an effect whose outcome is not computed.
func (f *facts) after(e *effect) {
	if !e.bounded {
		f.forgetAll()
		return
	}
	zero := e.idle.off != 0 && f.known[e.idle.off] && !f.holds(e.idle)
	f.forget(e.writes...)
	if zero {
		for _, off := range e.zeroed {
			f.set(off, 0)
		}
	}
	for _, x := range e.sets {
		f.set(x.off, x.v)
	}
}

// sum tells facts apart.
func (f *facts) sum() [sha256.Size]byte {
	b := make([]byte, 0, 9*len(f.w))
	for i, v := range f.w {
		if f.known[i] {
			b = binary.BigEndian.AppendUint64(append(b, 1), v)
		} else {
			b = append(b, 0)
		}
	}
	return sha256.Sum256(b)
}
