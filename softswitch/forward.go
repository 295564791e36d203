package softswitch

import (
	"sync/atomic"

	"github.com/firstack/firstack/softswitch/pipeline"
)

// received is a frame that waits for the pipeline.
type received struct {
	port  uint32
	frame []byte
}

// Losses counts frames that were lost outside of any port.
type Losses struct {
	NoPort    atomic.Uint64 // sent to, or received on, a port that does not exist
	NoProgram atomic.Uint64 // received before a program was loaded
	Empty     atomic.Uint64
	TooLong   atomic.Uint64
	QueueFull atomic.Uint64 // no room in the input queue
}

// Lost returns the counters of lost frames.
func (s *Switch) Lost() *Losses { return &s.lost }

// Receive takes a frame that arrived on a port; the port's owner calls it. It does not keep frame.
func (s *Switch) Receive(port uint32, frame []byte) {
	p := s.ports.get(port)
	if p == nil {
		s.lost.NoPort.Add(1)
		return
	}
	if p.disabled.Load() {
		p.counters.InDiscards.Add(1)
		return
	}
	if reason := s.refuse(s.pl.Load(), frame); reason != nil {
		reason.Add(1)
		p.counters.InDiscards.Add(1)
		return
	}
	p.counters.InFrames.Add(1)
	p.counters.InBytes.Add(uint64(len(frame)))
	if s.input == nil {
		s.process(port, frame)
		return
	}
	select {
	case s.input <- received{port, append([]byte(nil), frame...)}:
	default:
		s.lost.QueueFull.Add(1)
		p.counters.InDiscards.Add(1)
	}
}

// refuse says which loss a frame that arrived is, nil for none.
func (s *Switch) refuse(pl *pipeline.Pipeline, frame []byte) *atomic.Uint64 {
	switch {
	case len(frame) == 0:
		return &s.lost.Empty
	case len(frame) > s.opt.MaxFrame:
		return &s.lost.TooLong
	case pl == nil:
		return &s.lost.NoProgram
	}
	return nil
}

func (s *Switch) process(port uint32, frame []byte) {
	s.tap(port, false, frame)
	s.pl.Load().Process(port, frame)
}

// work processes the input queue until Close.
func (s *Switch) work() {
	defer s.workers.Done()
	for {
		select {
		case r := <-s.input:
			s.process(r.port, r.frame)
		case <-s.done:
			return
		}
	}
}

// transmit is the pipeline's way out.
func (s *Switch) transmit(port uint32, frame []byte) {
	s.tap(port, true, frame)
	if port == s.opt.CPUPort && port != 0 {
		s.server.PacketIn(frame)
		return
	}
	p := s.ports.get(port)
	if p == nil {
		s.lost.NoPort.Add(1)
		return
	}
	if p.disabled.Load() {
		p.counters.OutDiscards.Add(1)
		return
	}
	p.counters.Sent(len(frame), p.port.Send(frame))
}

func (s *Switch) tap(port uint32, out bool, frame []byte) {
	if s.opt.Tap != nil {
		s.opt.Tap(port, out, frame)
	}
}
