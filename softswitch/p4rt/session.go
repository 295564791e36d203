package p4rt

import (
	"sync"
	"sync/atomic"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/softswitch/p4rt/arbiter"
)

// session is the stream of one client. Messages to it wait in two queues: control messages, which
// are never dropped, and data (packet-ins, digest lists, idle notifications, errors), which are
// when the client is slow.
type session struct {
	client  arbiter.Client
	control chan *p4v1.StreamMessageResponse
	data    chan *p4v1.StreamMessageResponse
	broken  chan struct{} // closed when control has no room: the client does not read at all
	once    sync.Once

	mu   sync.Mutex
	left bool // the stream has ended and must not arbitrate again
}

// controlQueue is how many arbitration messages a client may leave unread before its stream ends.
const controlQueue = 64

func newSession(queue int) *session {
	s := &session{
		control: make(chan *p4v1.StreamMessageResponse, controlQueue),
		data:    make(chan *p4v1.StreamMessageResponse, queue),
		broken:  make(chan struct{}),
	}
	s.client.Notify = func(m *p4v1.MasterArbitrationUpdate) {
		select {
		case s.control <- &p4v1.StreamMessageResponse{Update: &p4v1.StreamMessageResponse_Arbitration{Arbitration: m}}:
		default:
			s.once.Do(func() { close(s.broken) })
		}
	}
	return s
}

// offer queues a data message and says whether there was room.
func (s *session) offer(m *p4v1.StreamMessageResponse) bool {
	select {
	case s.data <- m:
		return true
	default:
		return false
	}
}

// next waits for the next message, control first. ok is false when done is closed.
func (s *session) next(done <-chan struct{}) (m *p4v1.StreamMessageResponse, ok bool) {
	select {
	case m = <-s.control:
		return m, true
	default:
	}
	select {
	case m = <-s.control:
		return m, true
	case m = <-s.data:
		return m, true
	case <-done:
		return nil, false
	}
}

// primaries is the set of sessions that are primary, by role. It is replaced as a whole, so that
// the data plane reads it without a lock.
type primaries struct {
	mu      sync.Mutex
	byRole  map[string]*session
	current atomic.Pointer[[]primary]
}

type primary struct {
	role string
	*session
}

func (p *primaries) set(role string, s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byRole == nil {
		p.byRole = map[string]*session{}
	}
	if s == nil {
		delete(p.byRole, role)
	} else {
		p.byRole[role] = s
	}
	list := make([]primary, 0, len(p.byRole))
	for role, s := range p.byRole {
		list = append(list, primary{role, s})
	}
	p.current.Store(&list)
}

// deliver offers m to every primary that may see an object reserved for role ("" = any). sent is
// how many took it, dropped how many had no room.
func (p *primaries) deliver(role string, m *p4v1.StreamMessageResponse) (sent, dropped int) {
	list := p.current.Load()
	if list == nil {
		return 0, 0
	}
	for _, s := range *list {
		if !mayUse(s.role, role) {
			continue
		}
		if s.offer(m) {
			sent++
		} else {
			dropped++
		}
	}
	return sent, dropped
}

// any says whether anybody would be offered a message for role.
func (p *primaries) any(role string) bool {
	list := p.current.Load()
	if list == nil {
		return false
	}
	for _, s := range *list {
		if mayUse(s.role, role) {
			return true
		}
	}
	return false
}

// mayUse says whether a client of the given role may use an object that the program reserves for
// owner.
func mayUse(role, owner string) bool { return role == "" || owner == "" || role == owner }
