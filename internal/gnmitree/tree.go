package gnmitree

import (
	"context"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
)

// Tree is what is subscribed to.
type Tree interface {
	// Accept refuses subscriptions whose encoding or models the tree does not have.
	Accept(*gpb.SubscriptionList) error
	// Locate joins a path to its prefix and checks it; the error is a gRPC status.
	Locate(prefix, path *gpb.Path) (*gpb.Path, error)
	// Snapshot gives at least the leaves that the paths lead to, as they were no longer ago than age.
	Snapshot(ctx context.Context, age time.Duration, paths []*gpb.Path) (Snapshot, error)
	// Changed gives a channel that is closed at the next change that the tree knows of by itself. Others are looked for
	// at an interval.
	Changed() <-chan struct{}
	// Counts says whether a leaf counts or measures, so that it changes all the time: such are sampled, where a
	// subscription leaves the mode to the server.
	Counts(*gpb.Path) bool
	// Encode gives a leaf's value in an encoding that was accepted.
	Encode(*Leaf, gpb.Encoding) (*gpb.TypedValue, error)
}

// Snapshot is the leaves of a tree at one moment, in the order of their paths. It is never changed.
type Snapshot struct {
	Leaves []Leaf
	Made   time.Time
}
