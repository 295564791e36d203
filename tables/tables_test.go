package tables_test

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"reflect"
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
