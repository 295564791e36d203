package softswitch

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/firstack/firstack/internal/changes"
	"github.com/firstack/firstack/softswitch/ports"
)

// attached is a port of the switch with its number, state and counters.
type attached struct {
	id       uint32
	port     ports.Port
	counters ports.Counters
	disabled atomic.Bool // by its admin state; looked at for each burst

	// The rest belongs to the table's lock.
	link    ports.Link
	changed time.Time // when it last came up or went down
}

// up is the operational state. The caller holds the table's lock.
func (p *attached) up() bool { return p.link.Up && !p.disabled.Load() }

// portTable finds ports by number. The map is replaced as a whole, so that the data plane reads it
// without a lock.
type portTable struct {
	mu      sync.Mutex
	current atomic.Pointer[map[uint32]*attached]
	gone    map[uint32]bool // ports that were removed: down, for whoever watches them
	changed changes.Notice  // a port came, went or changed its state
}

func (t *portTable) get(id uint32) *attached {
	if m := t.current.Load(); m != nil {
		return (*m)[id]
	}
	return nil
}

func (t *portTable) list() []*attached {
	m := t.current.Load()
	if m == nil {
		return nil
	}
	out := make([]*attached, 0, len(*m))
	for _, id := range slices.Sorted(maps.Keys(*m)) {
		out = append(out, (*m)[id])
	}
	return out
}

// change replaces the map; p nil removes the port. The caller holds mu.
func (t *portTable) change(id uint32, p *attached) {
	m := map[uint32]*attached{}
	if old := t.current.Load(); old != nil {
		maps.Copy(m, *old)
	}
	if p == nil {
		delete(m, id)
		if t.gone == nil {
			t.gone = map[uint32]bool{}
		}
		t.gone[id] = true
	} else {
		m[id] = p
		delete(t.gone, id)
	}
	t.current.Store(&m)
	t.changed.Tell()
}

// AddPort attaches a port under a number, which must be free and neither the CPU port nor the drop
// port. The switch closes it when it is removed or the switch is closed.
func (s *Switch) AddPort(id uint32, p ports.Port) error {
	if id == s.opt.CPUPort && id != 0 {
		return fmt.Errorf("port %d (%s): this is the CPU port", id, p.Name())
	}
	s.ports.mu.Lock()
	defer s.ports.mu.Unlock()
	if old := s.ports.get(id); old != nil {
		return fmt.Errorf("port %d (%s): the number is taken by %s", id, p.Name(), old.port.Name())
	}
	s.ports.change(id, &attached{id: id, port: p, link: ports.Link{Up: true}, changed: time.Now()})
	if pl := s.pl.Load(); pl != nil {
		pl.SetPortUp(id, true)
	}
	return nil
}

// RemovePort detaches and closes a port.
func (s *Switch) RemovePort(id uint32) error {
	s.ports.mu.Lock()
	p := s.ports.get(id)
	if p != nil {
		s.ports.change(id, nil)
		if pl := s.pl.Load(); pl != nil {
			pl.SetPortUp(id, false)
		}
	}
	s.ports.mu.Unlock()
	if p == nil {
		return fmt.Errorf("port %d does not exist", id)
	}
	return p.port.Close()
}

// PortInfo describes a port at one moment.
type PortInfo struct {
	ID      uint32
	Name    string
	Enabled bool      // the admin state
	Up      bool      // enabled, and its link is up
	Changed time.Time // when Up last changed
	Link    ports.Link
	ports.CountersSnapshot
}

// Ports lists the ports by number.
func (s *Switch) Ports() []PortInfo {
	var out []PortInfo
	s.ports.mu.Lock()
	defer s.ports.mu.Unlock()
	for _, p := range s.ports.list() {
		info := PortInfo{
			ID: p.id, Name: p.port.Name(), Enabled: !p.disabled.Load(), Up: p.up(), Changed: p.changed, Link: p.link,
			CountersSnapshot: p.counters.Snapshot(),
		}
		if l, ok := p.port.(ports.Lossy); ok {
			info.InDiscards += l.Lost()
		}
		out = append(out, info)
	}
	return out
}
