package pipeline

import "encoding/binary"

// A header without a variable field that takes eight bytes or more is covered by windows of eight bytes, the last of which
// may overlap the one before. A field is in one window or goes over several, and then it is in pieces. So all fields are
// read and written alike, whatever their widths, eight bytes at a time.

// glimpse is a part of a field that a load of eight bytes gives: w[dst] gets bytes[off:off+8] >> right & mask, shifted left;
// the first part of a word sets it and others are added.
type glimpse struct {
	mask  uint64
	dst   int32
	off   int32
	right uint8
	left  uint8
	more  bool
}

// window is eight bytes of a header that are stored at once: all of parts.
type window struct {
	off   int
	parts []part
}

// part is w[src] >> right & mask << left.
type part struct {
	mask  uint64
	src   int32
	right uint8
	left  uint8
}

const windowBytes = 8

// windows plans a header; nil when it is too short or has a variable field.
func windows(h *header) (reads []glimpse, writes []window) {
	if h.varbit >= 0 || h.bytes < windowBytes {
		return nil, nil
	}
	for off := 0; off < h.bytes; off += windowBytes {
		writes = append(writes, window{off: min(off, h.bytes-windowBytes)})
	}
	bit := 0
	for _, f := range h.fields {
		for at := 0; at < f.width; {
			// The bits of the field from its lowest, at, as far as one word and one window hold them.
			n := min(64-at%64, f.width-at)
			end := bit + f.width - at // in the header, behind the lowest bit
			off := min(max((end+7)/8-windowBytes, 0), h.bytes-windowBytes)
			n = min(n, end-8*off)
			reads = append(reads, glimpse{
				mask: mask64(n), dst: int32(f.off + at/64), off: int32(off), right: uint8(8*(off+windowBytes) - end),
				left: uint8(at % 64), more: at%64 > 0,
			})
			at += n
		}
		for i := range writes {
			writes[i].takes(f, bit)
		}
		bit += f.width
	}
	return reads, writes
}

// takes adds what a window has of the field that begins at a bit of the header.
func (x *window) takes(f slot, bit int) {
	from, to := 8*x.off, 8*(x.off+windowBytes)
	end := bit + f.width
	for i := range f.words {
		// Bits 64*i on of the field, of which the lowest stands last.
		high, low := max(end-64*(i+1), bit), end-64*i
		a, b := max(high, from), min(low, to)
		if a < b {
			x.parts = append(x.parts, part{mask: mask64(b - a), src: int32(f.off + i), right: uint8(low - b), left: uint8(to - b)})
		}
	}
}

// read reads all fields from the start of b, which is long enough.
func read(reads []glimpse, w []uint64, b []byte) {
	for i := range reads {
		g := &reads[i]
		v := binary.BigEndian.Uint64(b[g.off:]) >> (g.right & 63) & g.mask
		if g.more {
			v = w[g.dst] | v<<(g.left&63)
		}
		w[g.dst] = v
	}
}

// write writes all fields to b, which has the header's size.
func write(writes []window, w []uint64, b []byte) {
	for i := range writes {
		x := &writes[i]
		var v uint64
		for j := range x.parts {
			p := &x.parts[j]
			v |= w[p.src] >> (p.right & 63) & p.mask << (p.left & 63)
		}
		binary.BigEndian.PutUint64(b[x.off:], v)
	}
}
