package p4rt

import (
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/softswitch/p4rt/schema"
)

// TestRegisterValues: what is written to a cell, as the data plane keeps it, and what is read back.
func TestRegisterValues(t *testing.T) {
	bits := func(s string) *p4v1.P4Data {
		return &p4v1.P4Data{Data: &p4v1.P4Data_Bitstring{Bitstring: []byte(s)}}
	}
	boolean := func(b bool) *p4v1.P4Data { return &p4v1.P4Data{Data: &p4v1.P4Data_Bool{Bool: b}} }
	enum := func(s string) *p4v1.P4Data {
		return &p4v1.P4Data{Data: &p4v1.P4Data_EnumValue{EnumValue: []byte(s)}}
	}
	tests := []struct {
		name  string
		shape schema.Shape
		width int
		in    *p4v1.P4Data
		cell  string // "" = refused
		out   *p4v1.P4Data
	}{
		{"bits", schema.Bits, 12, bits("\x05"), "\x00\x05", bits("\x05")},
		{"bits too wide", schema.Bits, 12, bits("\x10\x00"), "", nil},
		{"positive", schema.Signed, 12, bits("\x05"), "\x00\x05", bits("\x05")},
		{"negative, shortest", schema.Signed, 12, bits("\xff"), "\x0f\xff", bits("\xff")},
		{"negative, extended", schema.Signed, 12, bits("\xff\xff\xfd\x1d"), "\x0d\x1d", bits("\xfd\x1d")},
		{"smallest", schema.Signed, 8, bits("\x80"), "\x80", bits("\x80")},
		{"largest", schema.Signed, 12, bits("\x07\xff"), "\x07\xff", bits("\x07\xff")},
		{"signed too wide", schema.Signed, 12, bits("\x08\x00"), "", nil},
		{"true", schema.Bool, 1, boolean(true), "\x01", boolean(true)},
		{"false", schema.Bool, 1, boolean(false), "\x00", boolean(false)},
		{"bits for bool", schema.Bool, 1, bits("\x01"), "", nil},
		{"enum", schema.Enum, 16, enum("\x02"), "\x00\x02", enum("\x02")},
		{"enum too wide", schema.Enum, 8, enum("\x01\x00"), "", nil},
		{"enum for bits", schema.Bits, 8, enum("\x01"), "", nil},
		{"bool for bits", schema.Bits, 8, boolean(true), "", nil},
		{"struct", schema.Bits, 8, &p4v1.P4Data{Data: &p4v1.P4Data_Struct{}}, "", nil},
		{"nothing", schema.Bits, 8, nil, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reg := &schema.Register{Type: &schema.DataType{Shape: tt.shape, Width: tt.width}, Width: tt.width}
			cell, err := registerValue(reg, tt.in)
			if (err == nil) != (tt.cell != "") || string(cell) != tt.cell {
				t.Fatalf("cell %x, %v, want %x", cell, err, tt.cell)
			}
			if err == nil && leafData(reg.Type, cell).String() != tt.out.String() {
				t.Errorf("read back %v, want %v", leafData(reg.Type, cell), tt.out)
			}
		})
	}
}

// TestDigestData: a message is taken apart by its type.
func TestDigestData(t *testing.T) {
	typ := &schema.DataType{Shape: schema.Tuple, Members: []schema.DataType{
		{Shape: schema.Bits, Width: 9},
		{Shape: schema.Struct, Members: []schema.DataType{{Shape: schema.Bool, Width: 1}, {Shape: schema.Signed, Width: 4}}},
		{Shape: schema.Bits, Width: 32},
	}}
	got, rest := digestData(typ, []byte("\x01\x05\x01\x0e\x00\x00\x00\x07tail"))
	members := got.GetTuple().GetMembers()
	if string(rest) != "tail" || len(members) != 3 || string(members[0].GetBitstring()) != "\x01\x05" ||
		!members[1].GetStruct().GetMembers()[0].GetBool() || string(members[1].GetStruct().GetMembers()[1].GetBitstring()) != "\xfe" ||
		string(members[2].GetBitstring()) != "\x07" {
		t.Errorf("got %v, rest %q", got, rest)
	}
	// A message that is too short must not panic.
	digestData(typ, []byte("\x01"))
}
