package vector

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/tests/packet"
)

// fake is a target that does what its functions say.
type fake struct {
	answer  func(Frame) Events
	counter int64 // of the action In.set in table In.kinds
	calls   []string
	pending Events
	limits  Limits
}

func (f *fake) Load(_ context.Context, p *Program) error {
	f.calls = append(f.calls, "load "+p.Name)
	return nil
}

func (f *fake) Write(_ context.Context, updates []*p4v1.Update) error {
	for _, u := range updates {
		f.calls = append(f.calls, u.Type.String())
	}
	return nil
}

func (f *fake) Read(_ context.Context, entities ...*p4v1.Entity) ([]*p4v1.Entity, error) {
	if entities[0].GetTableEntry().IsDefaultAction {
		return nil, nil
	}
	entry := &p4v1.TableEntry{
		Action:      &p4v1.TableAction{Type: &p4v1.TableAction_Action{Action: &p4v1.Action{ActionId: 16777217}}},
		CounterData: &p4v1.CounterData{PacketCount: f.counter},
	}
	return []*p4v1.Entity{{Entity: &p4v1.Entity_TableEntry{TableEntry: entry}}}, nil
}

func (f *fake) Send(port uint32, frame []byte) error {
	f.calls = append(f.calls, "send")
	f.pending = f.answer(Frame{Port: port, Bytes: frame})
	return nil
}

func (f *fake) PacketOut(p *p4v1.PacketOut) error {
	f.calls = append(f.calls, "packet-out")
	f.pending = f.answer(Frame{Port: uint32(p.Metadata[0].Value[0]), Bytes: p.Payload})
	return nil
}

func (f *fake) Advance(since time.Duration) error {
	f.calls = append(f.calls, "advance "+since.String())
	return nil
}

func (f *fake) Collect(context.Context, Count) (Events, error) {
	events := f.pending
	f.pending = Events{}
	return events, nil
}

func (f *fake) Limits() Limits { return f.limits }

func (f *fake) Close() error { return nil }

const runnerYAML = `
program: small
vectors:
- name: everything
  entries: [{default: kinds, action: nothing}]
  steps:
  - at: 2s
    write: [{multicast: 1}]
    in: {port: 1, packet: "eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 S"}
    out:
    - {port: 2, packet: "eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 S"}
    - {port: 3, packet: "eth aa>bb / ip 1.2.3.4>5.6.7.8 csum=+0x0001 / tcp 1>2 S", wrong: "ip: header checksum"}
    digests: [{list: news, fields: {addr: 1.2.3.4, port: any}}]
    packet_ins: [{metadata: {reason: 3}, packet: "eth aa>bb / ip 1.2.3.4>5.6.7.8"}]
    counters: {kinds/set: 1}
  - delete: [{multicast: 1}]
    packet_out: {metadata: {egress_port: 3}, packet: "eth aa>bb / ip 1.2.3.4>5.6.7.8"}
    out: [{port: 3, packet: "eth aa>bb / ip 1.2.3.4>5.6.7.8"}]
`

func frame(port uint32, text string) Frame {
	return Frame{Port: port, Bytes: packet.MustParse(text).Build()}
}

func bits(b ...byte) *p4v1.P4Data {
	return &p4v1.P4Data{Data: &p4v1.P4Data_Bitstring{Bitstring: b}}
}

// good is what runnerYAML's first step wants.
func good() Events {
	return Events{
		Frames: []Frame{
			frame(3, "eth aa>bb / ip 1.2.3.4>5.6.7.8 csum=+0x0001 / tcp 1>2 S"),
			frame(2, "eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 S"),
		},
		PacketIns: []*p4v1.PacketIn{{
			Payload:  packet.MustParse("eth aa>bb / ip 1.2.3.4>5.6.7.8").Build(),
			Metadata: []*p4v1.PacketMetadata{{MetadataId: 1, Value: []byte{1}}, {MetadataId: 2, Value: []byte{3}}},
		}},
		Digests: []*p4v1.DigestList{{DigestId: 385875969, Data: []*p4v1.P4Data{{Data: &p4v1.P4Data_Struct{
			Struct: &p4v1.P4StructLike{Members: []*p4v1.P4Data{bits(1, 2, 3, 4), bits(9)}},
		}}}}},
	}
}

func runSmall(t *testing.T, change func(*Events, *fake)) (*fake, error) {
	t.Helper()
	vectors, err := Load(fsOf(map[string]string{"v.yaml": runnerYAML}), "v.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{}
	f.answer = func(in Frame) Events {
		if in.Port == 3 {
			return Events{Frames: []Frame{in}}
		}
		f.counter++
		e := good()
		change(&e, f)
		return e
	}
	return f, Run(t.Context(), f, &Program{Name: "small", Info: smallInfo(t)}, vectors[0])
}

func TestRun(t *testing.T) {
	f, err := runSmall(t, func(*Events, *fake) {})
	if err != nil {
		t.Error(err)
	}
	want := []string{"load small", "MODIFY", "advance 2s", "INSERT", "send", "DELETE", "packet-out"}
	if d := cmp.Diff(want, f.calls); d != "" {
		t.Errorf("calls: -want +got\n%s", d)
	}
}

func TestRunFindsFaults(t *testing.T) {
	const plain = "eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 S"
	for name, c := range map[string]struct {
		change func(*Events, *fake)
		want   string
	}{
		"missing frame":    {func(e *Events, _ *fake) { e.Frames = e.Frames[:1] }, "port 2: missing: eth aa>bb"},
		"unexpected frame": {func(e *Events, _ *fake) { e.Frames = append(e.Frames, frame(4, plain)) }, "port 4: unexpected: eth aa>bb"},
		"one too many":     {func(e *Events, _ *fake) { e.Frames = append(e.Frames, frame(2, plain)) }, "port 2: unexpected"},
		"another frame": {
			func(e *Events, _ *fake) { e.Frames[1] = frame(2, strings.Replace(plain, "1>2", "1>3", 1)) },
			"layer 3 tcp: want 1>2, got 1>3",
		},
		"checksum made right": {func(e *Events, _ *fake) { e.Frames[0] = frame(3, plain) }, "should still have the fault"},
		"another fault": {
			func(e *Events, _ *fake) {
				e.Frames[0] = frame(3, "eth aa>bb / ip 1.2.3.4>5.6.7.8 csum=+0x0001 / tcp 1>2 S csum=+0x0001")
			}, "ip/tcp: checksum",
		},
		"digest missing":       {func(e *Events, _ *fake) { e.Digests = nil }, "digest news: missing"},
		"digest unexpected":    {func(e *Events, _ *fake) { e.Digests = append(e.Digests, e.Digests[0]) }, "digest news_t: unexpected: addr=0x01020304 port=0x09"},
		"digest value":         {func(e *Events, _ *fake) { e.Digests[0].Data[0].GetStruct().Members[0] = bits(1, 2, 3, 5) }, "addr: want 1.2.3.4, got 16909061"},
		"digest of no kind":    {func(e *Events, _ *fake) { e.Digests[0].DigestId = 1 }, "unknown id 1"},
		"digest too short":     {func(e *Events, _ *fake) { e.Digests[0].Data[0] = bits(1) }, "1 members, 2 expected"},
		"packet-in missing":    {func(e *Events, _ *fake) { e.PacketIns = nil }, "packet-in: missing"},
		"packet-in unexpected": {func(e *Events, _ *fake) { e.PacketIns = append(e.PacketIns, e.PacketIns[0]) }, "packet-in: unexpected"},
		"packet-in differs":    {func(e *Events, _ *fake) { e.PacketIns[0].Payload[5]++ }, "packet-in: layer 1 eth"},
		"packet-in metadata":   {func(e *Events, _ *fake) { e.PacketIns[0].Metadata[1].Value = []byte{2} }, "reason: want 3, got 2"},
		"counter":              {func(_ *Events, f *fake) { f.counter++ }, "counter kinds/set: want 1 more, got 2"},
	} {
		_, err := runSmall(t, c.change)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "v.yaml:7: everything") {
			t.Errorf("%s: want an error with %q, got %v", name, c.want, err)
		}
	}
}

// TestLimits: what a target can't do is not held against it.
func TestLimits(t *testing.T) {
	schema := NewSchema(smallInfo(t))
	values, widths := map[string][]byte{"port": {9}}, map[string]int32{"port": 16}
	for _, c := range []struct {
		want     Text
		realTime bool
		ok       bool
	}{{"~9", false, true}, {"~8", false, false}, {"~8", true, true}, {"8", true, false}, {"any", false, true}} {
		schema.realTime = c.realTime
		if err := schema.compareValues("x", map[string]Text{"port": c.want}, values, widths); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
	info := smallInfo(t)
	info.Tables[0].ConstDefaultActionId = 16777217
	for _, limited := range []bool{false, true} {
		r := &run{target: &fake{limits: Limits{NoDefaultCounters: limited}}, schema: NewSchema(info)}
		err := r.compareCounts(map[string]int{"kinds/set": 1}, nil, nil)
		if (err == nil) != limited {
			t.Errorf("limited %v: %v", limited, err)
		}
	}
}

func TestLoadProgram(t *testing.T) {
	if _, err := LoadProgram("nope"); err == nil {
		t.Error("an unknown program loads")
	}
	p, err := LoadProgram("client_gateway")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Config) == 0 || len(digestUpdates(p.Info)) != 1 {
		t.Errorf("client_gateway: %d bytes, %d digests", len(p.Config), len(digestUpdates(p.Info)))
	}
}
