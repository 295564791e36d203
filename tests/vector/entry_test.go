package vector

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/testing/protocmp"
)

func smallInfo(t testing.TB) *configv1.P4Info {
	t.Helper()
	text, err := os.ReadFile("testdata/small.p4info.txtpb")
	if err != nil {
		t.Fatal(err)
	}
	info := &configv1.P4Info{}
	if err := prototext.Unmarshal(text, info); err != nil {
		t.Fatal(err)
	}
	return info
}

func entryOf(t *testing.T, text string) Entry {
	t.Helper()
	var e Entry
	if err := yaml.UnmarshalWithOptions([]byte(text), &e, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

func TestEntity(t *testing.T) {
	schema := NewSchema(smallInfo(t))
	for _, c := range []struct{ entry, want string }{
		{
			`{table: kinds, key: {exact: 0x101, prefix: 10.1.0.0/16, ternary: 10.0.0.0&&&255.0.0.0, range: 80..443, optional: aa},
			  action: set, args: {port: 2, mac: "02:11:00:00:00:01"}, priority: 7, idle: 2s}`,
			`table_entry { table_id: 33554433 priority: 7 idle_timeout_ns: 2000000000
			  match { field_id: 1 exact { value: "\x01\x01" } }
			  match { field_id: 2 lpm { value: "\x0a\x01\x00\x00" prefix_len: 16 } }
			  match { field_id: 3 ternary { value: "\x0a\x00\x00\x00" mask: "\xff\x00\x00\x00" } }
			  match { field_id: 4 range { low: "\x50" high: "\x01\xbb" } }
			  match { field_id: 5 optional { value: "\x02\x00\x00\x00\x00\xaa" } }
			  action { action { action_id: 16777217
			    params { param_id: 1 value: "\x02" } params { param_id: 2 value: "\x02\x11\x00\x00\x00\x01" } } } }`,
		},
		{
			`{table: In.kinds, key: {exact: 0, prefix: 0.0.0.0/0, ternary: any, range: 7}, action: nothing}`,
			`table_entry { table_id: 33554433
			  match { field_id: 1 exact { value: "\x00" } }
			  match { field_id: 4 range { low: "\x07" high: "\x07" } }
			  action { action { action_id: 16777218 } } }`,
		},
		{
			`{table: kinds, key: {exact: true, ternary: 10.1.0.0/16}, member: 3}`,
			`table_entry { table_id: 33554433
			  match { field_id: 1 exact { value: "\x01" } }
			  match { field_id: 3 ternary { value: "\x0a\x01\x00\x00" mask: "\xff\xff\x00\x00" } }
			  action { action_profile_member_id: 3 } }`,
		},
		{
			`{table: In.deep.same, key: {k: "2001:db8::1"}, group: 4}`,
			`table_entry { table_id: 33554434
			  match { field_id: 1 exact { value: "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" } }
			  action { action_profile_group_id: 4 } }`,
		},
		{
			`{default: kinds, action: nothing}`,
			`table_entry { table_id: 33554433 is_default_action: true action { action { action_id: 16777218 } } }`,
		},
		{
			`{multicast: 5, copies: [{port: 2, instance: 1}, {port: 300, instance: 2}]}`,
			`packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 5
			  replicas { port: "\x02" instance: 1 } replicas { port: "\x01\x2c" instance: 2 } } }`,
		},
		{
			`{clone: 3, copies: [{port: 2}]}`,
			`packet_replication_engine_entry { clone_session_entry { session_id: 3 replicas { port: "\x02" } } }`,
		},
		{
			`{profile: choice, member: 2, action: nothing}`,
			`action_profile_member { action_profile_id: 285212673 member_id: 2 action { action_id: 16777218 } }`,
		},
		{
			`{profile: choice, group: 1, members: {1: 1, 2: 3}}`,
			`action_profile_group { action_profile_id: 285212673 group_id: 1 max_size: 8
			  members { member_id: 1 weight: 1 } members { member_id: 2 weight: 3 } }`,
		},
		{
			`{meter: rate, index: 2, cir: 1, cburst: 2, pir: 3, pburst: 4}`,
			`meter_entry { meter_id: 335544321 index { index: 2 } config { cir: 1 cburst: 2 pir: 3 pburst: 4 } }`,
		},
	} {
		want := &p4v1.Entity{}
		if err := prototext.Unmarshal([]byte(c.want), want); err != nil {
			t.Fatalf("%s: %v", c.want, err)
		}
		got, err := schema.Entity(entryOf(t, c.entry))
		if err != nil {
			t.Errorf("%s: %v", c.entry, err)
		} else if d := cmp.Diff(want, got, protocmp.Transform()); d != "" {
			t.Errorf("%s: -want +got\n%s", c.entry, d)
		}
	}
}

func TestEntityErrors(t *testing.T) {
	schema := NewSchema(smallInfo(t))
	for entry, want := range map[string]string{
		`{}`:                                                                    "this one 0",
		`{table: kinds, clone: 1}`:                                              "this one 2",
		`{table: kind}`:                                                         `no table is called "kind"`,
		`{table: same}`:                                                         `2 tables are called "same"`,
		`{default: nope, action: set}`:                                          `no table is called "nope"`,
		`{table: kinds, action: nothing}`:                                       "key exact: an exact key has to be given",
		`{table: kinds, key: {exact: 512}}`:                                     "512 does not fit in 9 bits",
		`{table: kinds, key: {exact: -1}}`:                                      "not a value of 9 bits",
		`{table: kinds, key: {exact: 1, z: 1}}`:                                 `has no key "z"`,
		`{table: kinds, key: {exact: 1, prefix: 10.1.0.1/16}}`:                  "beyond its prefix",
		`{table: kinds, key: {exact: 1, prefix: 10.1.0.0/33}}`:                  "prefix length up to 32",
		`{table: kinds, key: {exact: 1, prefix: 10.1.0/8}}`:                     "not an address of 32 bits",
		`{table: kinds, key: {exact: 1, ternary: 10.1.0.0&&&255.0.0.0}}`:        "beyond its mask",
		`{table: kinds, key: {exact: 1, range: 9..70000}}`:                      "does not fit in 16 bits",
		`{table: kinds, key: {exact: 1}, action: elsewhere}`:                    `no action of In.kinds is called "elsewhere"`,
		`{table: kinds, key: {exact: 1}, action: set, args: {port: 1}}`:         "argument mac is missing",
		`{table: kinds, key: {exact: 1}, action: nothing, args: {port: 1}}`:     `has no argument "port"`,
		`{table: kinds, key: {exact: 1}, action: set, args: {port: 1, mac: x}}`: "not a value of 48 bits",
		`{profile: choose, member: 1}`:                                          "no action profile",
		`{profile: choice, group: 1, members: {x: 1}}`:                          "members",
		`{meter: raet}`:                                                         "no meter",
	} {
		if _, err := schema.Entity(entryOf(t, entry)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want an error with %q, got %v", entry, want, err)
		}
	}
}
