package pipeline

import (
	"github.com/firstack/firstack/softswitch/bmv2json"
)

// A packet's headers and metadata live in one flat array of 64-bit words, so
// that resetting or copying a packet is one memory operation and a field of up
// to 64 bits is one load. Wider fields take consecutive words, the lowest bits
// first. Words above a field's width are always zero.
//
// Word 0 is constant 1: the validity of metadata. Then come all metadata (one
// range, reset at once), then for each header its validity and its fields, then
// the stacks' next indices.

// slot is where one field lives.
type slot struct {
	off    int // first word
	words  int
	width  int // bits
	signed bool
	varbit bool
	length int // word with a varbit field's present width in bits
}

// header is where one header lives.
type header struct {
	def      *bmv2json.Header
	valid    int // word: 1 valid, 0 not; word 0 for metadata
	start    int // first word of the fields
	end      int // behind the last
	fields   []slot
	bytes    int   // of the fixed fields
	varbit   int   // index of the varbit field, -1
	siblings []int // validity words of the other members of its union
	steps    []fieldStep

	reads  []glimpse // of a header that windows cover, else nil
	writes []window
}

// layout places every field of a program.
type layout struct {
	headers   []header // by bmv2json.Header.Index
	stackNext []int    // word of a stack's next index, by Stack.Index
	unionNext []int    // likewise for union stacks
	metaStart int
	metaEnd   int
	words     int
	widths    []int        // bits that can be set, by word
	touched   map[int]bool // fields that the program mentions, by first word
}

func newLayout(p *bmv2json.Program) *layout {
	l := &layout{headers: make([]header, len(p.Headers)), metaStart: 1, words: 1, touched: map[int]bool{}}
	for _, h := range p.Headers {
		if h.Metadata {
			l.place(h, 0)
		}
	}
	l.metaEnd = l.words
	for _, h := range p.Headers {
		if !h.Metadata {
			l.words++
			l.place(h, l.words-1)
		}
	}
	for range p.Stacks {
		l.stackNext = append(l.stackNext, l.words)
		l.words++
	}
	for range p.UnionStacks {
		l.unionNext = append(l.unionNext, l.words)
		l.words++
	}
	l.measure()
	for _, u := range p.Unions {
		for _, h := range u.Headers {
			for _, other := range u.Headers {
				if other != h {
					l.headers[h.Index].siblings = append(l.headers[h.Index].siblings, l.headers[other.Index].valid)
				}
			}
		}
	}
	return l
}

func (l *layout) place(h *bmv2json.Header, valid int) {
	hd := header{def: h, valid: valid, start: l.words, varbit: h.Type.VarBit, bytes: h.Type.Bits() / 8}
	for _, f := range h.Type.Fields {
		s := slot{off: l.words, words: (f.Width + 63) / 64, width: f.Width, signed: f.Signed, varbit: f.VarBit}
		l.words += s.words
		if f.VarBit {
			s.length = l.words
			l.words++
		}
		hd.fields = append(hd.fields, s)
	}
	hd.end = l.words
	hd.steps = fieldSteps(&hd)
	hd.reads, hd.writes = windows(&hd)
	l.headers[h.Index] = hd
}

func (l *layout) measure() {
	l.widths = make([]int, l.words)
	for i := range l.widths {
		l.widths[i] = 64
	}
	for i := range l.headers {
		h := &l.headers[i]
		l.widths[h.valid] = 1
		for _, f := range h.fields {
			if f.words == 1 {
				l.widths[f.off] = f.width
			}
		}
	}
}

// scratch reserves a word for what is worked out on the way, so that it can be used as a field is. Nobody else reads it.
func (l *layout) scratch() int {
	l.words++
	l.widths = append(l.widths, 64)
	return l.words - 1
}

// slot finds a field's place; "$valid$" is a field of one bit.
func (l *layout) slot(ref bmv2json.FieldRef) slot { return l.member(ref.Header.Index, ref.Field) }

func (l *layout) member(header, field int) slot {
	h := &l.headers[header]
	if field == bmv2json.ValidField {
		return slot{off: h.valid, words: 1, width: 1}
	}
	l.touched[h.fields[field].off] = true
	return h.fields[field]
}

// mask64 has the low n bits set; n is 0 to 64.
func mask64(n int) uint64 {
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<uint(n) - 1
}

// signExtend takes the low n bits of v as two's complement.
func signExtend(v uint64, n int) uint64 {
	if n >= 64 {
		return v
	}
	s := uint(64 - n)
	return uint64(int64(v<<s) >> s)
}
