package pre

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Errors come wrapped with the group or session they are about.
var (
	// ErrExists: the group or session is there already.
	ErrExists = errors.New("already exists")
	// ErrNotFound: there is no such group or session.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: an id or a list of copies that cannot be carried out.
	ErrInvalid = errors.New("invalid")
)

// Limits of the engine. Ids are those v1model can express.
const (
	MaxGroup   = 1<<16 - 1 // mcast_grp is 16 bits
	MaxSession = 1<<15 - 1 // BMv2 keeps the top bit of 16 for itself
	MaxCopies  = 1024      // copies of one group or session
)

// Copy is one replica of a packet.
type Copy struct {
	Port     uint32 // egress port
	Instance uint16 // egress_rid
}

// Session says what a clone becomes.
type Session struct {
	Copies   []Copy
	Truncate uint32 // bytes a clone is cut to, 0 = whole
	CoS      uint32 // class of service, kept and given back; there is one queue
}

// Engine holds multicast groups and clone sessions. The zero value is not
// usable; see New. Stored slices are never changed, so that readers may keep
// using them after the lock is gone.
type Engine struct {
	mu     sync.RWMutex
	groups map[uint16][]Copy
	clones map[uint16]Session
}

// New returns an engine without groups and sessions.
func New() *Engine {
	e := &Engine{}
	e.Reset()
	return e
}

// Group returns the copies of a multicast group. The caller must not change
// them.
func (e *Engine) Group(id uint16) ([]Copy, bool) {
	e.mu.RLock()
	c, ok := e.groups[id]
	e.mu.RUnlock()
	return c, ok
}

// Clone returns a clone session. The caller must not change its copies.
func (e *Engine) Clone(id uint16) (Session, bool) {
	e.mu.RLock()
	s, ok := e.clones[id]
	e.mu.RUnlock()
	return s, ok
}

// Groups returns the ids of all groups in ascending order.
func (e *Engine) Groups() []uint16 {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return slices.Sorted(maps.Keys(e.groups))
}

// Clones returns the ids of all clone sessions in ascending order.
func (e *Engine) Clones() []uint16 {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return slices.Sorted(maps.Keys(e.clones))
}

// InsertGroup adds a group; it fails when the group is there.
func (e *Engine) InsertGroup(id uint32, copies []Copy) error { return e.group(id, copies, true, false) }

// ModifyGroup replaces a group; it fails when there is none.
func (e *Engine) ModifyGroup(id uint32, copies []Copy) error { return e.group(id, copies, false, true) }

// SetGroup adds or replaces a group.
func (e *Engine) SetGroup(id uint32, copies []Copy) error { return e.group(id, copies, false, false) }

// DeleteGroup removes a group.
func (e *Engine) DeleteGroup(id uint32) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.groups[uint16(id)]; !ok || id > MaxGroup {
		return fmt.Errorf("multicast group %d: %w", id, ErrNotFound)
	}
	delete(e.groups, uint16(id))
	return nil
}

// InsertClone adds a clone session; it fails when the session is there.
func (e *Engine) InsertClone(id uint32, c Session) error { return e.clone(id, c, true, false) }

// ModifyClone replaces a clone session; it fails when there is none.
func (e *Engine) ModifyClone(id uint32, c Session) error { return e.clone(id, c, false, true) }

// SetClone adds or replaces a clone session.
func (e *Engine) SetClone(id uint32, c Session) error { return e.clone(id, c, false, false) }

// DeleteClone removes a clone session.
func (e *Engine) DeleteClone(id uint32) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.clones[uint16(id)]; !ok || id > MaxSession {
		return fmt.Errorf("clone session %d: %w", id, ErrNotFound)
	}
	delete(e.clones, uint16(id))
	return nil
}

// Reset removes everything.
func (e *Engine) Reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.groups = map[uint16][]Copy{}
	e.clones = map[uint16]Session{}
}

func (e *Engine) group(id uint32, copies []Copy, fresh, there bool) error {
	if id == 0 || id > MaxGroup {
		return fmt.Errorf("multicast group %d: %w: ids are 1 to %d", id, ErrInvalid, MaxGroup)
	}
	if err := check(copies); err != nil {
		return fmt.Errorf("multicast group %d: %w", id, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.groups[uint16(id)]
	if err := presence(ok, fresh, there); err != nil {
		return fmt.Errorf("multicast group %d: %w", id, err)
	}
	e.groups[uint16(id)] = slices.Clone(copies)
	return nil
}

func (e *Engine) clone(id uint32, c Session, fresh, there bool) error {
	if id == 0 || id > MaxSession {
		return fmt.Errorf("clone session %d: %w: ids are 1 to %d", id, ErrInvalid, MaxSession)
	}
	if err := check(c.Copies); err != nil {
		return fmt.Errorf("clone session %d: %w", id, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.clones[uint16(id)]
	if err := presence(ok, fresh, there); err != nil {
		return fmt.Errorf("clone session %d: %w", id, err)
	}
	c.Copies = slices.Clone(c.Copies)
	e.clones[uint16(id)] = c
	return nil
}

func presence(ok, fresh, there bool) error {
	switch {
	case fresh && ok:
		return ErrExists
	case there && !ok:
		return ErrNotFound
	}
	return nil
}

// check refuses what the P4Runtime specification refuses: the same port and
// instance twice.
func check(copies []Copy) error {
	if len(copies) > MaxCopies {
		return fmt.Errorf("%w: %d copies, at most %d", ErrInvalid, len(copies), MaxCopies)
	}
	seen := make(map[Copy]struct{}, len(copies))
	for _, c := range copies {
		if _, ok := seen[c]; ok {
			return fmt.Errorf("%w: port %d instance %d twice", ErrInvalid, c.Port, c.Instance)
		}
		seen[c] = struct{}{}
	}
	return nil
}
