package tables_test

import (
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/internal/sample"
)

// FuzzDecode gives everything that reads messages of a switch any message at all. What decodes has to encode to
// something that decodes to the same.
func FuzzDecode(f *testing.F) {
	p := bind(f)
	seed := func(m proto.Message) {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	entry, err := p.Kinds.Entity(sample.KindsEntry{Key: key(), Priority: 9, Action: send})
	if err != nil {
		f.Fatal(err)
	}
	seed(entry)
	list, err := p.Event.Encode(1, sample.Event{ClientAddr: addr("10.0.0.1")})
	if err != nil {
		f.Fatal(err)
	}
	seed(list)
	f.Fuzz(func(t *testing.T, data []byte) {
		e := &p4v1.Entity{}
		if proto.Unmarshal(data, e) == nil {
			p.Schema.Describe(e)
			checkEntry(t, p, e.GetTableEntry())
			p.Chooser.Decode(e.GetTableEntry())
			p.Pool.DecodeMember(e.GetActionProfileMember())
			p.Pool.DecodeGroup(e.GetActionProfileGroup())
			p.RateMeter.Decode(e.GetMeterEntry())
			p.EventsCounter.Decode(e.GetCounterEntry())
			p.SeenRegister.Decode(e.GetRegisterEntry())
			p.Kinds.DecodeCounter(e.GetDirectCounterEntry())
		}
		list := &p4v1.DigestList{}
		if proto.Unmarshal(data, list) == nil {
			p.Event.Decode(list)
			p.Bare.Decode(list)
		}
		in := &p4v1.PacketIn{}
		if proto.Unmarshal(data, in) == nil {
			p.PacketIn.DecodeIn(in)
		}
	})
}

func checkEntry(t *testing.T, p *sample.Program, m *p4v1.TableEntry) {
	e, err := p.Kinds.Decode(m)
	if err != nil || e.Default {
		return
	}
	again, err := p.Kinds.Message(e)
	if err != nil {
		return // well formed, but not an entry that may be written: no action, no priority
	}
	second, err := p.Kinds.Decode(again)
	if err != nil {
		t.Fatalf("%v: %v", again, err)
	}
	third, err := p.Kinds.Message(second)
	if err != nil || !proto.Equal(again, third) {
		t.Fatalf("%v\nbecame %v, %v", again, third, err)
	}
}

// FuzzBind resolves the sample's names in any P4Info.
func FuzzBind(f *testing.F) {
	good, err := proto.Marshal(info(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{})
	text, err := prototext.Marshal(info(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		i := &p4configv1.P4Info{}
		if proto.Unmarshal(data, i) != nil && prototext.Unmarshal(data, i) != nil {
			return
		}
		if _, err := tables.NewSchema(i); err != nil {
			return
		}
		sample.Bind(i)
	})
}
