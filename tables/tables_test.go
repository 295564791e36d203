package tables_test

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/internal/sample"
)

func info(t testing.TB) *p4configv1.P4Info {
	t.Helper()
	text, err := os.ReadFile("internal/sample/sample.p4info.txtpb")
	if err != nil {
		t.Fatal(err)
	}
	out := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(text, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func bind(t testing.TB) *sample.Program {
	t.Helper()
	p, err := sample.Bind(info(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// key is one of every kind of field, none of them "don't care".
func key() sample.KindsKey {
	return sample.KindsKey{
		Port:     300,
		SrcAddr:  tables.Ternary[netip.Addr]{Value: addr("10.1.2.3"), Mask: addr("255.255.0.0")},
		Dst:      netip.MustParsePrefix("192.0.2.99/24"),
		Ports:    tables.Range[uint16]{Low: 80, High: 443},
		Vlan:     tables.Some[uint16](7),
		DstMAC:   tables.Exactly(tables.MAC{0, 1, 2, 3, 4, 5}),
		PeerAddr: addr("2001:db8::1"),
		Blob:     []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
		Valid:    1,
	}
}

var send = sample.Send{Port: 4, NextAddr: netip.MustParseAddr("192.0.2.7"), MAC: tables.MAC{2, 0, 0, 0, 0, 1}}

func message(t testing.TB, text string, into proto.Message) {
	t.Helper()
	if err := prototext.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

// What goes over the wire, spelled out: ids, canonical bytes, cleared bits, order.
func TestEntryOnTheWire(t *testing.T) {
	p := bind(t)
	got, err := p.Kinds.Message(sample.KindsEntry{
		Key: key(), Priority: 9, Action: send, IdleTimeout: time.Second, Metadata: []byte("m"),
		Meter: &tables.MeterConfig{CIR: 1, CBurst: 2, PIR: 3, PBurst: 4},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &p4v1.TableEntry{}
	message(t, `
		table_id: 33554433
		match { field_id: 1 exact { value: "\x01\x2c" } }
		match { field_id: 2 ternary { value: "\x0a\x01\x00\x00" mask: "\xff\xff\x00\x00" } }
		match { field_id: 3 lpm { value: "\xc0\x00\x02\x00" prefix_len: 24 } }
		match { field_id: 4 range { low: "P" high: "\x01\xbb" } }
		match { field_id: 5 optional { value: "\x07" } }
		match { field_id: 6 ternary { value: "\x01\x02\x03\x04\x05" mask: "\xff\xff\xff\xff\xff\xff" } }
		match { field_id: 7 exact { value: "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" } }
		match { field_id: 8 exact { value: "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a" } }
		match { field_id: 9 exact { value: "\x01" } }
		priority: 9
		action { action { action_id: 16777217
			params { param_id: 1 value: "\x04" }
			params { param_id: 2 value: "\xc0\x00\x02\x07" }
			params { param_id: 3 value: "\x02\x00\x00\x00\x00\x01" } } }
		idle_timeout_ns: 1000000000
		metadata: "m"
		meter_config { cir: 1 cburst: 2 pir: 3 pburst: 4 }`, want)
	if d := cmp.Diff(want, got, protocmp.Transform()); d != "" {
		t.Error(d)
	}
}

func TestEntryThereAndBack(t *testing.T) {
	p := bind(t)
	want := sample.KindsEntry{
		Key: key(), Priority: 9, Action: sample.Tune{Hold: 1500 * time.Millisecond, HoldTicks: 5, Seed: 1 << 63},
		IdleTimeout: time.Minute, Metadata: []byte("m"), Meter: &tables.MeterConfig{CIR: 1},
	}
	m, err := p.Kinds.Message(want)
	if err != nil {
		t.Fatal(err)
	}
	want.Key.SrcAddr.Value = addr("10.1.0.0") // bits outside the mask do not travel
	want.Key.Dst = want.Key.Dst.Masked()
	m.CounterData = &p4v1.CounterData{PacketCount: 3, ByteCount: 4}
	m.TimeSinceLastHit = &p4v1.TableEntry_IdleTimeout{ElapsedNs: 5}
	idle := 5 * time.Nanosecond
	want.Counter, want.IdleFor = &tables.CounterData{Packets: 3, Bytes: 4}, &idle
	got, err := p.Kinds.Decode(m)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDontCareIsLeftOut(t *testing.T) {
	p := bind(t)
	k := sample.KindsKey{
		Ports:    tables.Range[uint16]{Low: 0, High: 65535},
		SrcAddr:  tables.Ternary[netip.Addr]{Value: addr("1.2.3.4"), Mask: addr("0.0.0.0")},
		PeerAddr: addr("::"), Blob: []byte{0, 0},
	}
	m, err := p.Kinds.Message(sample.KindsEntry{Key: k, Priority: 1, Action: send})
	if err != nil {
		t.Fatal(err)
	}
	want := &p4v1.TableEntry{}
	message(t, `match { field_id: 1 exact { value: "\x00" } } match { field_id: 7 exact { value: "\x00" } }
		match { field_id: 8 exact { value: "\x00" } } match { field_id: 9 exact { value: "\x00" } }`, want)
	if d := cmp.Diff(want.Match, m.Match, protocmp.Transform()); d != "" {
		t.Error(d)
	}
	got, err := p.Kinds.DecodeKey(m)
	if err != nil {
		t.Fatal(err)
	}
	if got.Dst != netip.MustParsePrefix("0.0.0.0/0") || got.Vlan.Set || got.Ports != k.Ports || got.SrcAddr.Mask.IsValid() {
		t.Errorf("%+v", got)
	}
}

// Every refusal names object, field and cause.
func TestRefusals(t *testing.T) {
	p := bind(t)
	entry := func(change func(*sample.KindsEntry)) func() error {
		return func() error {
			e := sample.KindsEntry{Key: key(), Priority: 1, Action: send}
			change(&e)
			_, err := p.Kinds.Insert(e)
			return err
		}
	}
	for _, test := range []struct {
		name   string
		do     func() error
		object string
		field  string
		cause  error
	}{
		{"exact too wide", entry(func(e *sample.KindsEntry) { e.Key.Port = 512 }), "table kinds", "port", tables.ErrWidth},
		{"bytes too wide", entry(func(e *sample.KindsEntry) { e.Key.Blob = make([]byte, 11); e.Key.Blob[0] = 1 }), "table kinds", "blob", tables.ErrWidth},
		{"bytes empty", entry(func(e *sample.KindsEntry) { e.Key.Blob = nil }), "table kinds", "blob", tables.ErrMissing},
		{"optional too wide", entry(func(e *sample.KindsEntry) { e.Key.Vlan = tables.Some[uint16](4096) }), "table kinds", "vlan", tables.ErrWidth},
		{"range upside down", entry(func(e *sample.KindsEntry) { e.Key.Ports.Low = 500 }), "table kinds", "ports", tables.ErrValue},
		{"no address", entry(func(e *sample.KindsEntry) { e.Key.PeerAddr = netip.Addr{} }), "table kinds", "peer_addr", tables.ErrMissing},
		{"IPv4 for IPv6", entry(func(e *sample.KindsEntry) { e.Key.PeerAddr = addr("192.0.2.1") }), "table kinds", "peer_addr", tables.ErrValue},
		{"IPv6 for IPv4", entry(func(e *sample.KindsEntry) { e.Key.SrcAddr = tables.Exactly(addr("2001:db8::1")) }), "table kinds", "src_addr", tables.ErrValue},
		{"IPv6 prefix for IPv4", entry(func(e *sample.KindsEntry) { e.Key.Dst = netip.MustParsePrefix("2001:db8::/32") }), "table kinds", "hdr.ipv4.dst", tables.ErrValue},
		{"prefix too long", entry(func(e *sample.KindsEntry) { e.Key.Dst = netip.PrefixFrom(addr("1.2.3.4"), 33) }), "table kinds", "hdr.ipv4.dst", tables.ErrValue},
		{"no priority", entry(func(e *sample.KindsEntry) { e.Priority = 0 }), "table kinds", "", tables.ErrPriority},
		{"negative priority", entry(func(e *sample.KindsEntry) { e.Priority = -1 }), "table kinds", "", tables.ErrPriority},
		{"no action", entry(func(e *sample.KindsEntry) { e.Action = nil }), "table kinds", "", tables.ErrAction},
		{"default-only action", entry(func(e *sample.KindsEntry) { e.Action = sample.NoAction{} }), "table kinds", "", tables.ErrAction},
		{"member in a direct table", entry(func(e *sample.KindsEntry) { e.Action, e.Member = nil, 1 }), "table kinds", "", tables.ErrAction},
		{"two actions", entry(func(e *sample.KindsEntry) { e.Member = 1 }), "table kinds", "", tables.ErrAction},
		{"parameter too wide", entry(func(e *sample.KindsEntry) { e.Action = sample.Send{Port: 512, NextAddr: send.NextAddr} }), "action send", "port", tables.ErrWidth},
		{"parameter missing", entry(func(e *sample.KindsEntry) { e.Action = sample.Send{} }), "action send", "next_addr", tables.ErrMissing},
		{"duration too long", entry(func(e *sample.KindsEntry) { e.Action = sample.Tune{Hold: 2 << 32 * time.Millisecond} }), "action tune", "hold_ms", tables.ErrWidth},
		{"duration negative", entry(func(e *sample.KindsEntry) { e.Action = sample.Tune{Hold: -1} }), "action tune", "hold_ms", tables.ErrValue},
		{"idle timeout negative", entry(func(e *sample.KindsEntry) { e.IdleTimeout = -1 }), "table kinds", "", tables.ErrValue},
		{"idle timeout where there is none", func() error {
			_, err := p.Prefixes.Insert(sample.PrefixesEntry{Action: sample.NoAction{}, IdleTimeout: 1})
			return err
		}, "table prefixes", "", tables.ErrValue},
		{"priority where there is none", func() error {
			_, err := p.Prefixes.Delete(sample.PrefixesKey{}, 1)
			return err
		}, "table prefixes", "", tables.ErrPriority},
		{"negative priority where there is none", func() error {
			_, err := p.Prefixes.Delete(sample.PrefixesKey{}, -1)
			return err
		}, "table prefixes", "", tables.ErrPriority},
		{"prefix longer than the field", func() error {
			_, err := p.Prefixes.Delete(sample.PrefixesKey{Label: tables.LPM[uint32]{Length: 21}}, 0)
			return err
		}, "table prefixes", "label", tables.ErrWidth},
		{"constant default", func() error { _, err := p.Prefixes.SetDefault(sample.NoAction{}); return err }, "table prefixes", "", tables.ErrAction},
		{"table-only default", func() error { _, err := p.Kinds.SetDefault(sample.Tune{}); return err }, "table kinds", "", tables.ErrAction},
		{"action in an indirect table", func() error {
			_, err := p.Chooser.Insert(sample.ChooserEntry{Action: send})
			return err
		}, "table chooser", "", tables.ErrAction},
		{"weight 0 in a set", func() error {
			_, err := p.Chooser.Insert(sample.ChooserEntry{Set: []tables.Weighted[sample.ChooserAction]{{Action: send}}})
			return err
		}, "table chooser", "weight", tables.ErrValue},
		{"member 0", func() error { _, err := p.Pool.Member(0, send); return err }, "action profile pool", "member", tables.ErrValue},
		{"default-only member", func() error { _, err := p.Pool.Member(1, sample.NoAction{}); return err }, "action profile pool", "", tables.ErrAction},
		{"group 0", func() error { _, err := p.Pool.Group(tables.Group{}); return err }, "action profile pool", "group", tables.ErrValue},
		{"weight 0 in a group", func() error {
			_, err := p.Pool.Group(tables.Group{ID: 1, Members: []tables.GroupMember{{Member: 1}}})
			return err
		}, "action profile pool", "weight", tables.ErrValue},
		{"cell outside", func() error { _, err := p.EventsCounter.Read(8); return err }, "counter events", "index", tables.ErrWidth},
		{"cell below", func() error { _, err := p.RateMeter.Set(-1, nil); return err }, "meter rate", "index", tables.ErrWidth},
		{"packet metadata too wide", func() error { _, err := p.PacketOut.Out(sample.PacketOut{EgressPort: 512}, nil); return err }, "header packet_out", "egress_port", tables.ErrWidth},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.do()
			var e *tables.Error
			if !errors.As(err, &e) {
				t.Fatalf("%v", err)
			}
			if e.Object != test.object || e.Field != test.field || !errors.Is(err, test.cause) {
				t.Errorf("%q: object %q, field %q", err, e.Object, e.Field)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	p := bind(t)
	k := key()
	k.Port = 512
	_, err := p.Kinds.Delete(k, 1)
	if want := "table kinds, field port: value does not fit: 512 (the field has 9 bits)"; err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// Whatever arrives, decoding says what is wrong with it.
func TestDecodeRefusals(t *testing.T) {
	p := bind(t)
	good, err := p.Kinds.Message(sample.KindsEntry{Key: key(), Priority: 1, Action: send})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		spoil func(*p4v1.TableEntry)
		field string
		cause error
	}{
		{"another table", func(e *p4v1.TableEntry) { e.TableId = 33554434 }, "", tables.ErrUnknown},
		{"unknown field", func(e *p4v1.TableEntry) { e.Match[0].FieldId = 77 }, "", tables.ErrUnknown},
		{"exact field missing", func(e *p4v1.TableEntry) { e.Match = e.Match[1:] }, "port", tables.ErrMissing},
		{"another match kind", func(e *p4v1.TableEntry) { e.Match[0].FieldMatchType = e.Match[2].FieldMatchType }, "port", tables.ErrKind},
		{"too wide", func(e *p4v1.TableEntry) { e.Match[0].GetExact().Value = []byte{2, 0} }, "port", tables.ErrWidth},
		{"empty bytes", func(e *p4v1.TableEntry) { e.Match[0].GetExact().Value = nil }, "port", tables.ErrValue},
		{"prefix too long", func(e *p4v1.TableEntry) { e.Match[2].GetLpm().PrefixLen = 33 }, "hdr.ipv4.dst", tables.ErrWidth},
		{"ternary is none", func(e *p4v1.TableEntry) { e.Match[1].FieldMatchType = e.Match[0].FieldMatchType }, "src_addr", tables.ErrKind},
		{"range is none", func(e *p4v1.TableEntry) { e.Match[3].FieldMatchType = e.Match[0].FieldMatchType }, "ports", tables.ErrKind},
		{"optional is none", func(e *p4v1.TableEntry) { e.Match[4].FieldMatchType = e.Match[0].FieldMatchType }, "vlan", tables.ErrKind},
		{"unknown action", func(e *p4v1.TableEntry) { e.GetAction().GetAction().ActionId = 1 }, "", tables.ErrUnknown},
		{"unknown parameter", func(e *p4v1.TableEntry) { e.GetAction().GetAction().Params[0].ParamId = 9 }, "", tables.ErrUnknown},
		{"parameter missing", func(e *p4v1.TableEntry) {
			a := e.GetAction().GetAction()
			a.Params = a.Params[1:]
		}, "port", tables.ErrMissing},
		{"parameter too wide", func(e *p4v1.TableEntry) { e.GetAction().GetAction().Params[0].Value = []byte{2, 0} }, "port", tables.ErrWidth},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := proto.Clone(good).(*p4v1.TableEntry)
			test.spoil(m)
			_, err := p.Kinds.Decode(m)
			var e *tables.Error
			if !errors.As(err, &e) || e.Field != test.field || !errors.Is(err, test.cause) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestIndirectTable(t *testing.T) {
	p := bind(t)
	k := sample.ChooserKey{Group: 3}
	for _, want := range []sample.ChooserEntry{
		{Key: k, Member: 5},
		{Key: k, Group: 6},
		{Key: k, Set: []tables.Weighted[sample.ChooserAction]{{Action: send, Weight: 2, WatchPort: []byte{1}}, {Action: send, Weight: 3}}},
	} {
		m, err := p.Chooser.Message(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Chooser.Decode(m)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
	}
}

func TestProfile(t *testing.T) {
	p := bind(t)
	m, err := p.Pool.Member(4, send)
	if err != nil {
		t.Fatal(err)
	}
	if id, call, err := p.Pool.DecodeMember(m.GetActionProfileMember()); id != 4 || call != send || err != nil {
		t.Errorf("%d, %v, %v", id, call, err)
	}
	want := tables.Group{ID: 9, MaxSize: 8, Members: []tables.GroupMember{{Member: 4, Weight: 2, WatchPort: []byte{7}}, {Member: 5, Weight: 1}}}
	g, err := p.Pool.Group(want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Pool.DecodeGroup(g.GetActionProfileGroup()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, _, err := p.Pool.DecodeMember(&p4v1.ActionProfileMember{ActionProfileId: 1}); !errors.Is(err, tables.ErrUnknown) {
		t.Errorf("another profile's member: %v", err)
	}
	if _, err := p.Pool.DecodeGroup(&p4v1.ActionProfileGroup{ActionProfileId: 1}); !errors.Is(err, tables.ErrUnknown) {
		t.Errorf("another profile's group: %v", err)
	}
	for _, e := range []*p4v1.Entity{p.Pool.MemberKey(4), p.Pool.GroupKey(0)} {
		if id := max(e.GetActionProfileMember().GetActionProfileId(), e.GetActionProfileGroup().GetActionProfileId()); id != p.Pool.ID() {
			t.Errorf("%v", e)
		}
	}
}

func TestDigests(t *testing.T) {
	p := bind(t)
	want := []sample.Event{{Kind: 1, ClientAddr: addr("10.0.0.1"), Elapsed: 20 * time.Millisecond}, {Kind: 255, ClientAddr: addr("0.0.0.0")}}
	list, err := p.Event.Encode(7, want...)
	if err != nil {
		t.Fatal(err)
	}
	if list.GetListId() != 7 || list.GetDigestId() != 385875969 || list.GetData()[0].GetStruct().GetMembers()[2].GetBitstring()[0] != 0x4e {
		t.Errorf("%v", list)
	}
	got, err := p.Event.Decode(list)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	bare, err := p.Bare.Encode(1, sample.Bare{Value: 513})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Bare.Decode(bare); err != nil || got[0].Value != 513 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := p.Event.Decode(bare); !errors.Is(err, tables.ErrUnknown) {
		t.Errorf("another digest's list: %v", err)
	}
	list.Data[1].GetStruct().Members = list.Data[1].GetStruct().Members[1:]
	if got, err := p.Event.Decode(list); !errors.Is(err, tables.ErrMissing) || len(got) != 1 {
		t.Errorf("a member short: %v, %v", got, err)
	}
	c := p.Event.Entity(tables.DigestConfig{MaxTimeout: time.Millisecond, MaxList: 3, AckTimeout: time.Second}).GetDigestEntry().GetConfig()
	if c.GetMaxTimeoutNs() != 1e6 || c.GetMaxListSize() != 3 || c.GetAckTimeoutNs() != 1e9 {
		t.Errorf("%v", c)
	}
}

func TestPacketHeaders(t *testing.T) {
	p := bind(t)
	out, err := p.PacketOut.Out(sample.PacketOut{EgressPort: 511}, []byte("frame"))
	if err != nil {
		t.Fatal(err)
	}
	want := &p4v1.PacketOut{}
	message(t, `payload: "frame" metadata { metadata_id: 2 value: "\x01\xff" } metadata { metadata_id: 1 value: "\x00" }`, want)
	if d := cmp.Diff(want, out, protocmp.Transform()); d != "" {
		t.Error(d)
	}
	if h, err := p.PacketOut.DecodeOut(out); err != nil || h.EgressPort != 511 {
		t.Errorf("%v, %v", h, err)
	}
	in, err := p.PacketIn.In(sample.PacketIn{IngressPort: 3}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := p.PacketIn.DecodeIn(in); err != nil || h.IngressPort != 3 {
		t.Errorf("%v, %v", h, err)
	}
	in.Metadata = append(in.Metadata, &p4v1.PacketMetadata{MetadataId: 9})
	if _, err := p.PacketIn.DecodeIn(in); !errors.Is(err, tables.ErrUnknown) {
		t.Errorf("unknown metadata: %v", err)
	}
	if _, err := p.PacketIn.DecodeIn(&p4v1.PacketIn{}); !errors.Is(err, tables.ErrMissing) {
		t.Errorf("no metadata: %v", err)
	}
}

func TestArrays(t *testing.T) {
	p := bind(t)
	set, err := p.EventsCounter.Set(3, tables.CounterData{Packets: 4, Bytes: 5})
	if err != nil {
		t.Fatal(err)
	}
	if i, c, err := p.EventsCounter.Decode(set.GetEntity().GetCounterEntry()); i != 3 || c != (tables.CounterData{Packets: 4, Bytes: 5}) || err != nil {
		t.Errorf("%d, %v, %v", i, c, err)
	}
	if e := p.EventsCounter.ReadAll().GetCounterEntry(); e.GetCounterId() != p.EventsCounter.ID() || e.GetIndex() != nil {
		t.Errorf("%v", e)
	}
	rate := tables.MeterConfig{CIR: 1, CBurst: 2, PIR: 3, PBurst: 4}
	m, err := p.RateMeter.Set(0, &rate)
	if err != nil {
		t.Fatal(err)
	}
	if i, c, err := p.RateMeter.Decode(m.GetEntity().GetMeterEntry()); i != 0 || *c != rate || err != nil {
		t.Errorf("%d, %v, %v", i, c, err)
	}
	reset, err := p.RateMeter.Set(0, nil)
	if err != nil || reset.GetEntity().GetMeterEntry().GetConfig() != nil {
		t.Errorf("%v, %v", reset, err)
	}
	w, err := p.SeenRegister.Set(2, 99)
	if err != nil {
		t.Fatal(err)
	}
	if i, v, err := p.SeenRegister.Decode(w.GetEntity().GetRegisterEntry()); i != 2 || v != 99 || err != nil {
		t.Errorf("%d, %d, %v", i, v, err)
	}
	for name, err := range map[string]error{
		"counter":  third(p.EventsCounter.Decode(&p4v1.CounterEntry{CounterId: 1})),
		"meter":    third(p.RateMeter.Decode(&p4v1.MeterEntry{MeterId: 1})),
		"register": third(p.SeenRegister.Decode(&p4v1.RegisterEntry{RegisterId: 1})),
	} {
		if !errors.Is(err, tables.ErrUnknown) {
			t.Errorf("another %s's cell: %v", name, err)
		}
	}
}

func third[A, B any](_ A, _ B, err error) error { return err }

func TestReads(t *testing.T) {
	p := bind(t)
	all := p.Kinds.ReadAll(tables.With{Counter: true, Meter: true, IdleFor: true}).GetTableEntry()
	if all.GetTableId() != p.Kinds.ID() || all.GetMatch() != nil || all.CounterData == nil || all.MeterConfig == nil || all.TimeSinceLastHit == nil {
		t.Errorf("%v", all)
	}
	if d := p.Kinds.ReadDefault(tables.With{}).GetTableEntry(); !d.GetIsDefaultAction() || d.CounterData != nil {
		t.Errorf("%v", d)
	}
	one, err := p.Kinds.Read(key(), 2, tables.With{})
	if err != nil || len(one.GetTableEntry().GetMatch()) != 9 || one.GetTableEntry().GetPriority() != 2 {
		t.Errorf("%v, %v", one, err)
	}
	if c := p.Kinds.ReadCounters().GetDirectCounterEntry(); c.GetTableEntry().GetTableId() != p.Kinds.ID() {
		t.Errorf("%v", c)
	}
	k, priority, c, err := p.Kinds.DecodeCounter(&p4v1.DirectCounterEntry{TableEntry: one.GetTableEntry(), Data: &p4v1.CounterData{PacketCount: 5}})
	if err != nil || k.Port != 300 || priority != 2 || c.Packets != 5 {
		t.Errorf("%v, %d, %v, %v", k, priority, c, err)
	}
	m, err := p.Kinds.SetMeter(key(), 2, &tables.MeterConfig{CIR: 9})
	if err != nil || m.GetEntity().GetDirectMeterEntry().GetConfig().GetCir() != 9 || m.GetType() != p4v1.Update_MODIFY {
		t.Errorf("%v, %v", m, err)
	}
}

func TestDefaults(t *testing.T) {
	p := bind(t)
	u, err := p.Settings.SetDefault(sample.Tune{Hold: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	m := u.GetEntity().GetTableEntry()
	if u.GetType() != p4v1.Update_MODIFY || !m.GetIsDefaultAction() || len(m.GetMatch()) != 0 {
		t.Errorf("%v", u)
	}
	e, err := p.Settings.Decode(m)
	if err != nil || !e.Default || e.Action != (sample.Tune{Hold: time.Second}) {
		t.Errorf("%+v, %v", e, err)
	}
	if r := p.Settings.ResetDefault().GetEntity().GetTableEntry(); !r.GetIsDefaultAction() || r.GetAction() != nil {
		t.Errorf("%v", r)
	}
}

// Names are resolved in the P4Info at hand: other ids, other orders and other controls around do not matter.
func TestBindToAnotherBuild(t *testing.T) {
	other := info(t)
	kinds := other.GetTables()[0]
	kinds.Preamble.Id = 33559999
	kinds.Preamble.Name = "SwitchIngress.deeper.part.kinds"
	kinds.Preamble.Alias = "part.kinds"
	kinds.MatchFields[0].Id, kinds.MatchFields[8].Id = 9, 1
	other.Registers = nil
	other.Digests[0].Preamble.Name, other.Digests[0].Preamble.Alias = "SwitchIngress.report", "report"
	p, err := sample.Bind(other)
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Kinds.Message(sample.KindsEntry{Key: key(), Priority: 1, Action: send})
	if err != nil {
		t.Fatal(err)
	}
	if m.GetTableId() != 33559999 || m.GetMatch()[0].GetFieldId() != 9 {
		t.Errorf("%v", m)
	}
	if got, err := p.Kinds.Decode(m); err != nil || got.Key.Port != 300 || got.Key.Valid != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if p.SeenRegister.ID() != 0 {
		t.Error("a register that is not there has an id")
	}
	if _, err := p.SeenRegister.Read(0); !errors.Is(err, tables.ErrAbsent) {
		t.Errorf("%v", err)
	}
	if _, err := p.SeenRegister.ReadAll(); !errors.Is(err, tables.ErrAbsent) {
		t.Errorf("%v", err)
	}
}

func TestBindRefusesAnotherProgram(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*p4configv1.P4Info)
		text  string
	}{
		{"table gone", func(i *p4configv1.P4Info) { i.Tables = i.Tables[1:] }, "table kinds: not in this pipeline"},
		{"field gone", func(i *p4configv1.P4Info) { i.Tables[0].MatchFields = i.Tables[0].MatchFields[1:] }, "table kinds, field port: not in this pipeline"},
		{"field more", func(i *p4configv1.P4Info) {
			i.Tables[1].MatchFields = append(i.Tables[1].MatchFields, &p4configv1.MatchField{Id: 2, Name: "more"})
		}, "table prefixes, field more: unknown to the binding"},
		{"field wider", func(i *p4configv1.P4Info) { i.Tables[0].MatchFields[0].Bitwidth = 17 }, "17 bits in the pipeline, 16 in the binding"},
		{"another match kind", func(i *p4configv1.P4Info) {
			i.Tables[1].MatchFields[0].Match = &p4configv1.MatchField_MatchType_{MatchType: tables.KindExact}
		}, "field label: match kind differs"},
		{"action gone", func(i *p4configv1.P4Info) {
			i.Tables[0].ActionRefs = i.Tables[0].ActionRefs[1:]
		}, "table kinds: not in this pipeline (action send)"},
		{"parameter gone", func(i *p4configv1.P4Info) { i.Actions[0].Params = i.Actions[0].Params[1:] }, "action send, field port: not in this pipeline"},
		{"parameter more", func(i *p4configv1.P4Info) {
			i.Actions[1].Params = []*p4configv1.Action_Param{{Id: 1, Name: "x", Bitwidth: 1}}
		}, "action NoAction: unknown to the binding"},
		{"digest gone", func(i *p4configv1.P4Info) { i.Digests = i.Digests[1:] }, "digest event_t: not in this pipeline"},
		{"digest of another shape", func(i *p4configv1.P4Info) {
			m := i.TypeInfo.Structs["event_t"].Members
			m[0], m[1] = m[1], m[0]
		}, "digest event_t, field kind: unknown to the binding (the pipeline has client_addr there)"},
		{"digest shorter", func(i *p4configv1.P4Info) {
			i.TypeInfo.Structs["event_t"].Members = i.TypeInfo.Structs["event_t"].Members[1:]
		}, "digest event_t: unknown to the binding (2 members"},
		{"digest's type gone", func(i *p4configv1.P4Info) { i.TypeInfo = nil }, "digest event_t: not in this pipeline: struct event_t"},
		{"header gone", func(i *p4configv1.P4Info) { i.ControllerPacketMetadata = nil }, "header packet_in: not in this pipeline"},
		{"profile gone", func(i *p4configv1.P4Info) { i.ActionProfiles = nil }, "action profile pool: not in this pipeline"},
		{"counter gone", func(i *p4configv1.P4Info) { i.Counters = nil }, "counter events: not in this pipeline"},
		{"meter gone", func(i *p4configv1.P4Info) { i.Meters = nil }, "meter rate: not in this pipeline"},
		{"register wider", func(i *p4configv1.P4Info) {
			i.Registers[0].TypeSpec.GetBitstring().GetBit().Bitwidth = 64
		}, "register seen: value does not fit"},
		{"id 0", func(i *p4configv1.P4Info) { i.Tables[0].Preamble.Id = 0 }, "has id 0"},
		{"id twice", func(i *p4configv1.P4Info) { i.Tables[0].Preamble.Id = i.Tables[1].Preamble.Id }, "share id"},
		{"dangling action", func(i *p4configv1.P4Info) { i.Actions = i.Actions[1:] }, "refers to action"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := info(t)
			test.spoil(i)
			_, err := sample.Bind(i)
			if err == nil || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v\nwant … %s …", err, test.text)
			}
		})
	}
}

// Any value of every field survives the way there and back.
func TestRandomEntriesThereAndBack(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	p := bind(t)
	any4 := func() netip.Addr {
		return netip.AddrFrom4([4]byte{byte(random.Uint32()), byte(random.Uint32()), 0, byte(random.Uint32())})
	}
	for range 2000 {
		low := uint16(random.Uint32())
		k := sample.KindsKey{
			Port:     uint16(random.IntN(512)),
			SrcAddr:  tables.Within(netip.PrefixFrom(any4(), random.IntN(33))),
			Dst:      netip.PrefixFrom(any4(), random.IntN(33)).Masked(),
			Ports:    tables.Range[uint16]{Low: low, High: low + uint16(random.IntN(int(65536-uint32(low))))},
			Vlan:     tables.Optional[uint16]{},
			PeerAddr: netip.AddrFrom16([16]byte{byte(random.Uint32()), 15: byte(random.Uint32())}),
			Blob:     []byte{byte(1 + random.IntN(255)), byte(random.Uint32())},
			Valid:    uint8(random.IntN(2)),
		}
		if random.IntN(2) == 0 {
			k.Vlan = tables.Some(uint16(random.IntN(4096)))
		}
		want := sample.KindsEntry{Key: k, Priority: 1 + random.Int32N(1000), Action: sample.Send{
			Port: uint16(random.IntN(512)), NextAddr: any4(), MAC: tables.MAC{5: byte(random.Uint32())},
		}}
		if k.Dst.Bits() == 0 {
			want.Key.Dst = netip.MustParsePrefix("0.0.0.0/0")
		}
		m, err := p.Kinds.Message(want)
		if err != nil {
			t.Fatalf("%+v: %v", k, err)
		}
		got, err := p.Kinds.Decode(m)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v, %v\nwant %+v", got, err, want)
		}
	}
}
