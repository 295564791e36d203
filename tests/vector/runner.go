package vector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// stepTimeout bounds how long a step's results are waited for.
const stepTimeout = 5 * time.Second

// Run runs a vector on a target that has nothing loaded. The error says what was not as it should be,
// step by step; later steps run even so, for what they show.
func Run(ctx context.Context, target Target, program *Program, v *Vector) error {
	r := &run{target: target, schema: NewSchema(program.Info)}
	r.schema.realTime = target.Limits().RealTime
	if err := target.Load(ctx, program); err != nil {
		return fmt.Errorf("%s: %s: load: %w", v.Where, v.Name, err)
	}
	if err := r.write(ctx, p4v1.Update_INSERT, v.Entries); err != nil {
		return fmt.Errorf("%s: %s: entries: %w", v.Where, v.Name, err)
	}
	var faults []error
	for _, s := range v.Steps {
		if err := r.step(ctx, s); err != nil {
			text := strings.ReplaceAll(strings.TrimRight(err.Error(), "\n"), "\n", "\n\t")
			faults = append(faults, fmt.Errorf("%s: %s:\n\t%s", s.Where, v.Name, text))
		}
	}
	return errors.Join(faults...)
}

type run struct {
	target Target
	schema *Schema
}

func (r *run) write(ctx context.Context, kind p4v1.Update_Type, entries []Entry) error {
	var updates []*p4v1.Update
	for _, e := range entries {
		entity, err := r.schema.Entity(e)
		if err != nil {
			return err
		}
		u := &p4v1.Update{Type: kind, Entity: entity}
		if e.Default != "" || e.Meter != "" {
			u.Type = p4v1.Update_MODIFY // the only kind there is for them
		}
		updates = append(updates, u)
	}
	if len(updates) == 0 {
		return nil
	}
	return r.target.Write(ctx, updates)
}

func (r *run) step(ctx context.Context, s *Step) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	if s.At != nil {
		if err := r.target.Advance(time.Duration(*s.At)); err != nil {
			return err
		}
	}
	for _, w := range []struct {
		kind    p4v1.Update_Type
		entries []Entry
	}{{p4v1.Update_INSERT, s.Write}, {p4v1.Update_MODIFY, s.Modify}, {p4v1.Update_DELETE, s.Delete}} {
		if err := r.write(ctx, w.kind, w.entries); err != nil {
			return err
		}
	}
	before, err := r.counts(ctx, s.Counters)
	if err != nil {
		return err
	}
	switch {
	case s.In != nil:
		err = r.target.Send(s.In.Port, s.In.Bytes)
	case s.PacketOut != nil:
		var out *p4v1.PacketOut
		if out, err = r.schema.packetOut(s.PacketOut); err == nil {
			err = r.target.PacketOut(out)
		}
	}
	if err != nil {
		return err
	}
	events, err := r.target.Collect(ctx, Count{len(s.Out), len(s.PacketIns), len(s.Digests)})
	if err != nil {
		return err
	}
	faults := []error{
		compareFrames(s.Out, events.Frames, s.Unordered),
		r.schema.comparePacketIns(s.PacketIns, events.PacketIns),
		r.schema.compareDigests(s.Digests, events.Digests),
	}
	after, err := r.counts(ctx, s.Counters)
	if err != nil {
		return errors.Join(append(faults, err)...)
	}
	return errors.Join(append(faults, r.compareCounts(s.Counters, before, after))...)
}
