package wire

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/encoding/protowire"
)

// match decodes an exact, lpm or ternary match; others are left to package proto.
func (d *decoder) match(msg []byte) *p4v1.FieldMatch {
	var id uint32
	var kind protowire.Number
	var body []byte
	ok := fields(msg, func(num protowire.Number, typ protowire.Type, v uint64, b []byte) bool {
		switch {
		case num == 1 && typ == varint:
			id = uint32(v)
		case num >= 2 && num <= 4 && typ == str && kind == 0:
			kind, body = num, b
		default:
			return false
		}
		return true
	})
	if !ok {
		return nil
	}
	switch kind {
	case 2:
		x := d.exact.next()
		x.match.FieldId, x.match.FieldMatchType, x.kind.Exact = id, &x.kind, &x.exact
		return found(&x.match, fields(body, func(num protowire.Number, typ protowire.Type, _ uint64, b []byte) bool {
			if num != 1 || typ != str {
				return false
			}
			x.exact.Value = own(b)
			return true
		}))
	case 3:
		x := d.ternary.next()
		x.match.FieldId, x.match.FieldMatchType, x.kind.Ternary = id, &x.kind, &x.ternary
		return found(&x.match, fields(body, func(num protowire.Number, typ protowire.Type, _ uint64, b []byte) bool {
			switch {
			case num == 1 && typ == str:
				x.ternary.Value = own(b)
			case num == 2 && typ == str:
				x.ternary.Mask = own(b)
			default:
				return false
			}
			return true
		}))
	case 4:
		x := d.lpm.next()
		x.match.FieldId, x.match.FieldMatchType, x.kind.Lpm = id, &x.kind, &x.lpm
		return found(&x.match, fields(body, func(num protowire.Number, typ protowire.Type, v uint64, b []byte) bool {
			switch {
			case num == 1 && typ == str:
				x.lpm.Value = own(b)
			case num == 2 && typ == varint:
				x.lpm.PrefixLen = int32(v)
			default:
				return false
			}
			return true
		}))
	}
	return nil
}

func found(m *p4v1.FieldMatch, ok bool) *p4v1.FieldMatch {
	if !ok {
		return nil
	}
	return m
}
