package p4rt

import (
	"fmt"
	"sync"
	"time"
)

// State is where a session stands.
type State int

// The states, in the order in which a session goes through them.
const (
	Disconnected State = iota // no stream; waiting before the next attempt
	Connecting                // dialling, and waiting for the switch's word about who is primary
	Backup                    // connected; another controller is primary, or nobody is
	Preparing                 // primary; comparing the pipeline, and pushing it when it differs
	Primary                   // primary with the pipeline in place: the Handler has the switch
)

var stateNames = [...]string{"disconnected", "connecting", "backup", "preparing", "primary"}

func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return fmt.Sprintf("state %d", int(s))
	}
	return stateNames[s]
}

// Event is a change of state.
type Event struct {
	Switch   string
	From, To State
	Time     time.Time
	Err      error // why, when the change is for the worse
}

// Status is a snapshot of a session, for people and metrics.
type Status struct {
	Switch   string
	Address  string
	State    State
	Since    time.Time
	Err      error // why the session was last lost; nil when it never was
	Election ElectionID
	Highest  ElectionID // the highest the switch has seen, as it said last
	API      string     // the switch's P4Runtime version; empty when it did not tell
	Pushed   int        // how often the pipeline had to be pushed
	Stats    Stats
}

// watchers is the audience of a session's events.
type watchers struct {
	mu   sync.Mutex
	list map[chan Event]struct{}
}

// Watch gives every change of state from now on, in a queue of n events; when it is full the oldest gives way.
// Stop ends it and closes the channel.
func (s *Session) Watch(n int) (events <-chan Event, stop func()) {
	c := make(chan Event, max(n, 1))
	w := &s.watchers
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.list == nil {
		w.list = map[chan Event]struct{}{}
	}
	w.list[c] = struct{}{}
	return c, sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.list, c)
		close(c)
	})
}

func (w *watchers) tell(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.list {
		for sent := false; !sent; {
			select {
			case c <- e:
				sent = true
			default:
				select {
				case <-c:
				default:
				}
			}
		}
	}
}
