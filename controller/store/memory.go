package store

import (
	"context"
	"sync"
)

// Memory is a store that ends with the process.
type Memory struct {
	mu      sync.Mutex
	version Version
	changed chan struct{} // closed when the version is replaced
	closed  bool
	// save makes a version durable before it counts; nil: nothing is to be done.
	save func(Version) error
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty one.
func NewMemory() *Memory { return &Memory{changed: make(chan struct{})} }

// Load implements Store.
func (m *Memory) Load(context.Context) (Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return Version{}, ErrClosed
	}
	return m.version, nil
}

// Swap implements Store.
func (m *Memory) Swap(ctx context.Context, revision uint64, value []byte) (Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		return Version{}, ErrClosed
	case ctx.Err() != nil:
		return Version{}, ctx.Err()
	case m.version.Revision != revision:
		return Version{}, ErrConflict
	}
	next := Version{Revision: revision + 1, Value: value}
	if m.save != nil {
		if err := m.save(next); err != nil {
			return Version{}, err
		}
	}
	m.version = next
	close(m.changed)
	m.changed = make(chan struct{})
	return next, nil
}

// Watch implements Store.
func (m *Memory) Watch(ctx context.Context, revision uint64) <-chan Version {
	out := make(chan Version)
	go func() {
		defer close(out)
		for {
			m.mu.Lock()
			version, changed, closed := m.version, m.changed, m.closed
			m.mu.Unlock()
			if closed {
				return
			}
			if version.Revision > revision {
				select {
				case out <- version:
					revision = version.Revision
				case <-changed: // a newer one is there
				case <-ctx.Done():
					return
				}
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// Close implements Store.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		close(m.changed)
	}
	return nil
}
