package tables_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/internal/sample"
)

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
