package pipeline

// Burst is what one goroutine needs to take many frames through an instance at once. The zero value
// is ready; it may be used with one instance after another, by one goroutine at a time.
type Burst struct {
	r      run
	memory []byte
	out    []sentFrame
}

// sentFrame is a frame in Burst.memory.
type sentFrame struct {
	port     uint32
	from, to int
}

// ProcessBurst does what Process does to each frame, in order, and locks the instance and reads the clock only once: the
// frames have one time of arrival. It does not transmit: what came out is in b until the next call.
func (pl *Pipeline) ProcessBurst(b *Burst, port uint32, frames [][]byte) {
	b.out, b.memory = b.out[:0], b.memory[:0]
	pl.mu.Lock()
	b.r.now = pl.now()
	for _, f := range frames {
		pl.one(&b.r, port, f)
		for _, p := range b.r.out {
			at := len(b.memory)
			// Copied at once, so that the next frame is worked on in the same warm memory.
			b.memory = append(b.memory, p.out...)
			b.out = append(b.out, sentFrame{p.port, at, len(b.memory)})
		}
		pl.recycle(&b.r)
	}
	pl.mu.Unlock()
	pl.tell(&b.r)
}

// Len is how many frames came out of the last burst.
func (b *Burst) Len() int { return len(b.out) }

// Out gives the i-th frame that came out of the last burst, and the port it is to leave on. It is
// valid until the next burst.
func (b *Burst) Out(i int) (port uint32, frame []byte) {
	o := b.out[i]
	return o.port, b.memory[o.from:o.to:o.to]
}
