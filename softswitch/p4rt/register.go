package p4rt

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/p4rt/bytestring"
	"github.com/firstack/firstack/softswitch/p4rt/schema"
)

// writeRegister sets one cell of a register, or all (P4Runtime specification, chapter
// "RegisterEntry").
func (w *writer) writeRegister(op p4v1.Update_Type, e *p4v1.RegisterEntry) error {
	reg := w.b.registers[e.GetRegisterId()]
	if reg == nil {
		return status.Errorf(codes.InvalidArgument, "register %d does not exist", e.GetRegisterId())
	}
	if err := modifyOnly(op, "register", reg.Name); err != nil {
		return err
	}
	if err := w.allowed(reg.Object, "register"); err != nil {
		return err
	}
	value, err := registerValue(reg.Register, e.GetData())
	if err != nil {
		return err
	}
	from, to, err := indices("register", reg.Name, e.GetIndex(), reg.pr.Size())
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		if w.atomic {
			old, err := reg.pr.Read(i)
			if err != nil {
				return err
			}
			w.undo(func() { _ = reg.pr.Write(i, old) })
		}
		if err := reg.pr.Write(i, value); err != nil {
			return err
		}
	}
	return nil
}

// registerValue decodes the data for a cell, padded to its width.
func registerValue(reg *schema.Register, d *p4v1.P4Data) ([]byte, error) {
	wrong := func(text string) error {
		return status.Errorf(codes.InvalidArgument, "register %q: %s", reg.Name, text)
	}
	switch k := d.GetData().(type) {
	case *p4v1.P4Data_Bool:
		if reg.Type.Shape != schema.Bool {
			return nil, wrong("data is a bool, the register holds numbers")
		}
		if k.Bool {
			return []byte{1}, nil
		}
		return []byte{0}, nil
	case *p4v1.P4Data_Bitstring:
		if reg.Type.Shape == schema.Signed {
			if err := bytestring.CheckSigned(k.Bitstring, reg.Width); err != nil {
				return nil, wrong(err.Error())
			}
			return twosComplement(k.Bitstring, reg.Width), nil
		}
		if reg.Type.Shape != schema.Bits {
			return nil, wrong("data is a bitstring, the register holds another type")
		}
		out, err := bytestring.Pad(nil, k.Bitstring, reg.Width)
		if err != nil {
			return nil, wrong(err.Error())
		}
		return out, nil
	case *p4v1.P4Data_EnumValue:
		if reg.Type.Shape != schema.Enum {
			return nil, wrong("data is an enum, the register holds another type")
		}
		out, err := bytestring.Pad(nil, k.EnumValue, reg.Width)
		if err != nil {
			return nil, wrong(err.Error())
		}
		return out, nil
	case nil:
		return nil, wrong("data is missing")
	default:
		return nil, wrong("data has another type")
	}
}

// twosComplement extends or cuts a signed value to the bytes of width bits, the bits above width
// being zero as the data plane keeps them.
func twosComplement(value []byte, width int) []byte {
	n := bytestring.Bytes(width)
	out := make([]byte, n)
	fill := byte(0)
	if len(value) > 0 && value[0]&0x80 != 0 {
		fill = 0xff
	}
	for i := range out {
		out[i] = fill
	}
	for i := 1; i <= n && i <= len(value); i++ {
		out[n-i] = value[len(value)-i]
	}
	if spare := 8*n - width; spare > 0 {
		out[0] &= 0xff >> spare
	}
	return out
}

func (r *reader) readRegister(e *p4v1.RegisterEntry) error {
	if e.GetRegisterId() != 0 && r.b.registers[e.GetRegisterId()] == nil {
		return status.Errorf(codes.InvalidArgument, "register %d does not exist", e.GetRegisterId())
	}
	for _, id := range selected(r.b.registers, e.GetRegisterId()) {
		reg := r.b.registers[id]
		if !mayUse(r.role, reg.Role) {
			continue
		}
		index := e.GetIndex()
		if e.GetRegisterId() == 0 {
			index = nil
		}
		from, to, err := indices("register", reg.Name, index, reg.pr.Size())
		if err != nil {
			return err
		}
		err = cells(r, from, to, reg.pr.Read, func(i int, value []byte) {
			r.add(&p4v1.Entity{Entity: &p4v1.Entity_RegisterEntry{RegisterEntry: &p4v1.RegisterEntry{
				RegisterId: id, Index: &p4v1.Index{Index: int64(i)}, Data: leafData(reg.Type, value)}}})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
