// Package changes lets many wait for the next change of something.
package changes

import "sync"

// Notice wakes those who wait for the next change. The zero value is fit for use.
type Notice struct {
	mu   sync.Mutex
	next chan struct{} // nil: nobody waits
}

// Wait gives a channel that is closed at the next change. Who takes it before looking at what may change misses nothing.
func (n *Notice) Wait() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next == nil {
		n.next = make(chan struct{})
	}
	return n.next
}

// Tell says that something has changed.
func (n *Notice) Tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next != nil {
		close(n.next)
		n.next = nil
	}
}
