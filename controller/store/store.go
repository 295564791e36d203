// Package store keeps the controller's configuration: one value, the whole tree, with a revision that grows by every
// change. What it is worth: a change that was acknowledged is never lost, and none is ever there by half.
//
// A value is replaced by compare-and-swap on its revision, and changes can be watched, so that several controllers can
// share one store. The package does not look into the values.
package store

import (
	"context"
	"errors"
)

// Version is the value at a revision. Revision 0 is the empty store's, without a value.
type Version struct {
	Revision uint64
	Value    []byte
}

// ErrConflict says that somebody else changed the value first.
var ErrConflict = errors.New("the store has another revision")

// ErrClosed says that the store is closed.
var ErrClosed = errors.New("the store is closed")

// Store keeps one value. Its methods may be called from several goroutines.
type Store interface {
	// Load gives the newest version.
	Load(ctx context.Context) (Version, error)
	// Swap replaces the value if its revision is still the given one, else it fails with ErrConflict. When it returns
	// a version, that is durable.
	Swap(ctx context.Context, revision uint64, value []byte) (Version, error)
	// Watch sends the newest version, if it is newer than the given revision, and every one that follows, until ctx
	// ends or the store is closed; then the channel is closed. A slow receiver gets the newest and misses others.
	Watch(ctx context.Context, revision uint64) <-chan Version
	// Close ends watching. A durable store can be opened again.
	Close() error
}
