package p4rt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Read asks for entities, wildcards allowed (section "Wildcard Reads"), and gives them as they come in; after an
// error nothing more comes. Leaving the loop early ends the read.
func (c *Conn) Read(ctx context.Context, what ...*p4v1.Entity) iter.Seq2[*p4v1.Entity, error] {
	if c.session.options.Target.NoActionSets && c.selected(what) {
		return c.readSets(ctx, what)
	}
	return c.read(ctx, what...)
}

// read gives entities in the form in which the switch has them.
func (c *Conn) read(ctx context.Context, what ...*p4v1.Entity) iter.Seq2[*p4v1.Entity, error] {
	return func(yield func(*p4v1.Entity, error) bool) {
		if err := c.permit(what); err != nil {
			yield(nil, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.link.client.Read(ctx, &p4v1.ReadRequest{
			DeviceId: c.session.options.DeviceID,
			Role:     c.session.options.Role,
			Entities: what,
		})
		for err == nil {
			var r *p4v1.ReadResponse
			if r, err = stream.Recv(); err != nil {
				break
			}
			c.session.counters.entitiesRead.Add(uint64(len(r.GetEntities())))
			for _, e := range r.GetEntities() {
				if !yield(e, nil) {
					return
				}
			}
		}
		if !errors.Is(err, io.EOF) && !onlyMissing(err, len(what)) {
			yield(nil, fmt.Errorf("switch %s: read %s: %w", c.Switch(), c.describeAll(what), err))
		}
	}
}

// ReadAll collects what Read gives.
func (c *Conn) ReadAll(ctx context.Context, what ...*p4v1.Entity) ([]*p4v1.Entity, error) {
	var out []*p4v1.Entity
	for e, err := range c.Read(ctx, what...) {
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
	return out, nil
}

// onlyMissing tells whether a read failed for no other reason than that some of several entities are not there
// (quirkReadDetails); the others have been read.
func onlyMissing(err error, entities int) bool {
	st, _ := status.FromError(err)
	details := st.Details()
	if st.Code() != codes.Unknown || len(details) != entities {
		return false
	}
	missing := false
	for _, d := range details {
		e, ok := d.(*p4v1.Error)
		switch {
		case !ok:
			return false
		case codes.Code(e.GetCanonicalCode()) == codes.NotFound:
			missing = true
		case codes.Code(e.GetCanonicalCode()) != codes.OK:
			return false
		}
	}
	return missing
}

// permit refuses what the target is known not to serve (quirkNoRegisters).
func (c *Conn) permit(entities []*p4v1.Entity) error {
	if c.session.options.Target.Registers {
		return nil
	}
	for _, e := range entities {
		if e.GetRegisterEntry() != nil {
			object, key := c.session.schema.Describe(e)
			return fmt.Errorf("switch %s: %s, %s: %w", c.Switch(), object, key, ErrUnsupported)
		}
	}
	return nil
}

func (c *Conn) describeAll(what []*p4v1.Entity) string {
	if len(what) != 1 {
		return fmt.Sprintf("%d entities", len(what))
	}
	object, key := c.session.schema.Describe(what[0])
	if key == "" {
		return object
	}
	return object + ", " + key
}
