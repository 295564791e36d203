package softswitch

import (
	"github.com/firstack/firstack/softswitch/pipeline"
	"github.com/firstack/firstack/softswitch/ports"
)

// Receiver takes the frames of one port, many at a time: they pass the pipeline together and leave
// together. It belongs to one goroutine.
type Receiver struct {
	s     *Switch
	port  uint32
	taken [][]byte
	burst pipeline.Burst
	ways  []way // by port, in the order in which the burst leaves
}

// way is what leaves on one port.
type way struct {
	id     uint32
	to     *attached
	frames [][]byte
}

// Receiver makes a receiver for a port.
func (s *Switch) Receiver(port uint32) *Receiver { return &Receiver{s: s, port: port} }

// Receive takes frames that have arrived, in order. It keeps none of them. It does what Switch.Receive
// does for each.
func (r *Receiver) Receive(frames [][]byte) {
	s := r.s
	if s.input != nil {
		for _, f := range frames {
			s.Receive(r.port, f)
		}
		return
	}
	from := s.ports.get(r.port)
	if from == nil {
		s.lost.NoPort.Add(uint64(len(frames)))
		return
	}
	if from.disabled.Load() {
		from.counters.InDiscards.Add(uint64(len(frames)))
		return
	}
	pl := s.pl.Load()
	r.taken = r.taken[:0]
	bytes := 0
	for _, f := range frames {
		if reason := s.refuse(pl, f); reason != nil {
			reason.Add(1)
			from.counters.InDiscards.Add(1)
			continue
		}
		bytes += len(f)
		r.taken = append(r.taken, f)
		s.tap(r.port, false, f)
	}
	if len(r.taken) == 0 {
		return
	}
	from.counters.InFrames.Add(uint64(len(r.taken)))
	from.counters.InBytes.Add(uint64(bytes))
	pl.ProcessBurst(&r.burst, r.port, r.taken)
	r.transmit()
}

// transmit sends what the burst has become.
func (r *Receiver) transmit() {
	s := r.s
	r.ways = r.ways[:0]
	for i := range r.burst.Len() {
		id, frame := r.burst.Out(i)
		s.tap(id, true, frame)
		if id == s.opt.CPUPort && id != 0 {
			s.server.PacketIn(frame)
			continue
		}
		w := r.way(id)
		w.frames = append(w.frames, frame)
	}
	for i := range r.ways {
		w := &r.ways[i]
		if w.to == nil {
			s.lost.NoPort.Add(uint64(len(w.frames)))
			continue
		}
		if w.to.disabled.Load() {
			w.to.counters.OutDiscards.Add(uint64(len(w.frames)))
			continue
		}
		if b, ok := w.to.port.(ports.Burster); ok {
			b.SendBurst(w.frames, &w.to.counters)
			continue
		}
		for _, f := range w.frames {
			w.to.counters.Sent(len(f), w.to.port.Send(f))
		}
	}
}

// way finds what leaves on a port, and begins it when nothing does yet.
func (r *Receiver) way(id uint32) *way {
	for i := range r.ways {
		if r.ways[i].id == id {
			return &r.ways[i]
		}
	}
	n := len(r.ways)
	if n < cap(r.ways) {
		r.ways = r.ways[:n+1] // with the memory of an earlier burst
	} else {
		r.ways = append(r.ways, way{})
	}
	w := &r.ways[n]
	w.id, w.to, w.frames = id, r.s.ports.get(id), w.frames[:0]
	return w
}
