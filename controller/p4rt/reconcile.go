package p4rt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/tables"
)

// Scope is what a reconciliation owns: within it, entities that are not desired are deleted. Outside it, desired
// entities are written all the same, and nothing else is touched. Default entries, meters and constant entries are
// never deleted: P4Runtime has no such thing.
type Scope struct {
	Tables    []uint32                // ids of tables
	Profiles  []uint32                // ids of action profiles: their members and groups
	Multicast bool                    // all multicast groups
	Clones    bool                    // all clone sessions
	Undeleted func(*p4v1.Entity) bool // spares an entity that is not desired; may be nil
}

// Changes is what a reconciliation did.
type Changes struct{ Unchanged, Inserted, Modified, Deleted int }

func (c Changes) String() string {
	return fmt.Sprintf("%d unchanged, %d inserted, %d modified, %d deleted", c.Unchanged, c.Inserted, c.Modified, c.Deleted)
}

// Reconcile makes the switch hold what is desired: it reads what is there and writes the difference, in an order
// in which nothing ever refers to what is not there yet, or is gone already. What is right is not touched, so
// traffic that uses it does not notice.
//
// Desired may hold table entries, default entries, members, groups, meters, multicast groups, clone sessions and
// digest configurations. When several say something about one key the last one counts.
func (c *Conn) Reconcile(ctx context.Context, scope Scope, desired ...*p4v1.Entity) (Changes, error) {
	scope = c.selecting(scope)
	want, order := wanted(desired)
	have, err := c.readBack(ctx, scope, want, order)
	if err != nil {
		return Changes{}, err
	}
	c.groups.learn(scope, have)
	if desired, err = c.grouped(desired); err != nil {
		return Changes{}, err
	}
	want, order = wanted(desired)
	return c.settle(ctx, scope, c.difference(scope, want, order, have), want)
}

// settle carries out a difference.
func (c *Conn) settle(ctx context.Context, scope Scope, p *plan, want map[string]*p4v1.Entity) (Changes, error) {
	err := c.carryOut(ctx, p)
	if err == nil && scope.Undeleted == nil {
		c.groups.keep(scope, want)
	}
	return p.changes, err
}

// there is what a switch holds, by key.
type there struct {
	entities map[string]*p4v1.Entity
	order    []string
	blind    map[kind]bool // what the target does not let us read (quirkReadUnimplemented)
}

func (h *there) add(e *p4v1.Entity) {
	n := normal(e)
	k := keyOf(n)
	if _, known := h.entities[k]; !known {
		h.order = append(h.order, k)
	}
	h.entities[k] = n
}

// readBack reads everything in scope, and of what is desired outside it the entities themselves.
func (c *Conn) readBack(ctx context.Context, scope Scope, want map[string]*p4v1.Entity, order []string) (*there, error) {
	h := &there{entities: map[string]*p4v1.Entity{}, blind: map[kind]bool{}}
	read := func(k kind, what ...*p4v1.Entity) error {
		for e, err := range c.read(ctx, what...) {
			switch status.Code(err) {
			case codes.OK:
			case codes.NotFound: // a read of one thing that is not there
				return nil
			case codes.Unimplemented:
				h.blind[k] = true
				return nil
			default:
				return fmt.Errorf("read back: %w", err)
			}
			if e.GetTableEntry().GetIsConst() {
				continue
			}
			h.add(e)
		}
		return nil
	}
	for _, id := range scope.Tables {
		if err := read(kindTable, c.tableRead(&p4v1.TableEntry{TableId: id})); err != nil {
			return nil, err
		}
	}
	for _, id := range scope.Profiles {
		if err := errors.Join(read(kindMember, allMembers(id)), read(kindGroup, allGroups(id))); err != nil {
			return nil, err
		}
	}
	if scope.Multicast {
		if err := read(kindReplication, MulticastGroup(0)); err != nil {
			return nil, err
		}
	}
	if scope.Clones {
		if err := read(kindReplication, CloneSession(0, 0)); err != nil {
			return nil, err
		}
	}
	for _, k := range order {
		if e := want[k]; !scope.covers(e) {
			if e.GetDigestEntry() != nil && c.session.options.Target.BlindDigests {
				h.blind[kindOf(e)] = true
				continue
			}
			what := bare(e)
			if t := what.GetTableEntry(); t != nil {
				what = c.tableRead(t)
			}
			if err := read(kindOf(e), what); err != nil {
				return nil, err
			}
		}
	}
	return h, nil
}

// tableRead asks for direct meters along with the entries where the table has them, or an entry with one would
// never look right.
func (c *Conn) tableRead(t *p4v1.TableEntry) *p4v1.Entity {
	for _, id := range c.session.schema.Table(t.GetTableId()).GetDirectResourceIds() {
		if c.session.schema.IsDirectMeter(id) {
			t.MeterConfig = &p4v1.MeterConfig{}
		}
	}
	return &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: t}}
}

func (s Scope) covers(e *p4v1.Entity) bool {
	switch x := e.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		return !x.TableEntry.GetIsDefaultAction() && slices.Contains(s.Tables, x.TableEntry.GetTableId())
	case *p4v1.Entity_ActionProfileMember:
		return slices.Contains(s.Profiles, x.ActionProfileMember.GetActionProfileId())
	case *p4v1.Entity_ActionProfileGroup:
		return slices.Contains(s.Profiles, x.ActionProfileGroup.GetActionProfileId())
	case *p4v1.Entity_PacketReplicationEngineEntry:
		if x.PacketReplicationEngineEntry.GetCloneSessionEntry() != nil {
			return s.Clones
		}
		return s.Multicast
	}
	return false
}

// plan is a difference, sorted by what depends on what.
type plan struct {
	changes Changes
	upserts []*p4v1.Update // of what could not be read
	put     map[kind][]*p4v1.Update
	remove  map[kind][]*p4v1.Update
}

func (c *Conn) difference(scope Scope, want map[string]*p4v1.Entity, order []string, have *there) *plan {
	p := &plan{put: map[kind][]*p4v1.Update{}, remove: map[kind][]*p4v1.Update{}}
	for _, key := range order {
		e := want[key]
		old, exists := have.entities[key]
		k := kindOf(e)
		switch {
		case exists && proto.Equal(old, e):
			p.changes.Unchanged++
		case exists, modifyOnly(e):
			p.put[k] = append(p.put[k], tables.Modify(c.outgoing(e)))
			p.changes.Modified++
		case have.blind[k]:
			p.upserts = append(p.upserts, tables.Insert(c.outgoing(e)))
			p.changes.Modified++
		default:
			p.put[k] = append(p.put[k], tables.Insert(c.outgoing(e)))
			p.changes.Inserted++
		}
	}
	for _, key := range have.order {
		e := have.entities[key]
		if want[key] != nil || !scope.covers(e) || scope.Undeleted != nil && scope.Undeleted(e) {
			continue
		}
		k := kindOf(e)
		p.remove[k] = append(p.remove[k], tables.Delete(bare(e)))
		p.changes.Deleted++
	}
	return p
}

// carryOut writes what is referred to before what refers to it, and deletes in the opposite order. Inserts come
// before deletes, so that traffic always has an entry; those that found a table full are tried again after.
func (c *Conn) carryOut(ctx context.Context, p *plan) error {
	var full []*p4v1.Update
	var errs []error
	// keep sets aside what is worth another try and says whether the switch still takes writes.
	keep := func(err error) bool {
		var w *WriteError
		if !errors.As(err, &w) {
			return true
		}
		w.Failed = slices.DeleteFunc(w.Failed, func(u UpdateError) bool {
			again := u.Code == codes.ResourceExhausted && u.Update.GetType() == p4v1.Update_INSERT
			if again {
				full = append(full, u.Update)
			}
			return again
		})
		errs = append(errs, w.orNil())
		return w.Err == nil
	}
	steps := []func() error{
		func() error { return c.Write(ctx, p.put[kindMember]...) },
		func() error { return c.Write(ctx, append(p.put[kindGroup], p.put[kindReplication]...)...) },
		func() error { return c.upsert(ctx, p.upserts) },
		func() error { return c.Write(ctx, append(p.put[kindTable], p.put[kindOther]...)...) },
		func() error { return c.Write(ctx, p.remove[kindTable]...) },
		func() error { return c.Write(ctx, append(p.remove[kindGroup], p.remove[kindReplication]...)...) },
		func() error { return c.Write(ctx, p.remove[kindMember]...) },
	}
	for _, step := range steps {
		if !keep(step()) {
			return errors.Join(errs...)
		}
	}
	if len(full) > 0 {
		errs = append(errs, c.Write(ctx, full...))
	}
	return errors.Join(errs...)
}

// kind sorts entities by what depends on what.
type kind int

const (
	kindMember kind = iota
	kindGroup
	kindReplication
	kindTable
	kindOther
)

func kindOf(e *p4v1.Entity) kind {
	switch e.GetEntity().(type) {
	case *p4v1.Entity_ActionProfileMember:
		return kindMember
	case *p4v1.Entity_ActionProfileGroup:
		return kindGroup
	case *p4v1.Entity_PacketReplicationEngineEntry:
		return kindReplication
	case *p4v1.Entity_TableEntry:
		return kindTable
	}
	return kindOther
}

// modifyOnly tells what is always there and can only be changed.
func modifyOnly(e *p4v1.Entity) bool {
	switch x := e.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		return x.TableEntry.GetIsDefaultAction()
	case *p4v1.Entity_DirectMeterEntry, *p4v1.Entity_MeterEntry, *p4v1.Entity_RegisterEntry,
		*p4v1.Entity_CounterEntry, *p4v1.Entity_DirectCounterEntry, *p4v1.Entity_ValueSetEntry:
		return true
	}
	return false
}
