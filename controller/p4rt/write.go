package p4rt

import (
	"context"
	"errors"
	"slices"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/tables"
)

// Write sends updates in as many batches as their number and size ask for, one after the other. A failed update
// does not keep the others from being tried (CONTINUE_ON_ERROR); all that failed are in the *WriteError. When a
// batch is refused as a whole, the rest is not sent.
//
// The switch may carry out the updates of a batch in any order (section "Batching and Ordering of Updates"): what
// depends on something else has to be in a later call.
func (c *Conn) Write(ctx context.Context, updates ...*p4v1.Update) error {
	var failed *WriteError
	for len(updates) > 0 {
		n := c.batch(updates)
		err := c.writeBatch(ctx, updates[:n])
		if err != nil {
			if failed == nil {
				failed = &WriteError{Switch: c.Switch()}
			}
			failed.Failed = append(failed.Failed, err.Failed...)
			if failed.Err = err.Err; failed.Err != nil {
				failed.Unsent = len(updates) - n
				return failed
			}
		}
		updates = updates[n:]
	}
	if failed != nil {
		return failed
	}
	return nil
}

// batch says how many of the updates make the next batch: at least one.
func (c *Conn) batch(updates []*p4v1.Update) int {
	bytes := 64 // device, role, election id
	for i, u := range updates {
		bytes += proto.Size(u) + 6 // tag and length
		if i == c.session.options.BatchUpdates || i > 0 && bytes > c.session.options.BatchBytes {
			return i
		}
	}
	return len(updates)
}

func (c *Conn) writeBatch(ctx context.Context, updates []*p4v1.Update) *WriteError {
	s := c.session
	for _, u := range updates {
		if err := c.permit([]*p4v1.Entity{u.GetEntity()}); err != nil {
			return &WriteError{Switch: c.Switch(), Err: err}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.WriteTimeout)
	defer cancel()
	s.counters.updates.Add(uint64(len(updates)))
	_, err := c.link.client.Write(ctx, &p4v1.WriteRequest{
		DeviceId:   s.options.DeviceID,
		Role:       s.options.Role,
		ElectionId: c.election.message(),
		Updates:    updates,
	})
	if err == nil {
		return nil
	}
	failure := c.decodeWriteError(err, updates)
	if failure.Err != nil {
		s.counters.updatesFailed.Add(uint64(len(updates)))
	} else {
		s.counters.updatesFailed.Add(uint64(len(failure.Failed)))
	}
	return failure
}

// Upsert writes entities whether or not the switch has them already: inserts, and modifies of those that exist.
func (c *Conn) Upsert(ctx context.Context, entities ...*p4v1.Entity) error {
	updates := make([]*p4v1.Update, len(entities))
	for i, e := range entities {
		updates[i] = tables.Insert(e)
	}
	return c.upsert(ctx, updates)
}

func (c *Conn) upsert(ctx context.Context, inserts []*p4v1.Update) error {
	err := c.Write(ctx, inserts...)
	var failed *WriteError
	if !errors.As(err, &failed) {
		return err
	}
	var again []*p4v1.Update
	failed.Failed = slices.DeleteFunc(failed.Failed, func(u UpdateError) bool {
		exists := u.Code == codes.AlreadyExists
		if exists {
			again = append(again, tables.Modify(u.Update.GetEntity()))
		}
		return exists
	})
	if failed.Err == nil && len(again) > 0 {
		if err := c.Write(ctx, again...); err != nil {
			var more *WriteError
			if !errors.As(err, &more) {
				return err
			}
			failed.Failed, failed.Err, failed.Unsent = append(failed.Failed, more.Failed...), more.Err, more.Unsent
		}
	}
	return failed.orNil()
}
