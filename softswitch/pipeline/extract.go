package pipeline

import "encoding/binary"

// fieldStep moves one field between a packet's bytes and its words. Fields that
// do not fill whole bytes share loads of 1, 2, 4 or 8 bytes; wide and odd ones
// take a loop.
type fieldStep struct {
	kind  stepKind
	shift uint8 // right shift of the loaded bytes
	off   int   // byte offset in the header
	bytes int   // bytes touched
	bit   int   // bit offset in the header, odd fields
	dst   int   // word
	width int
	mask  uint64
}

type stepKind uint8

const (
	step8 stepKind = iota
	step16
	step32
	step64
	step48
	stepPart // within up to 8 bytes, shifted and masked
	stepOdd  // bit by bit ranges, any width
	stepVar  // the varbit field
)

// fieldSteps plans the fixed fields of a header in order. Offsets behind a
// varbit field count it as empty; the callers add its length.
func fieldSteps(h *header) []fieldStep {
	var steps []fieldStep
	bit := 0
	for _, f := range h.fields {
		s := fieldStep{off: bit / 8, bit: bit, dst: f.off, width: f.width, mask: mask64(f.width)}
		if f.varbit {
			s.kind = stepVar
			steps = append(steps, s)
			continue
		}
		s.bytes = (bit%8 + f.width + 7) / 8
		aligned := bit%8 == 0
		switch {
		case aligned && f.width == 8:
			s.kind = step8
		case aligned && f.width == 16:
			s.kind = step16
		case aligned && f.width == 32:
			s.kind = step32
		case aligned && f.width == 48:
			s.kind = step48
		case aligned && f.width == 64:
			s.kind = step64
		case s.bytes <= 8:
			s.kind = stepPart
			s.shift = uint8(s.bytes*8 - bit%8 - f.width)
		default:
			s.kind = stepOdd
		}
		bit += f.width
		steps = append(steps, s)
	}
	return steps
}

// load reads up to 8 bytes, big endian.
func load(b []byte) uint64 {
	if len(b) == 8 {
		return binary.BigEndian.Uint64(b)
	}
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

func get48(b []byte) uint64 {
	return uint64(binary.BigEndian.Uint16(b))<<32 | uint64(binary.BigEndian.Uint32(b[2:]))
}

// extractFixed reads all fields of a header without varbit from the start of b,
// which is long enough.
func (h *header) extractFixed(w []uint64, b []byte) {
	if h.reads != nil {
		read(h.reads, w, b)
		return
	}
	for i := range h.steps {
		h.steps[i].extract(w, b)
	}
}

func (s *fieldStep) extract(w []uint64, b []byte) {
	switch s.kind {
	case step8:
		w[s.dst] = uint64(b[s.off])
	case step16:
		w[s.dst] = uint64(binary.BigEndian.Uint16(b[s.off:]))
	case step32:
		w[s.dst] = uint64(binary.BigEndian.Uint32(b[s.off:]))
	case step48:
		w[s.dst] = get48(b[s.off:])
	case step64:
		w[s.dst] = binary.BigEndian.Uint64(b[s.off:])
	case stepPart:
		w[s.dst] = load(b[s.off:s.off+s.bytes]) >> s.shift & s.mask
	case stepOdd:
		getBits(w[s.dst:s.dst+(s.width+63)/64], b, s.bit, s.width)
	}
}

// extractVar reads a header whose varbit field is bits wide (whole bytes).
func (h *header) extractVar(w []uint64, b []byte, bits int) {
	shifted := false
	for i := range h.steps {
		s := &h.steps[i]
		switch {
		case s.kind == stepVar:
			f := &h.fields[h.varbit]
			clear(w[f.off : f.off+f.words])
			w[f.length] = uint64(bits)
			getBits(w[f.off:f.off+f.words], b, s.bit, bits)
			shifted = true
		case shifted:
			s.extract(w, b[bits/8:])
		default:
			s.extract(w, b)
		}
	}
}

// getBits reads width bits from bit offset off of b into dst, lowest word
// first.
func getBits(dst []uint64, b []byte, off, width int) {
	for i := range dst {
		n := min(width, 64)
		if n <= 0 {
			dst[i] = 0
			continue
		}
		start := off + width - n // the lowest n bits stand last
		var v uint64
		first, last := start/8, (start+n-1)/8
		if last-first < 8 {
			v = load(b[first:last+1]) >> uint(last*8+7-(start+n-1))
		} else { // nine bytes
			v = load(b[first+1 : last+1])
			r := uint(last*8 + 7 - (start + n - 1))
			v = v>>r | uint64(b[first])<<(64-r)
		}
		dst[i] = v & mask64(n)
		width -= n
	}
}

// putBits writes the low width bits of src at bit offset off of b, which holds
// zeros there.
func putBits(b []byte, off, width int, src []uint64) {
	for i := 0; width > 0; i++ {
		n := min(width, 64)
		v := src[i] & mask64(n)
		end := off + width // behind the lowest bit
		// Byte by byte from the lowest.
		if r := end % 8; r != 0 {
			b[end/8] |= byte(v << (8 - r))
			v >>= uint(r)
			end -= r
			n -= r
		}
		for ; n > 0; n -= 8 {
			end -= 8
			b[end/8] |= byte(v)
			v >>= 8
		}
		width -= min(width, 64)
	}
}

// emit writes a valid header to b, which has exactly its size, and returns
// nothing: the size is known to the caller.
func (h *header) emit(w []uint64, b []byte) {
	if h.writes != nil {
		write(h.writes, w, b)
		return
	}
	clear(b)
	bits := 0
	for i := range h.steps {
		s := &h.steps[i]
		if s.kind == stepVar {
			f := &h.fields[h.varbit]
			bits = int(w[f.length])
			putBits(b, s.bit, bits, w[f.off:f.off+f.words])
			continue
		}
		s.emit(w, b[bits/8:])
	}
}

func (s *fieldStep) emit(w []uint64, b []byte) {
	v := w[s.dst]
	switch s.kind {
	case step8:
		b[s.off] = byte(v)
	case step16:
		binary.BigEndian.PutUint16(b[s.off:], uint16(v))
	case step32:
		binary.BigEndian.PutUint32(b[s.off:], uint32(v))
	case step48:
		binary.BigEndian.PutUint16(b[s.off:], uint16(v>>32))
		binary.BigEndian.PutUint32(b[s.off+2:], uint32(v))
	case step64:
		binary.BigEndian.PutUint64(b[s.off:], v)
	case stepPart:
		v <<= s.shift
		for i := s.off + s.bytes - 1; i >= s.off; i-- {
			b[i] |= byte(v)
			v >>= 8
		}
	case stepOdd:
		putBits(b, s.bit, s.width, w[s.dst:s.dst+(s.width+63)/64])
	}
}
