package p4rt

import (
	"encoding/binary"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// cookie is what P4Runtime keeps with a table entry and the data plane has no use for. It is stored
// in the one string that the pipeline keeps for the controller: a byte of flags, then what they
// announce, then the metadata. An entry with nothing of this has no string at all.
type cookie struct {
	metadata   []byte
	controller uint64 // controller_metadata, deprecated but still served
	mode       p4v1.ActionProfileActionSet_ActionSelectionMode
	size       p4v1.ActionProfileActionSet_SizeSemantics
}

const (
	hasController = 1 << iota // 8 bytes
	hasSelection              // 2 bytes: mode and size semantics of a one-shot set
)

// packCookie makes the string of an entry. mode and size are those of the one-shot set that an
// entry without action keeps.
func packCookie(e *p4v1.TableEntry, mode p4v1.ActionProfileActionSet_ActionSelectionMode, size p4v1.ActionProfileActionSet_SizeSemantics) []byte {
	if set := e.GetAction().GetActionProfileActionSet(); set != nil {
		mode, size = set.GetActionSelectionMode(), set.GetSizeSemantics()
	}
	controller := e.GetControllerMetadata() //nolint:staticcheck // read-write symmetry
	selection := mode != 0 || size != 0
	if len(e.GetMetadata()) == 0 && controller == 0 && !selection {
		return nil
	}
	out := make([]byte, 1, 11+len(e.GetMetadata()))
	if controller != 0 {
		out[0] |= hasController
		out = binary.BigEndian.AppendUint64(out, controller)
	}
	if selection {
		out[0] |= hasSelection
		out = append(out, byte(mode), byte(size))
	}
	return append(out, e.GetMetadata()...)
}

// unpackCookie reads the string of an entry.
func unpackCookie(s []byte) cookie {
	var c cookie
	if len(s) == 0 {
		return c
	}
	flags := s[0]
	s = s[1:]
	if flags&hasController != 0 && len(s) >= 8 {
		c.controller = binary.BigEndian.Uint64(s)
		s = s[8:]
	}
	if flags&hasSelection != 0 && len(s) >= 2 {
		c.mode, c.size = p4v1.ActionProfileActionSet_ActionSelectionMode(s[0]), p4v1.ActionProfileActionSet_SizeSemantics(s[1])
		s = s[2:]
	}
	if len(s) > 0 {
		c.metadata = append([]byte(nil), s...)
	}
	return c
}
