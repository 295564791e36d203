package wire

import (
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// samples are requests in text; fast says how many updates are decoded here and not by package
// proto.
var samples = []struct {
	name string
	text string
	fast int
}{
	{"empty", ``, 0},
	{"no updates", `device_id: 7 role: "x" election_id { high: 1 low: 2 } atomicity: DATAPLANE_ATOMIC`, 0},
	{"exact", `updates { type: INSERT entity { table_entry { table_id: 9 match { field_id: 1 exact { value: "\x01\x02" } }
		action { action { action_id: 3 params { param_id: 1 value: "\x05" } params { param_id: 2 value: "" } } } } } }`, 1},
	{"everything plain", `device_id: 1 updates { type: MODIFY entity { table_entry { table_id: 4294967295 priority: -1 controller_metadata: 18446744073709551615
		is_default_action: true idle_timeout_ns: -5 metadata: "m" match { field_id: 2 lpm { value: "\x0a" prefix_len: 8 } }
		match { field_id: 3 ternary { value: "\x01" mask: "\x0f" } } } } } election_id { low: 1 }`, 1},
	{"empty entry", `updates { entity { table_entry {} } }`, 1},
	{"empty update", `updates {}`, 0},
	{"empty entity", `updates { entity {} }`, 0},
	{"empty action", `updates { entity { table_entry { action { action {} } } } }`, 1},
	{"other entities", `updates { type: INSERT entity { table_entry { table_id: 1 } } } updates { entity { counter_entry { counter_id: 1 } } } updates { entity { table_entry { table_id: 2 } } }`, 2},
	{"unusual entries", `updates { entity { table_entry { counter_data { packet_count: 1 } } } } updates { entity { table_entry { is_const: true } } }
		updates { entity { table_entry { match { field_id: 1 range { low: "\x01" } } } } } updates { entity { table_entry { match { field_id: 1 optional { value: "\x01" } } } } }
		updates { entity { table_entry { match { field_id: 1 } } } } updates { entity { table_entry { action { action_profile_group_id: 1 } } } } updates { entity { table_entry { action {} } } }`, 0},
}

// both decodes data in both ways.
func both(data []byte) (got, want *p4v1.WriteRequest, gotErr, wantErr error) {
	r := NewRequest()
	gotErr = proto.Unmarshal(data, r)
	want = &p4v1.WriteRequest{}
	wantErr = proto.Unmarshal(data, want)
	return r.WriteRequest, want, gotErr, wantErr
}

func TestSamples(t *testing.T) {
	for _, tt := range samples {
		t.Run(tt.name, func(t *testing.T) {
			req := &p4v1.WriteRequest{}
			if err := prototext.Unmarshal([]byte(tt.text), req); err != nil {
				t.Fatal(err)
			}
			data, err := proto.Marshal(req)
			if err != nil {
				t.Fatal(err)
			}
			got, want, gotErr, wantErr := both(data)
			clear(data) // the request must not refer to the caller's buffer
			if gotErr != nil || wantErr != nil || !proto.Equal(got, want) {
				t.Errorf("got %v, %v, want %v, %v", got, gotErr, want, wantErr)
			}
			d := &decoder{tables: make([]tableUpdate, 0, len(req.GetUpdates()))}
			fast := 0
			for _, u := range req.GetUpdates() {
				b, err := proto.Marshal(u)
				if err != nil {
					t.Fatal(err)
				}
				if d.update(b) != nil {
					fast++
				}
			}
			if fast != tt.fast {
				t.Errorf("%d updates decoded here, want %d", fast, tt.fast)
			}
		})
	}
}

// TestMany: the messages of different updates do not share anything, beyond the size of a slab.
func TestMany(t *testing.T) {
	req := &p4v1.WriteRequest{}
	for i := range 3 * slabSize {
		req.Updates = append(req.Updates, &p4v1.Update{Entity: &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: &p4v1.TableEntry{
			TableId: uint32(i),
			Match: []*p4v1.FieldMatch{
				{FieldId: 1, FieldMatchType: &p4v1.FieldMatch_Exact_{Exact: &p4v1.FieldMatch_Exact{Value: []byte{byte(i)}}}},
				{FieldId: 2, FieldMatchType: &p4v1.FieldMatch_Exact_{Exact: &p4v1.FieldMatch_Exact{Value: []byte{byte(i + 1)}}}},
			},
		}}}})
	}
	data, err := proto.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	got, want, err, _ := both(data)
	if err != nil || !proto.Equal(got, want) {
		t.Errorf("%d updates are not what was sent: %v", len(got.GetUpdates()), err)
	}
}

// FuzzRequest compares with package proto on arbitrary bytes.
func FuzzRequest(f *testing.F) {
	for _, s := range samples {
		req := &p4v1.WriteRequest{}
		if err := prototext.Unmarshal([]byte(s.text), req); err != nil {
			f.Fatal(err)
		}
		data, err := proto.Marshal(req)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(append(data, data...))
	}
	f.Add(protowire.AppendTag(nil, updatesField, protowire.StartGroupType))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, want, gotErr, wantErr := both(data)
		if (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("error %v, package proto has %v", gotErr, wantErr)
		}
		if gotErr == nil && !proto.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	req := &p4v1.WriteRequest{}
	u := &p4v1.Update{}
	const text = `type: INSERT entity { table_entry { table_id: 50292116 match { field_id: 1 exact { value: "\x0a\x00\x00\x01" } } match { field_id: 2 exact { value: "\x0a\x00\x00\x02" } }
		match { field_id: 3 exact { value: "\x04\xd2" } } match { field_id: 4 exact { value: "\x50" } }
		action { action { action_id: 17490071 params { param_id: 1 value: "\x01" } params { param_id: 2 value: "\x02" } params { param_id: 3 value: "\x03" } } } } }`
	if err := prototext.Unmarshal([]byte(text), u); err != nil {
		b.Fatal(err)
	}
	for range 1000 {
		req.Updates = append(req.Updates, u)
	}
	data, err := proto.Marshal(req)
	if err != nil {
		b.Fatal(err)
	}
	for name, m := range map[string]func() proto.Message{
		"wire":  func() proto.Message { return NewRequest() },
		"proto": func() proto.Message { return &p4v1.WriteRequest{} },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if err := proto.Unmarshal(data, m()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
