package p4rt_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch"
)

// Entities that the rules below vary.
const (
	flow = `table_entry { table_id: $flows
		match { field_id: 1 exact { value: "\x0a\x00\x00\x01" } } match { field_id: 2 exact { value: "\x0a\x00\x00\x02" } }
		match { field_id: 3 exact { value: "\x04\xd2" } } match { field_id: 4 exact { value: "\x50" } }
		action { action { action_id: $rewrite params { param_id: 1 value: "\x01" } params { param_id: 2 value: "\x02" } params { param_id: 3 value: "\x03" } } } }`
	route  = `table_entry { table_id: $routes match { field_id: 1 lpm { value: "\x0a\x00\x00\x00" prefix_len: 8 } } action { action { action_id: $forward params { param_id: 1 value: "\x01" } } } }`
	acl    = `table_entry { table_id: $acl match { field_id: 1 ternary { value: "\x0a\x00\x00\x00" mask: "\xff\x00\x00\x00" } } priority: 5 action { action { action_id: $drop } } }`
	member = `action_profile_member { action_profile_id: $hashed member_id: 1 action { action_id: $forward params { param_id: 1 value: "\x01" } } }`
)

// sub varies an entity: pairs of old and new text.
func sub(text string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }

// TestWriteRules is a table of the specification's rules for updates. Each case begins with an
// empty program; before is written first.
func TestWriteRules(t *testing.T) {
	const (
		bad      = codes.InvalidArgument
		denied   = codes.PermissionDenied
		notFound = codes.NotFound
		exists   = codes.AlreadyExists
	)
	tests := []struct {
		name   string
		before []string // "op entity"
		op     string
		entity string
		code   codes.Code
		says   string // part of the message
	}{
		// Updates.
		{"type unspecified", nil, "unspecified", flow, bad, "UNSPECIFIED"},
		{"no entity", nil, "insert", ``, bad, "no entity"},
		{"insert", nil, "insert", flow, codes.OK, ""},
		{"insert twice", []string{"insert " + flow}, "insert", flow, exists, "MyIngress.flows"},
		{"modify what is not there", nil, "modify", flow, notFound, "MyIngress.flows"},
		{"delete what is not there", nil, "delete", flow, notFound, "MyIngress.flows"},
		{"modify", []string{"insert " + flow}, "modify", flow, codes.OK, ""},
		{"delete", []string{"insert " + flow}, "delete", flow, codes.OK, ""},
		{"delete looks at the key only", []string{"insert " + flow}, "delete", sub(flow, "action_id: $rewrite", "action_id: 7"), codes.OK, ""},

		// TableEntry.
		{"unknown table", nil, "insert", sub(flow, "$flows", "7"), bad, "table 7"},
		{"table by another object's id", nil, "insert", sub(flow, "$flows", "$drop"), bad, "table"},
		{"is_const", nil, "insert", sub(flow, "action {action", "is_const: true action {action", "action { action", "is_const: true action { action"), bad, "is_const"},
		{"time_since_last_hit", nil, "insert", sub(flow, "match { field_id: 1", "time_since_last_hit {} match { field_id: 1"), bad, "time_since_last_hit"},
		{"meter_counter_data", nil, "insert", sub(route, "match {", "meter_counter_data {} match {"), codes.Unimplemented, "meter_counter_data"},
		{"idle timeout where there is none", nil, "insert", sub(route, "match {", "idle_timeout_ns: 1 match {"), bad, "idle timeout"},
		{"idle timeout", nil, "insert", sub(flow, "match { field_id: 1", "idle_timeout_ns: 1000000000 match { field_id: 1"), codes.OK, ""},
		{"negative idle timeout", nil, "insert", sub(flow, "match { field_id: 1", "idle_timeout_ns: -1 match { field_id: 1"), bad, "negative"},
		{"counter_data without counter", nil, "insert", sub(route, "match {", "counter_data {} match {"), bad, "no direct counter"},
		{"meter_config without meter", nil, "insert", sub(acl, "match {", "meter_config {} match {"), bad, "no direct meter"},
		{"insert without action", nil, "insert", `table_entry { table_id: $fixed match { field_id: 1 exact { value: "\x01" } } }`, denied, "constant"},
		{"insert into routes without action", nil, "insert", `table_entry { table_id: $routes }`, bad, "action is missing"},
		{"modify without action", []string{"insert " + route}, "modify", `table_entry { table_id: $routes match { field_id: 1 lpm { value: "\x0a\x00\x00\x00" prefix_len: 8 } } }`, codes.OK, ""},
		{"table is full", full(16), "insert", aclEntry(17), codes.ResourceExhausted, "MyIngress.acl"},

		// Match format.
		{"exact missing", nil, "insert", sub(flow, "field_id: 2 exact", "field_id: 1 exact"), bad, "twice"},
		{"exact left out", nil, "insert", sub(flow, `match { field_id: 4 exact { value: "\x50" } }`, ""), bad, `"dport" is exact`},
		{"unknown field", nil, "insert", sub(flow, "field_id: 4", "field_id: 9"), bad, "match field 9"},
		{"wrong kind", nil, "insert", sub(flow, `exact { value: "\x50" }`, `lpm { value: "\x50" prefix_len: 16 }`), bad, "EXACT"},
		{"too wide", nil, "insert", sub(flow, `"\x50"`, `"\x01\x00\x50"`), bad, "does not fit within 16 bits"},
		{"leading zeros", nil, "insert", sub(flow, `"\x50"`, `"\x00\x00\x00\x50"`), codes.OK, ""},
		{"empty value", nil, "insert", sub(flow, `"\x50"`, `""`), bad, "empty"},
		{"no match type", nil, "insert", sub(flow, `exact { value: "\x50" }`, ""), bad, "dport"},
		{"lpm of length 0", nil, "insert", sub(route, "prefix_len: 8", "prefix_len: 0"), bad, "prefix length is 0"},
		{"lpm too long", nil, "insert", sub(route, "prefix_len: 8", "prefix_len: 33"), bad, "33"},
		{"lpm negative", nil, "insert", sub(route, "prefix_len: 8", "prefix_len: -1"), bad, "-1"},
		{"lpm bits beyond the prefix", nil, "insert", sub(route, `\x0a\x00\x00\x00`, `\x0a\x00\x00\x01`), bad, "beyond the prefix"},
		{"lpm left out", nil, "insert", `table_entry { table_id: $routes action { action { action_id: $drop } } }`, codes.OK, ""},
		{"lpm with priority", nil, "insert", sub(route, "match {", "priority: 1 match {"), bad, "priority 1"},
		{"ternary without priority", nil, "insert", sub(acl, "priority: 5", ""), bad, "priority 0"},
		{"ternary with negative priority", nil, "insert", sub(acl, "priority: 5", "priority: -5"), bad, "priority -5"},
		{"ternary mask 0", nil, "insert", sub(acl, `\xff\x00\x00\x00`, `\x00`), bad, "mask is 0"},
		{"ternary value outside mask", nil, "insert", sub(acl, `\x0a\x00\x00\x00`, `\x0a\x00\x00\x01`), bad, "mask ff000000 does not have"},
		{"ternary value longer than mask", nil, "insert", sub(acl, `mask: "\xff\x00\x00\x00"`, `mask: "\x0f"`), bad, "does not have"},
		{"ternary mask too wide", nil, "insert", sub(acl, `\xff\x00\x00\x00`, `\x01\xff\x00\x00\x00`), bad, "mask: "},
		{"all fields left out", nil, "insert", `table_entry { table_id: $acl priority: 1 action { action { action_id: $drop } } }`, codes.OK, ""},
		{"range", nil, "insert", sub(acl, "priority", `match { field_id: 2 range { low: "\x00" high: "\x03\xff" } } priority`), codes.OK, ""},
		{"range upside down", nil, "insert", sub(acl, "priority", `match { field_id: 2 range { low: "\x02" high: "\x01" } } priority`), bad, "above"},
		{"range of everything", nil, "insert", sub(acl, "priority", `match { field_id: 2 range { low: "\x00" high: "\xff\xff" } } priority`), bad, "everything"},
		{"optional", nil, "insert", sub(acl, "priority", `match { field_id: 3 optional { value: "\x50" } } priority`), codes.OK, ""},
		{"9 bits", nil, "insert", sub(acl, "priority", `match { field_id: 4 ternary { value: "\x02\x00" mask: "\x02\x00" } } priority`), bad, "9 bits"},
		{"same key, other priority", []string{"insert " + acl}, "insert", sub(acl, "priority: 5", "priority: 6"), codes.OK, ""},

		// Actions.
		{"unknown action", nil, "insert", sub(flow, "$rewrite", "7"), bad, "action 7"},
		{"another table's action", nil, "insert", sub(flow, "$rewrite", "$forward"), bad, "MyIngress.flows"},
		{"default only", nil, "insert", sub(flow, "$rewrite", "$miss"), denied, "may only be the default action"},
		{"parameter missing", nil, "insert", sub(flow, `params { param_id: 2 value: "\x02" }`, ""), bad, `"dport" is missing`},
		{"parameter unknown", nil, "insert", sub(flow, "param_id: 2", "param_id: 9"), bad, "no parameter 9"},
		{"parameter twice", nil, "insert", sub(flow, "param_id: 2", "param_id: 1"), bad, "twice"},
		{"parameter too wide", nil, "insert", sub(flow, `param_id: 3 value: "\x03"`, `param_id: 3 value: "\x02\x00"`), bad, `parameter "port": Bytestring provided does not fit within 9 bits`},
		{"parameter empty", nil, "insert", sub(flow, `param_id: 3 value: "\x03"`, `param_id: 3`), bad, "empty"},
		{"parameters in any order", nil, "insert", sub(flow, "param_id: 1 value", "param_id: 3 value", "param_id: 3 value", "param_id: 1 value"), codes.OK, ""},
		{"member in a direct table", nil, "insert", `table_entry { table_id: $routes action { action_profile_member_id: 1 } }`, bad, "no action profile"},
		{"action in an indirect table", nil, "insert", `table_entry { table_id: $indirect match { field_id: 1 exact { value: "\x01" } } action { action { action_id: $drop } } }`, bad, "implemented by"},
		{"group in a table without selector", nil, "insert", `table_entry { table_id: $indirect match { field_id: 1 exact { value: "\x01" } } action { action_profile_group_id: 1 } }`, bad, "no action selector"},
		{"set in a table without selector", nil, "insert", `table_entry { table_id: $indirect match { field_id: 1 exact { value: "\x01" } } action { action_profile_action_set {} } }`, bad, "no action selector"},
		{"member not there", nil, "insert", `table_entry { table_id: $spread match { field_id: 1 exact { value: "\x01" } } action { action_profile_member_id: 1 } }`, notFound, "no member 1"},
		{"group not there", nil, "insert", `table_entry { table_id: $spread match { field_id: 1 exact { value: "\x01" } } action { action_profile_group_id: 1 } }`, notFound, "no group 1"},

		// Default entries.
		{"default insert", nil, "insert", `table_entry { table_id: $routes is_default_action: true action { action { action_id: $drop } } }`, bad, "only be modified"},
		{"default delete", nil, "delete", `table_entry { table_id: $routes is_default_action: true }`, bad, "only be modified"},
		{"default with match", nil, "modify", sub(route, "match {", "is_default_action: true match {"), bad, "neither match nor priority"},
		{"default with priority", nil, "modify", `table_entry { table_id: $acl is_default_action: true priority: 1 }`, bad, "neither match nor priority"},
		{"default with idle timeout", nil, "modify", `table_entry { table_id: $sources is_default_action: true idle_timeout_ns: 1 }`, bad, "idle timeout"},
		{"default", nil, "modify", `table_entry { table_id: $routes is_default_action: true action { action { action_id: $forward params { param_id: 1 value: "\x01" } } } }`, codes.OK, ""},
		{"default reset", nil, "modify", `table_entry { table_id: $routes is_default_action: true }`, codes.OK, ""},
		{"default constant", nil, "modify", `table_entry { table_id: $flows is_default_action: true action { action { action_id: $miss } } }`, denied, "constant"},
		{"default of an indirect table", nil, "modify", `table_entry { table_id: $spread is_default_action: true action { action { action_id: $NoAction } } }`, denied, "constant"},

		// Constant tables.
		{"constant table insert", nil, "insert", `table_entry { table_id: $fixed match { field_id: 1 exact { value: "\x01" } } action { action { action_id: $NoAction } } }`, denied, "constant"},
		{"constant table delete", nil, "delete", `table_entry { table_id: $fixed match { field_id: 1 exact { value: "\x07" } } }`, denied, "constant"},
		{"constant table modify", nil, "modify", `table_entry { table_id: $fixed match { field_id: 1 exact { value: "\x07" } } action { action { action_id: $NoAction } } }`, denied, "constant"},
		{"constant table's default", nil, "modify", `table_entry { table_id: $fixed is_default_action: true action { action { action_id: $NoAction } } }`, codes.OK, ""},
		{"preinitialised table insert", nil, "insert", `table_entry { table_id: $preset priority: 9 action { action { action_id: $learn } } }`, codes.OK, ""},

		// Roles.
		{"default role may write a reserved table", nil, "insert", `table_entry { table_id: $guarded match { field_id: 1 exact { value: "\x01" } } action { action { action_id: $drop } } }`, codes.OK, ""},

		// Members and groups.
		{"member", nil, "insert", member, codes.OK, ""},
		{"member twice", []string{"insert " + member}, "insert", member, exists, ""},
		{"member 0", nil, "insert", sub(member, "member_id: 1", ""), bad, "member id is 0"},
		{"member of nothing", nil, "insert", sub(member, "$hashed", "7"), bad, "action profile 7"},
		{"member without action", nil, "insert", `action_profile_member { action_profile_id: $hashed member_id: 1 }`, bad, "no action"},
		{"member with another action", nil, "insert", sub(member, "$forward", "$multicast"), bad, "not one of its actions"},
		{"member modify not there", nil, "modify", member, notFound, ""},
		{"member delete not there", nil, "delete", member, notFound, ""},
		{"group in a profile without selector", nil, "insert", `action_profile_group { action_profile_id: $members group_id: 1 }`, bad, "no selector"},
		{"group", []string{"insert " + member}, "insert", `action_profile_group { action_profile_id: $hashed group_id: 1 members { member_id: 1 weight: 2 } }`, codes.OK, ""},
		{"empty group", nil, "insert", `action_profile_group { action_profile_id: $hashed group_id: 1 }`, codes.OK, ""},
		{"group 0", nil, "insert", `action_profile_group { action_profile_id: $hashed }`, bad, "group id is 0"},
		{"group of a missing member", nil, "insert", `action_profile_group { action_profile_id: $hashed group_id: 1 members { member_id: 1 weight: 2 } }`, notFound, "member 1"},
		{"group with a member twice", []string{"insert " + member}, "insert", `action_profile_group { action_profile_id: $hashed group_id: 1 members { member_id: 1 weight: 2 } members { member_id: 1 weight: 2 } }`, bad, "twice"},
		{"weight 0", []string{"insert " + member}, "insert", `action_profile_group { action_profile_id: $hashed group_id: 1 members { member_id: 1 } }`, bad, "weight 0"},
		{"group above its size", []string{"insert " + member}, "insert", `action_profile_group { action_profile_id: $hashed group_id: 1 max_size: 1 members { member_id: 1 weight: 2 } }`, codes.ResourceExhausted, "above 1"},
		{"max_size cannot change", []string{`insert action_profile_group { action_profile_id: $hashed group_id: 1 max_size: 4 }`}, "modify", `action_profile_group { action_profile_id: $hashed group_id: 1 max_size: 5 }`, bad, "max_size"},
		{"group delete not there", nil, "delete", `action_profile_group { action_profile_id: $hashed group_id: 1 }`, notFound, ""},
		{"member in a group cannot be deleted", []string{"insert " + member, `insert action_profile_group { action_profile_id: $hashed group_id: 1 members { member_id: 1 weight: 2 } }`}, "delete", member, codes.FailedPrecondition, ""},
		{"one-shot", nil, "insert", `table_entry { table_id: $spread match { field_id: 1 exact { value: "\x01" } } action { action_profile_action_set { action_profile_actions { action { action_id: $drop } weight: 1 } } } }`, codes.OK, ""},
		{"one-shot with weight 0", nil, "insert", `table_entry { table_id: $spread match { field_id: 1 exact { value: "\x01" } } action { action_profile_action_set { action_profile_actions { action { action_id: $drop } } } } }`, bad, "weight 0"},
		{"one-shot at random", nil, "insert", `table_entry { table_id: $spread match { field_id: 1 exact { value: "\x01" } } action { action_profile_action_set { action_selection_mode: RANDOM } } }`, codes.Unimplemented, "RANDOM"},

		// Counters, meters, registers.
		{"counter insert", nil, "insert", `counter_entry { counter_id: $port_counter index { index: 1 } data { packet_count: 1 } }`, bad, "only be modified"},
		{"counter", nil, "modify", `counter_entry { counter_id: $port_counter index { index: 1 } data { packet_count: 1 } }`, codes.OK, ""},
		{"counter negative index", nil, "modify", `counter_entry { counter_id: $port_counter index { index: -1 } data { packet_count: 1 } }`, bad, "negative"},
		{"counter index too high", nil, "modify", `counter_entry { counter_id: $port_counter index { index: 16 } data { packet_count: 1 } }`, codes.OutOfRange, "size 16"},
		{"counter unknown", nil, "modify", `counter_entry { counter_id: 7 }`, bad, "counter 7"},
		{"meter", nil, "modify", `meter_entry { meter_id: $port_meter index { index: 1 } config { cir: 1 cburst: 2 pir: 3 pburst: 4 } }`, codes.OK, ""},
		{"meter eburst", nil, "modify", `meter_entry { meter_id: $port_meter index { index: 1 } config { cir: 1 cburst: 2 pir: 3 pburst: 4 eburst: 1 } }`, bad, "eburst"},
		{"meter negative", nil, "modify", `meter_entry { meter_id: $port_meter config { cir: -1 } }`, bad, "negative"},
		{"meter counter_data", nil, "modify", `meter_entry { meter_id: $port_meter counter_data {} }`, codes.Unimplemented, "counter_data"},
		{"register", nil, "modify", `register_entry { register_id: $last_src index { index: 31 } data { bitstring: "\x01" } }`, codes.OK, ""},
		{"register insert", nil, "insert", `register_entry { register_id: $last_src index { index: 31 } data { bitstring: "\x01" } }`, bad, "only be modified"},
		{"register too wide", nil, "modify", `register_entry { register_id: $last_src index { index: 31 } data { bitstring: "\x01\x00\x00\x00\x00\x00\x00" } }`, bad, "48 bits"},
		{"register without data", nil, "modify", `register_entry { register_id: $last_src index { index: 31 } }`, bad, "missing"},
		{"register of another type", nil, "modify", `register_entry { register_id: $last_src data { bool: true } }`, bad, "bool"},
		{"register index too high", nil, "modify", `register_entry { register_id: $last_src index { index: 32 } data { bitstring: "\x01" } }`, codes.OutOfRange, "size 32"},
		{"direct counter of a missing entry", nil, "modify", `direct_counter_entry { ` + keyOnly(flow) + ` data {} }`, notFound, "no entry"},
		{"direct counter", []string{"insert " + flow}, "modify", `direct_counter_entry { ` + keyOnly(flow) + ` data { packet_count: 3 } }`, codes.OK, ""},
		{"direct counter insert", []string{"insert " + flow}, "insert", `direct_counter_entry { ` + keyOnly(flow) + ` data {} }`, bad, "only be modified"},
		{"direct counter where there is none", []string{"insert " + route}, "modify", `direct_counter_entry { ` + keyOnly(route) + ` data {} }`, bad, "no direct counter"},
		{"direct counter of the default entry", nil, "modify", `direct_counter_entry { table_entry { table_id: $flows is_default_action: true } data {} }`, codes.Unimplemented, "default entry"},
		{"counter_data of the default entry", nil, "modify", `table_entry { table_id: $routes is_default_action: true meter_config {} }`, codes.Unimplemented, "default entry"},
		{"direct meter", []string{"insert " + route}, "modify", `direct_meter_entry { ` + keyOnly(route) + ` config { cir: 1 cburst: 1 pir: 1 pburst: 1 } }`, codes.OK, ""},
		{"direct meter where there is none", []string{"insert " + flow}, "modify", `direct_meter_entry { ` + keyOnly(flow) + ` }`, bad, "no direct meter"},

		// Replication.
		{"multicast group", nil, "insert", `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 1 replicas { port: "\x01" instance: 1 } replicas { port: "\x01" instance: 2 } } }`, codes.OK, ""},
		{"multicast group 0", nil, "insert", `packet_replication_engine_entry { multicast_group_entry { replicas { port: "\x01" } } }`, bad, "multicast group 0"},
		{"replica twice", nil, "insert", `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 1 replicas { port: "\x01" instance: 1 } replicas { port: "\x01" instance: 1 } } }`, bad, "twice"},
		{"backup replicas", nil, "insert", `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 1 replicas { port: "\x01" backup_replicas { port: "\x02" } } } }`, codes.Unimplemented, "backup replicas"},
		{"replica without port", nil, "insert", `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 1 replicas { instance: 1 } } }`, bad, "no port"},
		{"replica's port too wide", nil, "insert", `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 1 replicas { port: "\x02\x00" } } }`, bad, "9 bits"},
		{"instance too high", nil, "insert", `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 1 replicas { port: "\x01" instance: 65536 } } }`, bad, "65536"},
		{"multicast group modify not there", nil, "modify", `packet_replication_engine_entry { multicast_group_entry { multicast_group_id: 1 } }`, notFound, ""},
		{"clone session", nil, "insert", `packet_replication_engine_entry { clone_session_entry { session_id: 1 replicas { egress_port: 255 } packet_length_bytes: 64 } }`, codes.OK, ""},
		{"clone session 0", nil, "insert", `packet_replication_engine_entry { clone_session_entry { replicas { egress_port: 255 } } }`, bad, "clone session 0"},
		{"clone session delete not there", nil, "delete", `packet_replication_engine_entry { clone_session_entry { session_id: 1 } }`, notFound, ""},
		{"replication of nothing", nil, "insert", `packet_replication_engine_entry {}`, bad, "no type"},

		// Digests and value sets.
		{"digest", nil, "insert", `digest_entry { digest_id: $learn_t config { max_list_size: 1 } }`, codes.OK, ""},
		{"digest twice", []string{`insert digest_entry { digest_id: $learn_t }`}, "insert", `digest_entry { digest_id: $learn_t }`, exists, "learn_t"},
		{"digest modify not there", nil, "modify", `digest_entry { digest_id: $learn_t }`, notFound, "learn_t"},
		{"digest unknown", nil, "insert", `digest_entry { digest_id: 7 }`, bad, "digest 7"},
		{"digest negative", nil, "insert", `digest_entry { digest_id: $learn_t config { ack_timeout_ns: -1 } }`, bad, "negative"},
		{"value set", nil, "modify", `value_set_entry { value_set_id: $flow_kinds members { match { field_id: 1 exact { value: "\x12\x34" } } } }`, codes.OK, ""},
		{"value set insert", nil, "insert", `value_set_entry { value_set_id: $flow_kinds }`, bad, "only be modified"},
		{"value set with a member twice", nil, "modify", `value_set_entry { value_set_id: $flow_kinds members { match { field_id: 1 exact { value: "\x12" } } } members { match { field_id: 1 exact { value: "\x00\x12" } } } }`, exists, "twice"},
		{"value set too large", nil, "modify", `value_set_entry { value_set_id: $flow_kinds ` + strings.Repeat(`members { match { field_id: 1 exact { value: "\x12" } } } `, 5) + `}`, codes.ResourceExhausted, "at most 4"},
		{"extern", nil, "insert", `extern_entry {}`, codes.Unimplemented, "ExternEntry"},
	}
	r, _ := ready(t, softswitch.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.t = t
			if err := r.sw.Load(r.p.json, r.p.info); err != nil {
				t.Fatal(err)
			}
			for _, b := range tt.before {
				r.mustWrite(splitOp(b))
			}
			err := r.write(tt.op, tt.entity)
			if status.Code(err) != tt.code || err != nil && !strings.Contains(status.Convert(err).Message(), tt.says) {
				t.Errorf("got %v, want %v with %q", err, tt.code, tt.says)
			}
		})
	}
}

// keyOnly makes the table_entry of a direct resource from that of an entry.
func keyOnly(text string) string {
	before, _, _ := strings.Cut(text, "action {")
	return before + "}"
}

func aclEntry(n int) string { return sub(acl, "priority: 5", fmt.Sprintf("priority: %d", n)) }

func splitOp(s string) (op, entity string) {
	op, entity, _ = strings.Cut(s, " ")
	return op, entity
}

// full fills the acl table.
func full(n int) []string {
	var out []string
	for i := range n {
		out = append(out, "insert "+aclEntry(i+1))
	}
	return out
}
