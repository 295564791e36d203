package pipeline

import (
	"bytes"
	"fmt"
	"math/big"
	"testing"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// TestHeaderBits extracts and emits random headers and compares with a big
// number that holds the whole header.
func TestHeaderBits(t *testing.T) {
	r := randomised(t)
	for range 500 {
		typ := &bmv2json.HeaderType{Name: "h", VarBit: -1}
		total := 0
		for i := range 1 + r.IntN(8) {
			w := []int{1, 3, 4, 7, 8, 12, 16, 20, 24, 32, 40, 48, 56, 57, 60, 63, 64, 65, 70, 128, 131}[r.IntN(21)]
			if i == 0 {
				w = 1 + r.IntN(16)
			}
			typ.Fields = append(typ.Fields, bmv2json.Field{Name: fmt.Sprint(i), Width: w})
			total += w
		}
		if pad := total % 8; pad != 0 {
			typ.Fields = append(typ.Fields, bmv2json.Field{Name: "pad", Width: 8 - pad})
			total += 8 - pad
		}
		varAt, varBits := -1, 0
		if r.IntN(3) == 0 { // some with a varbit field
			varAt, varBits = r.IntN(len(typ.Fields)+1), 8*r.IntN(20)
			typ.Fields = append(typ.Fields[:varAt], append([]bmv2json.Field{{Name: "var", Width: 160, VarBit: true}}, typ.Fields[varAt:]...)...)
			typ.VarBit = varAt
		}
		h := &bmv2json.Header{Name: "h", Type: typ}
		l := newLayout(&bmv2json.Program{Headers: []*bmv2json.Header{h}})
		hd := &l.headers[0]
		w := make([]uint64, l.words)
		b := make([]byte, (total+varBits)/8)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if varAt < 0 {
			hd.extractFixed(w, b)
		} else {
			hd.extractVar(w, b, varBits)
		}
		whole := new(big.Int).SetBytes(b)
		bit := total + varBits
		for i, f := range typ.Fields {
			n := f.Width
			if f.VarBit {
				n = varBits
			}
			bit -= n
			_, ones := unsignedRange(n)
			want := toWords(new(big.Int).And(new(big.Int).Rsh(whole, uint(bit)), ones), hd.fields[i].words)
			if got := w[hd.fields[i].off : hd.fields[i].off+hd.fields[i].words]; !equalWords(got, want) {
				t.Fatalf("%v: field %d: got %x, want %x", typ.Fields, i, got, want)
			}
		}
		out := bytes.Repeat([]byte{0xff}, len(b))
		hd.emit(w, out)
		if !bytes.Equal(out, b) {
			t.Fatalf("%v: emitted %x, want %x", typ.Fields, out, b)
		}
	}
}
