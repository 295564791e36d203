package ports

import (
	"sync"
)

// Memory is one end of a cable within the process: what is sent here is received there, in order,
// on a goroutine of the cable, so that two switches may send to each other without end and without
// growing a stack.
type Memory struct {
	name string
	peer *Memory

	in      chan []byte // frames on their way to this end
	receive func([]byte)
	free    *sync.Pool
	done    chan struct{}
	once    *sync.Once
	running sync.WaitGroup
}

// NewPair lays a cable with room for queue frames in each direction. A frame that finds no room is
// lost, and Send says so.
func NewPair(nameA, nameB string, queue int) (a, b *Memory) {
	done, once, free := make(chan struct{}), &sync.Once{}, &sync.Pool{}
	a = &Memory{name: nameA, in: make(chan []byte, queue), done: done, once: once, free: free}
	b = &Memory{name: nameB, in: make(chan []byte, queue), done: done, once: once, free: free}
	a.peer, b.peer = b, a
	return a, b
}

// Start calls receive for each frame that arrives at this end, until the cable is closed. It is
// called once. The frame is valid during the call only.
func (m *Memory) Start(receive func(frame []byte)) {
	m.receive = receive
	m.running.Add(1)
	go func() {
		defer m.running.Done()
		for {
			select {
			case frame := <-m.in:
				m.receive(frame)
				m.free.Put(&frame)
			case <-m.done:
				return
			}
		}
	}()
}

// Name implements Port.
func (m *Memory) Name() string { return m.name }

// Send implements Port; the error is ErrFull or ErrClosed.
func (m *Memory) Send(frame []byte) error {
	select {
	case <-m.done:
		return ErrClosed
	default:
	}
	var buf []byte
	if p, ok := m.free.Get().(*[]byte); ok {
		buf = (*p)[:0]
	}
	buf = append(buf, frame...)
	select {
	case m.peer.in <- buf:
		return nil
	default:
		m.free.Put(&buf)
		return ErrFull
	}
}

// Close cuts the cable at both ends and waits for the calls of this end's receive function. It must
// not be called from there.
func (m *Memory) Close() error {
	m.once.Do(func() { close(m.done) })
	m.running.Wait()
	return nil
}
