package tables

import "fmt"

// ValueSpec is a parameter, digest member or packet metadata as a generated binding knows it.
type ValueSpec struct {
	Name string
	Bits int // the most that its Go type holds; 0: anything
}

// ValueWriter collects plain values (no match kinds) in the order of the binding; the first error sticks.
type ValueWriter struct {
	object string
	fields []field
	out    [][]byte
	err    error
}

// Put writes value i.
func Put[T any](w *ValueWriter, i int, c Codec[T], v T) {
	b, err := c.encode(v)
	b, err = w.fields[i].fits(w.object, v, b, err)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.out[i] = b
}

// ValueReader gives out plain values; the first error sticks.
type ValueReader struct {
	object string
	fields []field
	in     [][]byte
	err    error
}

// Get reads value i.
func Get[T any](r *ValueReader, i int, c Codec[T]) (v T) {
	if r.err != nil {
		return v
	}
	f := &r.fields[i]
	b := r.in[i]
	if len(b) == 0 {
		r.err = &Error{Object: r.object, Field: f.name, Err: ErrMissing}
		return v
	}
	if BitLen(b) > f.width {
		r.err = &Error{Object: r.object, Field: f.name, Value: b, Detail: bitsOf(f.width), Err: ErrWidth}
		return v
	}
	v, err := c.decode(b)
	if err != nil {
		r.err = &Error{Object: r.object, Field: f.name, Value: b, Err: err}
	}
	return v
}

// located is what P4Info says of parameters and packet metadata alike.
type located interface {
	GetId() uint32
	GetName() string
	GetBitwidth() int32
}

// place finds a named value in the pipeline in use and checks that its Go type is wide enough.
func place[T located](b *Binder, object, name string, bits int, infos []T) (field, bool) {
	for _, info := range infos {
		if info.GetName() != name {
			continue
		}
		width := int(info.GetBitwidth())
		if bits != 0 && width > bits {
			b.fail(&Error{Object: object, Field: name, Detail: fmt.Sprintf("%d bits in the pipeline, %d in the binding", width, bits), Err: ErrWidth})
		}
		return field{name: name, id: info.GetId(), width: width}, true
	}
	b.fail(&Error{Object: object, Field: name, Err: ErrAbsent})
	return field{name: name}, false
}

func placeValues[T located](b *Binder, object string, specs []ValueSpec, infos []T) []field {
	out := make([]field, len(specs))
	for i, s := range specs {
		out[i], _ = place(b, object, s.Name, s.Bits, infos)
	}
	if len(infos) > len(specs) {
		b.fail(&Error{Object: object, Detail: fmt.Sprintf("%d values in the pipeline, %d in the binding", len(infos), len(specs)), Err: ErrUnknown})
	}
	return out
}
