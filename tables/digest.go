package tables

import (
	"fmt"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// DigestSpec is a digest as a generated binding knows it.
type DigestSpec[D any] struct {
	Name    string
	Full    string
	Type    string // the P4 struct that it carries; empty for a bare bit string
	Members []ValueSpec
	Put     func(*ValueWriter, D)
	Get     func(*ValueReader) D
}

// Digest reads the data that a program sends with digest(), and configures how it is sent.
type Digest[D any] struct {
	spec   *DigestSpec[D]
	object string
	id     uint32
	fields []field
}

// BindDigest resolves a digest's names. A digest that another architecture calls otherwise is found by its type.
func BindDigest[D any](b *Binder, spec *DigestSpec[D]) *Digest[D] {
	d := &Digest[D]{spec: spec, object: "digest " + spec.Name}
	info, ok := find(b.schema.Info.GetDigests(), spec.Full, spec.Name)
	if !ok {
		info, ok = digestOfType(b.schema.Info, spec.Type)
	}
	if !ok {
		b.fail(&Error{Object: d.object, Err: ErrAbsent})
		return d
	}
	d.id = info.GetPreamble().GetId()
	members, err := Members(b.schema.Info, info.GetTypeSpec())
	if err != nil {
		b.fail(&Error{Object: d.object, Err: err})
		return d
	}
	// Members of a P4 struct go by position (P4StructLike), so their order has to agree too.
	if len(members) != len(spec.Members) {
		b.fail(&Error{Object: d.object, Detail: fmt.Sprintf("%d members in the pipeline, %d in the binding", len(members), len(spec.Members)), Err: ErrUnknown})
		return d
	}
	d.fields = make([]field, len(members))
	for i, m := range members {
		want := spec.Members[i]
		if m.Name != want.Name {
			b.fail(&Error{Object: d.object, Field: want.Name, Detail: "the pipeline has " + m.Name + " there", Err: ErrUnknown})
		}
		if want.Bits != 0 && m.Bits > want.Bits {
			b.fail(&Error{Object: d.object, Field: want.Name, Detail: fmt.Sprintf("%d bits in the pipeline, %d in the binding", m.Bits, want.Bits), Err: ErrWidth})
		}
		d.fields[i] = field{name: m.Name, width: m.Bits}
	}
	return d
}

func digestOfType(info *p4configv1.P4Info, name string) (found *p4configv1.Digest, ok bool) {
	matches := 0
	for _, d := range info.GetDigests() {
		if name != "" && d.GetTypeSpec().GetStruct().GetName() == name {
			found = d
			matches++
		}
	}
	return found, matches == 1
}

// Members lists the bit string members of a P4 type: a struct's, a tuple's, or the one of a bit string, which is
// called "value". Deeper nesting is refused.
func Members(info *p4configv1.P4Info, spec *p4configv1.P4DataTypeSpec) ([]ValueSpec, error) {
	switch t := spec.GetTypeSpec().(type) {
	case *p4configv1.P4DataTypeSpec_Bitstring:
		return []ValueSpec{{Name: "value", Bits: widthOf(t.Bitstring)}}, nil
	case *p4configv1.P4DataTypeSpec_Tuple:
		var out []ValueSpec
		for i, m := range t.Tuple.GetMembers() {
			if m.GetBitstring() == nil {
				return nil, fmt.Errorf("%w: member %d is no bit string", ErrKind, i)
			}
			out = append(out, ValueSpec{Name: fmt.Sprintf("f%d", i), Bits: widthOf(m.GetBitstring())})
		}
		return out, nil
	case *p4configv1.P4DataTypeSpec_Struct:
		s, ok := info.GetTypeInfo().GetStructs()[t.Struct.GetName()]
		if !ok {
			return nil, fmt.Errorf("%w: struct %s", ErrAbsent, t.Struct.GetName())
		}
		var out []ValueSpec
		for _, m := range s.GetMembers() {
			if m.GetTypeSpec().GetBitstring() == nil {
				return nil, fmt.Errorf("%w: member %s is no bit string", ErrKind, m.GetName())
			}
			out = append(out, ValueSpec{Name: m.GetName(), Bits: widthOf(m.GetTypeSpec().GetBitstring())})
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: %T", ErrKind, spec.GetTypeSpec())
}

func widthOf(t *p4configv1.P4BitstringLikeTypeSpec) int {
	return int(max(t.GetBit().GetBitwidth(), t.GetInt().GetBitwidth(), t.GetVarbit().GetMaxBitwidth()))
}

// ID is the digest's id in the pipeline in use.
func (d *Digest[D]) ID() uint32 { return d.id }

// Is tells whether a list is of this digest.
func (d *Digest[D]) Is(list *p4v1.DigestList) bool { return list.GetDigestId() == d.id }

// Decode reads every item of a list, as far as the first that can't be read.
func (d *Digest[D]) Decode(list *p4v1.DigestList) ([]D, error) {
	if !d.Is(list) {
		return nil, &Error{Object: d.object, Detail: fmt.Sprintf("list of digest id %#x", list.GetDigestId()), Err: ErrUnknown}
	}
	out := make([]D, 0, len(list.GetData()))
	r := ValueReader{object: d.object, fields: d.fields, in: make([][]byte, len(d.fields))}
	for _, data := range list.GetData() {
		if err := d.spread(data, r.in); err != nil {
			return out, err
		}
		item := d.spec.Get(&r)
		if r.err != nil {
			return out, r.err
		}
		out = append(out, item)
	}
	return out, nil
}

func (d *Digest[D]) spread(data *p4v1.P4Data, into [][]byte) error {
	var members []*p4v1.P4Data
	switch t := data.GetData().(type) {
	case *p4v1.P4Data_Bitstring:
		members = []*p4v1.P4Data{data}
	case *p4v1.P4Data_Struct:
		members = t.Struct.GetMembers()
	case *p4v1.P4Data_Tuple:
		members = t.Tuple.GetMembers()
	}
	if len(members) != len(into) {
		return &Error{Object: d.object, Detail: fmt.Sprintf("%d members, expected %d", len(members), len(into)), Err: ErrMissing}
	}
	for i, m := range members {
		into[i] = m.GetBitstring()
	}
	return nil
}

// Encode makes a list of items, as a switch would.
func (d *Digest[D]) Encode(listID uint64, items ...D) (*p4v1.DigestList, error) {
	list := &p4v1.DigestList{DigestId: d.id, ListId: listID}
	for _, item := range items {
		w := ValueWriter{object: d.object, fields: d.fields, out: make([][]byte, len(d.fields))}
		d.spec.Put(&w, item)
		if w.err != nil {
			return nil, w.err
		}
		list.Data = append(list.Data, d.gather(w.out))
	}
	return list, nil
}

func (d *Digest[D]) gather(values [][]byte) *p4v1.P4Data {
	members := make([]*p4v1.P4Data, len(values))
	for i, v := range values {
		members[i] = &p4v1.P4Data{Data: &p4v1.P4Data_Bitstring{Bitstring: v}}
	}
	switch {
	case d.spec.Type != "":
		return &p4v1.P4Data{Data: &p4v1.P4Data_Struct{Struct: &p4v1.P4StructLike{Members: members}}}
	case len(members) == 1:
		return members[0]
	}
	return &p4v1.P4Data{Data: &p4v1.P4Data_Tuple{Tuple: &p4v1.P4StructLike{Members: members}}}
}

// DigestConfig is how a switch shall send a digest (P4Runtime specification, "DigestEntry").
type DigestConfig struct {
	MaxTimeout time.Duration // the longest that the first item of a list waits; 0: not at all
	MaxList    int32         // the most items in a list; 0: as many as the switch likes
	AckTimeout time.Duration // how long equal data is held back for want of an acknowledgement
}

// Entity encodes the configuration: INSERT switches the digest on, DELETE off.
func (d *Digest[D]) Entity(c DigestConfig) *p4v1.Entity {
	return &p4v1.Entity{Entity: &p4v1.Entity_DigestEntry{DigestEntry: &p4v1.DigestEntry{
		DigestId: d.id,
		Config: &p4v1.DigestEntry_Config{
			MaxTimeoutNs: c.MaxTimeout.Nanoseconds(),
			MaxListSize:  c.MaxList,
			AckTimeoutNs: c.AckTimeout.Nanoseconds(),
		},
	}}}
}
