package wire

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/encoding/protowire"
)

// tableUpdate is everything that an update of a table entry has exactly one of.
type tableUpdate struct {
	update p4v1.Update
	entity p4v1.Entity
	kind   p4v1.Entity_TableEntry
	entry  p4v1.TableEntry
	action tableAction
}

type tableAction struct {
	table  p4v1.TableAction
	kind   p4v1.TableAction_Action
	action p4v1.Action
}

type exactMatch struct {
	match p4v1.FieldMatch
	kind  p4v1.FieldMatch_Exact_
	exact p4v1.FieldMatch_Exact
}

type lpmMatch struct {
	match p4v1.FieldMatch
	kind  p4v1.FieldMatch_Lpm
	lpm   p4v1.FieldMatch_LPM
}

type ternaryMatch struct {
	match   p4v1.FieldMatch
	kind    p4v1.FieldMatch_Ternary_
	ternary p4v1.FieldMatch_Ternary
}

// decoder makes the messages of one request. Its methods return nil, or false, for what they leave
// to package proto.
type decoder struct {
	tables    []tableUpdate // never grown, so that pointers into it stay
	exact     slab[exactMatch]
	lpm       slab[lpmMatch]
	ternary   slab[ternaryMatch]
	params    slab[p4v1.Action_Param]
	matchList slab[*p4v1.FieldMatch]
	paramList slab[*p4v1.Action_Param]
}

// slab hands out values from arrays.
type slab[T any] struct{ free []T }

const slabSize = 64

func (s *slab[T]) next() *T {
	if len(s.free) == 0 {
		s.free = make([]T, slabSize)
	}
	v := &s.free[0]
	s.free = s.free[1:]
	return v
}

// list hands out an empty slice with room for n.
func (s *slab[T]) list(n int) []T {
	if n > len(s.free) {
		s.free = make([]T, max(n, slabSize))
	}
	l := s.free[:0:n]
	s.free = s.free[n:]
	return l
}

// fields calls f with each field of a message; num is 0 for a varint's v or a string's b of the
// wire type given. It returns false when f does, or for any other wire type.
func fields(msg []byte, f func(num protowire.Number, typ protowire.Type, v uint64, b []byte) bool) bool {
	for len(msg) > 0 {
		num, typ, n := protowire.ConsumeTag(msg)
		if n < 0 {
			return false
		}
		msg = msg[n:]
		var v uint64
		var b []byte
		switch typ {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(msg)
		case protowire.BytesType:
			b, n = protowire.ConsumeBytes(msg)
		default:
			return false
		}
		if n < 0 || !f(num, typ, v, b) {
			return false
		}
		msg = msg[n:]
	}
	return true
}

const (
	varint = protowire.VarintType
	str    = protowire.BytesType
)

// update decodes an update of a table entry.
func (d *decoder) update(msg []byte) *p4v1.Update {
	if len(d.tables) == cap(d.tables) {
		return nil
	}
	d.tables = d.tables[:len(d.tables)+1]
	t := &d.tables[len(d.tables)-1]
	seen := false
	ok := fields(msg, func(num protowire.Number, typ protowire.Type, v uint64, b []byte) bool {
		switch {
		case num == 1 && typ == varint:
			t.update.Type = p4v1.Update_Type(v)
			return true
		case num == 2 && typ == str && !seen:
			seen = true
			return d.entity(t, b)
		}
		return false
	})
	if !ok || !seen {
		d.tables = d.tables[:len(d.tables)-1]
		*t = tableUpdate{}
		return nil
	}
	t.update.Entity = &t.entity
	return &t.update
}

func (d *decoder) entity(t *tableUpdate, msg []byte) bool {
	seen := false
	ok := fields(msg, func(num protowire.Number, typ protowire.Type, _ uint64, b []byte) bool {
		if num != 2 || typ != str || seen {
			return false
		}
		seen = true
		return d.tableEntry(t, b)
	})
	if !ok || !seen {
		return false
	}
	t.kind.TableEntry = &t.entry
	t.entity.Entity = &t.kind
	return true
}

func (d *decoder) tableEntry(t *tableUpdate, msg []byte) bool {
	e := &t.entry
	matches := 0
	if !fields(msg, func(num protowire.Number, _ protowire.Type, _ uint64, _ []byte) bool {
		if num == 2 {
			matches++
		}
		return true
	}) {
		return false
	}
	if matches > 0 {
		e.Match = d.matchList.list(matches)
	}
	return fields(msg, func(num protowire.Number, typ protowire.Type, v uint64, b []byte) bool {
		switch {
		case num == 1 && typ == varint:
			e.TableId = uint32(v)
		case num == 2 && typ == str:
			m := d.match(b)
			if m == nil {
				return false
			}
			e.Match = append(e.Match, m)
		case num == 3 && typ == str:
			if e.Action != nil || !d.tableAction(&t.action, b) {
				return false
			}
			e.Action = &t.action.table
		case num == 4 && typ == varint:
			e.Priority = int32(v)
		case num == 5 && typ == varint:
			e.ControllerMetadata = v //nolint:staticcheck // still served
		case num == 8 && typ == varint:
			e.IsDefaultAction = v != 0
		case num == 9 && typ == varint:
			e.IdleTimeoutNs = int64(v)
		case num == 11 && typ == str:
			e.Metadata = own(b)
		default:
			return false
		}
		return true
	})
}

// tableAction decodes an action; members, groups and sets are left to package proto.
func (d *decoder) tableAction(a *tableAction, msg []byte) bool {
	seen := false
	ok := fields(msg, func(num protowire.Number, typ protowire.Type, _ uint64, b []byte) bool {
		if num != 1 || typ != str || seen {
			return false
		}
		seen = true
		return d.action(&a.action, b)
	})
	if !ok || !seen {
		return false
	}
	a.kind.Action = &a.action
	a.table.Type = &a.kind
	return true
}

func (d *decoder) action(a *p4v1.Action, msg []byte) bool {
	params := 0
	if !fields(msg, func(num protowire.Number, _ protowire.Type, _ uint64, _ []byte) bool {
		if num == 4 {
			params++
		}
		return true
	}) {
		return false
	}
	if params > 0 {
		a.Params = d.paramList.list(params)
	}
	return fields(msg, func(num protowire.Number, typ protowire.Type, v uint64, b []byte) bool {
		switch {
		case num == 1 && typ == varint:
			a.ActionId = uint32(v)
		case num == 4 && typ == str:
			p := d.params.next()
			a.Params = append(a.Params, p)
			return fields(b, func(num protowire.Number, typ protowire.Type, v uint64, b []byte) bool {
				switch {
				case num == 2 && typ == varint:
					p.ParamId = uint32(v)
				case num == 3 && typ == str:
					p.Value = own(b)
				default:
					return false
				}
				return true
			})
		default:
			return false
		}
		return true
	})
}

// own gives a string of the request the form that package proto gives it: never nil when present,
// and with no room behind it that an append could overwrite.
func own(b []byte) []byte {
	if len(b) == 0 {
		return []byte{}
	}
	return b[:len(b):len(b)]
}
