package pipeline

// records holds the entries of one table: fixed-size records of words in a few
// large chunks, so that a million entries are a thousand allocations without
// pointers. Records are numbered; numbers of removed ones are used again.
type records struct {
	stride int
	chunks [][]uint64
	high   uint32 // numbers given out so far
	free   []uint32
	live   int
}

const (
	chunkBits = 10
	chunkSize = 1 << chunkBits
	// firstChunk is how many records a table starts with; the first chunk grows
	// by doubling, as most tables stay small.
	firstChunk = 16
)

// at gives a record's words. They stay in place until the next alloc.
func (r *records) at(n uint32) []uint64 {
	i := int(n&(chunkSize-1)) * r.stride
	return r.chunks[n>>chunkBits][i : i+r.stride : i+r.stride]
}

// alloc gives the number of a zeroed record.
func (r *records) alloc() uint32 {
	r.live++
	if n := len(r.free); n > 0 {
		id := r.free[n-1]
		r.free = r.free[:n-1]
		clear(r.at(id))
		return id
	}
	id := r.high
	r.high++
	switch {
	case len(r.chunks) == 0:
		r.chunks = append(r.chunks, make([]uint64, firstChunk*r.stride))
	case id>>chunkBits >= uint32(len(r.chunks)):
		r.chunks = append(r.chunks, make([]uint64, chunkSize*r.stride))
	case id < chunkSize && int(id+1)*r.stride > len(r.chunks[0]):
		grown := make([]uint64, 2*len(r.chunks[0]))
		copy(grown, r.chunks[0])
		r.chunks[0] = grown
	}
	return id
}

func (r *records) release(n uint32) {
	r.live--
	r.free = append(r.free, n)
}
