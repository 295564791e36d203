package tables_test

import (
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/internal/sample"
)

func TestDescribe(t *testing.T) {
	p := bind(t)
	entry, err := p.Kinds.Entity(sample.KindsEntry{Key: key(), Priority: 9, Action: send})
	if err != nil {
		t.Fatal(err)
	}
	member, _ := p.Pool.Member(4, send)
	group, _ := p.Pool.Group(tables.Group{ID: 6})
	cell, _ := p.EventsCounter.Read(2)
	register, _ := p.SeenRegister.ReadAll()
	meter, _ := p.RateMeter.Entity(1, nil)
	direct, _ := p.Kinds.SetMeter(key(), 9, nil)
	const kinds = "port=300 src_addr=10.1.0.0&&&255.255.0.0 hdr.ipv4.dst=192.0.2.0/24 ports=80..443 vlan=7 " +
		"dst_mac=00:01:02:03:04:05&&&ff:ff:ff:ff:ff:ff peer_addr=2001:db8::1 blob=0x0102030405060708090a hdr.tag.$valid$=1 priority=9"
	for _, test := range []struct {
		entity      *p4v1.Entity
		object, key string
	}{
		{entry, "table kinds", kinds},
		{p.Kinds.ReadAll(tables.With{}), "table kinds", "any key"},
		{p.Kinds.ReadDefault(tables.With{}), "table kinds", "default entry"},
		{p.Kinds.ReadCounters(), "direct counter of kinds", "any key"},
		{direct.GetEntity(), "direct meter of kinds", kinds},
		{member, "action profile pool", "member 4"},
		{group, "action profile pool", "group 6"},
		{cell, "counter events", "cell 2"},
		{p.EventsCounter.ReadAll(), "counter events", "all cells"},
		{meter, "meter rate", "cell 1"},
		{register, "register seen", "all cells"},
		{p.Event.Entity(tables.DigestConfig{}), "digest event_t", ""},
		{&p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: &p4v1.TableEntry{TableId: 0x2000099,
			Match: []*p4v1.FieldMatch{{FieldId: 3, FieldMatchType: &p4v1.FieldMatch_Exact_{Exact: &p4v1.FieldMatch_Exact{Value: []byte{1, 0}}}}}}}},
			"table 0x2000099", "3=256"},
	} {
		object, key := p.Schema.Describe(test.entity)
		if object != test.object || key != test.key {
			t.Errorf("got  %q, %q\nwant %q, %q", object, key, test.object, test.key)
		}
	}
}

func TestSchemaLookups(t *testing.T) {
	s := bind(t).Schema
	for _, name := range []string{"Ingress.part.kinds", "kinds", "part.kinds"} {
		if id, ok := s.TableID(name); !ok || id != 33554433 {
			t.Errorf("%s: %#x, %v", name, id, ok)
		}
	}
	if _, ok := s.TableID("nothing"); ok {
		t.Error("found a table that is not there")
	}
	if id, ok := s.ProfileID("pool"); !ok || id != 285212673 {
		t.Errorf("%#x, %v", id, ok)
	}
	if s.Table(33554433) == nil || s.Action(16777217) == nil || !s.IsDirectMeter(352321537) || s.IsDirectMeter(318767105) {
		t.Error("lookups by id")
	}
}
