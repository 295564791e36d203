package main

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

//go:embed cells.p4
var cells string

// A change of the TNA programs for p4testgen, which cannot do what stands in Old.
type change struct {
	file, old, new string
}

// changes to the programs, made in a copy: what p4testgen's tofino target does not model, and what it would have to
// guess. Each has to apply, so that none is kept for a program that has moved on.
var changes = []change{
	// Checksum.verify is unknown to it, and so would be whether anything is dropped: headers are taken to be right, and
	// derived packets get right checksums.
	{"arch/tna/parser.p4", "(bit<1>)ip_sum.verify()", "0"},
	{"arch/tna/parser.p4", "(bit<1>)outer_sum.verify()", "0"},
	// It has no multicast engine: a group has one copy, which leaves at CopyPort, and egress knows it by the group
	// (server gateway) or as copy 1 (client gateway).
	{"arch/tna/intrinsic.p4", "for_tm.mcast_grp_a = meta.io.group;", "for_tm.ucast_egress_port = 5;"},
	// It also prepends intrinsic metadata that is too short for egress_rid to be extracted from.
	{"arch/tna/intrinsic.p4", "meta.io.instance = intrinsic.egress_rid;", `
#if defined(SERVER_GATEWAY)
        meta.io.instance = meta.service.group;
#elif defined(CLIENT_GATEWAY)
        if (meta.race.verdict == 7) {
            meta.io.instance = 1;
        }
#endif
`},
	// Its STF tests have no action selectors: plain tables.
	{"arch/tna/selector.p4", "USE_ORIGIN_SELECTOR implementation = origin_selector;", "USE_ORIGIN_SELECTOR"},
	{"arch/tna/selector.p4", "USE_STEERING_SELECTOR implementation = steering_selector;", "USE_STEERING_SELECTOR"},
	// A field of a header that is not there is unknown to it, and a table of constant entries then unknown as a whole,
	// though no entry that can match looks at the field.
	{"common/server/services.p4", "hdr.tag.options[7:7] : ternary", "permitted : ternary"},
	{"common/server/services.p4", "    table decisions {", "    bit<1> permitted = 0;\n    table decisions {"},
	{"common/server/services.p4", "        decisions.apply();", `        permitted = 0;
        if (hdr.tag.isValid()) {
            permitted = hdr.tag.options[7:7];
        }
        decisions.apply();`},
	// Likewise a condition, though it is settled before it comes to the field.
	{"client_gateway.p4", notIPv4, notIPv4Apart},
	{"server_gateway.p4", notIPv4, notIPv4Apart},
	{"replica_gateway.p4", notIPv4, notIPv4Apart},
	// And a comparison with a target that is not set, though only packets with a translation come to it.
	{"arch/tna/intrinsic.p4", "hdr.bridge.setValid();", `hdr.bridge.setValid();
#ifdef CLIENT_GATEWAY
        hdr.bridge.target_addr = 0;
        hdr.bridge.target_port = 0;
#endif`},
	// It parses headers that are no whole number of bytes, but loses bits where it does so again in egress.
	{"arch/tna/bridge.p4", "@flexible bit<1> origin_tunnel;", "@flexible bit<1> origin_tunnel;\n    bit<6> pad;"},
	// Left alone it puts 0 where it can, and then nobody sees which field went where.
	{"arch/tna/intrinsic.p4", "hdr.bridge.setValid();", "hdr.bridge.setValid();" + focuses + `
        if (hdr.packet_out.isValid()) {
            testgen_assume(hdr.packet_out.egress_port <= 8);
        }
        if (hdr.ethernet.isValid()) {
            testgen_assume(hdr.ethernet.dst_addr[47:40] == 0x02 && hdr.ethernet.src_addr[47:40] == 0x06);
        }
        if (hdr.outer.isValid()) {
            testgen_assume(hdr.outer.src_addr[31:29] != 0 && hdr.outer.dst_addr[31:29] != 0);
        }
        if (hdr.ipv4.isValid()) {
            testgen_assume(hdr.ipv4.src_addr[31:29] != 0 && hdr.ipv4.dst_addr[31:29] != 0);
        }
        if (hdr.quoted_outer.isValid()) {
            testgen_assume(hdr.quoted_outer.src_addr[31:29] != 0 && hdr.quoted_outer.dst_addr[31:29] != 0);
        }
        if (hdr.quoted.isValid()) {
            testgen_assume(hdr.quoted.src_addr[31:29] != 0 && hdr.quoted.dst_addr[31:29] != 0);
        }
        if (hdr.quoted_tcp.isValid()) {
            testgen_assume(hdr.quoted_tcp.src_port[15:12] != 0 && hdr.quoted_tcp.dst_port[15:12] != 0);
        }
        if (hdr.tcp.isValid()) {
            testgen_assume(hdr.tcp.src_port[15:12] != 0 && hdr.tcp.dst_port[15:12] != 0 &&
                           hdr.tcp.ack_no[31:28] != 0);
        }`},
	{"common/routing.p4", "io.reason = PUNT_LOCAL;", "io.reason = PUNT_LOCAL;" + not("ROUTED")},
	{"common/routing.p4", "io.reason = PUNT_NO_ROUTE;", "io.reason = PUNT_NO_ROUTE;" + not("ROUTED")},
	{"common/routing.p4", "action discard() {", "action discard() {" + not("ROUTED")},
	{"common/routing.p4", "action unresolved() {", "action unresolved() {" + not("ROUTED")},
	{"common/tunnel.p4", "io.drop = 1;", "io.drop = 1;" + not("ALIVE")},
	{"common/replica/rewrite.p4", "meta.io.drop = 1;", "meta.io.drop = 1;" + not("ALIVE")},
	{"common/client/verdict.p4", "action discard() {", "action discard() {" + not("ALIVE")},
	{"client_gateway.p4", "meta.io.reason = PUNT_TTL;", "meta.io.reason = PUNT_TTL;" + not("ALIVE")},
	{"replica_gateway.p4", "meta.io.reason = PUNT_TTL;", "meta.io.reason = PUNT_TTL;" + not("ALIVE")},
	{"client_gateway.p4", "verdict.apply(hdr, meta.race, meta.io, meta.slot);",
		"verdict.apply(hdr, meta.race, meta.io, meta.slot);" + changed("race.verdict != VERDICT_PLAIN")},
	{"replica_gateway.p4", "stand_ins.apply(hdr, meta.stand_in);",
		"stand_ins.apply(hdr, meta.stand_in);" + changed("stand_in.verdict != REPLICA_ROUTE")},
	{"common/client/classify.p4", "action wan() {", "action wan() {" + not("LAN")},
	{"common/client/classify.p4", "action lan() {", "action lan() {" + not("WAN")},
	{"common/client/classify.p4", "action pass() {", "action pass() {" + not("REDIRECTED")},
	{"common/client/classify.p4", "action payload() {", "action payload() {" + not("REDIRECTED")},
	{"arch/tna/arch.p4", "#include \"constants.p4\"", "extern void testgen_assume(in bool check);\n#include \"constants.p4\""},
}

const (
	notIPv4      = "(!hdr.ipv4.isValid() || hdr.ipv4.version"
	notIPv4Apart = "(!hdr.ipv4.isValid()) {\n            meta.io.drop = 1;\n        } else if (hdr.ipv4.version"
)

// focuses narrow a run down to some packets, by macros; Begin has them.
const focuses = `
#ifdef FOCUS_TCP
        testgen_assume(hdr.tcp.isValid() && !hdr.outer.isValid());
#endif
#ifdef FOCUS_TUNNEL
        testgen_assume(hdr.outer.isValid());
#endif
#ifdef FOCUS_ICMP
        testgen_assume(hdr.quoted_tcp.isValid());
#endif
#ifdef FOCUS_SYN
        testgen_assume((hdr.tcp.flags & 0x17) == 0x02);
#endif
#ifdef FOCUS_SYNACK
        testgen_assume((hdr.tcp.flags & 0x17) == 0x12);
#endif
#ifdef FOCUS_TAG
        testgen_assume(hdr.tag.isValid());
#endif
#ifdef FOCUS_MSS
        testgen_assume(hdr.mss.isValid() && hdr.mss.value[15:5] != 0);
#endif
#ifdef FOCUS_AGREE
        if (hdr.outer.isValid()) {
            testgen_assume(hdr.outer.dst_addr == hdr.ipv4.dst_addr);
        }
        if (hdr.quoted.isValid()) {
            testgen_assume(hdr.quoted.src_addr == hdr.ipv4.dst_addr);
        }
        if (hdr.quoted_outer.isValid()) {
            testgen_assume(hdr.quoted_outer.src_addr == hdr.quoted.src_addr);
        }
#endif
`

// not keeps a focused run away from what stands there.
func not(focus string) string {
	return "\n#ifdef FOCUS_" + focus + "\n        testgen_assume(false);\n#endif\n"
}

// changed keeps a run focused on CHANGED to packets that are not merely routed.
func changed(condition string) string {
	return "\n#ifdef FOCUS_CHANGED\n            testgen_assume(meta." + condition + ");\n#endif\n"
}

// apart are the leading bits of action arguments, by type; they differ by the argument's place.
var apart = map[string]string{
	"ipv4_addr_t": "[31:24] == 8w%d + 64",
	"mac_addr_t":  "[47:40] == 8w%d * 4 + 10",
	"l4_port_t":   "[15:12] == 4w%d + 3",
}

var action = regexp.MustCompile(`action (\w+)\(([^)]+)\) \{`)

// assumeArguments keeps the arguments of actions apart, as changes keep headers' fields.
func assumeArguments(source string) string {
	return action.ReplaceAllStringFunc(source, func(text string) string {
		for i, parameter := range strings.Split(action.FindStringSubmatch(text)[2], ",") {
			if kind, name, _ := strings.Cut(strings.TrimSpace(parameter), " "); kind == "bit<9>" {
				text += fmt.Sprintf("\n        testgen_assume(%s <= 8);", name) // a port that there is
			} else if name == "next_hop" { // the controller's begin at 1
				text += "\n        testgen_assume(next_hop != 0);"
			} else if apart[kind] != "" {
				text += fmt.Sprintf("\n        testgen_assume(%s"+apart[kind]+");", name, i)
			}
		}
		return text
	})
}

// copySources puts the changed sources into dir.
func copySources(from, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for _, part := range []string{"arch", "common"} {
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join(from, part))); err != nil {
			return err
		}
	}
	for _, program := range programs {
		text, err := os.ReadFile(filepath.Join(from, program+".p4"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, program+".p4"), []byte(text), 0o600); err != nil {
			return err
		}
	}
	for _, c := range changes {
		name := filepath.Join(dir, c.file)
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !strings.Contains(string(text), c.old) {
			return fmt.Errorf("%s: there is no %q any more", c.file, c.old)
		}
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(text), c.old, c.new)), 0o600); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "arch/tna/cells.p4"), []byte(cells), 0o600); err != nil {
		return err
	}
	return filepath.WalkDir(filepath.Join(dir, "common"), func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(name, []byte(assumeArguments(string(text))), 0o600)
	})
}
