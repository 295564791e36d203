package p4rt

import (
	"math/big"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch/p4rt/bytestring"
	"github.com/firstack/firstack/softswitch/p4rt/schema"
	"github.com/firstack/firstack/softswitch/pipeline"
)

// valueSet is a parser value set with its members in canonical form.
type valueSet struct {
	*schema.ValueSet
	pv      *pipeline.ValueSet
	members []*p4v1.ValueSetMember
}

// writeValueSet replaces the members of a value set (P4Runtime specification, chapter
// "ValueSetEntry").
func (w *writer) writeValueSet(op p4v1.Update_Type, e *p4v1.ValueSetEntry) error {
	v := w.b.valueSets[e.GetValueSetId()]
	if v == nil {
		return status.Errorf(codes.InvalidArgument, "value set %d does not exist", e.GetValueSetId())
	}
	if err := modifyOnly(op, "value set", v.Name); err != nil {
		return err
	}
	if err := w.allowed(v.Object, "value set"); err != nil {
		return err
	}
	old := v.members
	if err := v.set(e.GetMembers()); err != nil {
		return err
	}
	w.undo(func() { _ = v.set(old) })
	return nil
}

func (v *valueSet) set(members []*p4v1.ValueSetMember) error {
	if int64(len(members)) > v.Size {
		return status.Errorf(codes.ResourceExhausted, "value set %q: %d members, at most %d", v.Name, len(members), v.Size)
	}
	var packed []pipeline.SetMember
	var stored []*p4v1.ValueSetMember
	seen := map[string]bool{}
	for _, m := range members {
		key := make([]pipeline.Field, len(v.Fields))
		if err := decodeKey(`value set "`+v.Name+`"`, v.Fields, m.GetMatch(), key); err != nil {
			return err
		}
		c := &p4v1.ValueSetMember{Match: encodeKey(v.Fields, key)}
		id, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
		if err != nil || seen[string(id)] {
			return status.Errorf(codes.AlreadyExists, "value set %q: member %s is given twice", v.Name, matchText(v.Fields, c.GetMatch()))
		}
		seen[string(id)] = true
		packed, stored = append(packed, v.pack(key)), append(stored, c)
	}
	if err := v.pv.Set(packed); err != nil {
		return err
	}
	v.members = stored
	return nil
}

// pack puts the fields of a member one after the other, as the parser compares them.
func (v *valueSet) pack(key []pipeline.Field) pipeline.SetMember {
	value, mask := new(big.Int), new(big.Int)
	for i, k := range key {
		w := uint(v.Fields[i].Width)
		fieldMask := new(big.Int)
		switch {
		case !k.Present:
		case v.Fields[i].Kind == p4configv1.MatchField_TERNARY:
			fieldMask.SetBytes(k.Mask)
		case v.Fields[i].Kind == p4configv1.MatchField_LPM:
			fieldMask.SetBytes(ones(k.PrefixLen))
			fieldMask.Lsh(fieldMask, w-uint(k.PrefixLen))
		default:
			fieldMask.SetBytes(ones(int(w)))
		}
		value.Lsh(value, w).Or(value, new(big.Int).SetBytes(k.Value))
		mask.Lsh(mask, w).Or(mask, fieldMask)
	}
	return pipeline.SetMember{Value: value.Bytes(), Mask: mask.FillBytes(make([]byte, bytestring.Bytes(v.pv.Width())))}
}

func (r *reader) readValueSet(e *p4v1.ValueSetEntry) error {
	if e.GetValueSetId() != 0 && r.b.valueSets[e.GetValueSetId()] == nil {
		return status.Errorf(codes.InvalidArgument, "value set %d does not exist", e.GetValueSetId())
	}
	for _, id := range selected(r.b.valueSets, e.GetValueSetId()) {
		if v := r.b.valueSets[id]; mayUse(r.role, v.Role) {
			r.add(&p4v1.Entity{Entity: &p4v1.Entity_ValueSetEntry{ValueSetEntry: &p4v1.ValueSetEntry{ValueSetId: id, Members: v.members}}})
		}
	}
	return nil
}
