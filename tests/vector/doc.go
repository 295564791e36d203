// Package vector runs packet vectors: data files that say which frames a switch is given, with which
// entries in its tables, and what must come of them.
//
// A file is strict YAML (an unknown key is an error with file and line):
//
//	program: client_gateway            # one of p4src.Programs
//	include: [client_gateway_base.yaml] # files whose names, entries, sets and scenes are taken over
//	names: {client: 10.1.0.2}          # $client in packets and values stands for the text
//	entries: [...]                     # written before every vector of the file
//	sets: {translated_a: [...]}        # entries that a vector asks for with use:
//	scenes: {raced: [...]}             # steps that a vector begins with: after:
//	vectors:
//	- name: syn_is_tagged
//	  description: what must happen, and why
//	  patent: ["210", "claim 1"]       # operations and claims of the patent that this shows
//	  use: [translated_a]
//	  after: [raced]
//	  entries: [...]
//	  steps:
//	  - at: 1.5s                       # time since the switch started; default: as the step before
//	    write: [...]                   # entries written (delete:, modify: likewise) before the packet
//	    in: {port: 1, packet: "eth aa>bb / ip $client>… / tcp …"}
//	    out: [{port: 2, packet: "…"}]  # exactly these, in order per port (unordered: true: in any)
//	    digests: [{list: flow_event_t, fields: {event: 1, now: any, …}}]
//	    packet_ins: [{metadata: {ingress_port: 1, reason: 2}, packet: "…"}]
//	    counters: {verdicts/tag_first: 1}
//
// A vector with deviates: and a reason is one that the program does not satisfy yet: it must fail.
//
// Instead of in, a step may have packet_out: {metadata: {egress_port: 2}, packet: "…"}. A step whose packet
// leaves nowhere says so by dropped: and the reason. Packets are texts of package packet. Every frame that
// leaves has to pass packet.CheckFrame, but for one with wrong: and a part of the fault that is expected.
// counters names direct counters as table/action and says by how much they grow in packets; the other
// actions of the same table must not grow.
//
// An entry is one of
//
//	{table: routes, key: {dst_addr: 10.1.0.0/16}, action: forward, args: {port: 1, next_hop: 1}}
//	{default: settings, action: set_settings, args: {…}}
//	{multicast: 5, copies: [{port: 2, instance: 1}]}
//	{clone: 3, copies: [{port: 2, instance: 0}]}
//	{profile: origin_selector, member: 1, action: at_server}
//	{profile: origin_selector, group: 1, members: {1: 1, 2: 3}}   # member: weight
//	{meter: new_connections, index: 1, cir: 1, cburst: 1, pir: 1, pburst: 1}
//
// a table's entry also with priority:, idle: (a duration), and member: or group: in place of action:. Names
// are the P4Info's, shortened at will from the left as long as they are unique. Values are decimal, 0x
// hexadecimal, IPv4 and MAC addresses, true and false; keys of an LPM are ADDRESS/LENGTH, ternary ones
// VALUE, VALUE&&&MASK or ADDRESS/LENGTH, ranges LOW..HIGH. A key that is not named, or is any, does not
// matter.
//
// A Runner takes a vector to a Target, a switch reached over P4Runtime: the same files serve every switch.
package vector
