// All kinds of keys, constant entries, action profiles and selectors.
#include <core.p4>
#include <v1model.p4>

header key_t { bit<8> test; bit<8> a; bit<16> b; bit<128> c; bit<8> res; }
struct headers { key_t k; }
struct meta_t { }

parser P(packet_in pkt, out headers h, inout meta_t m, inout standard_metadata_t s) {
    state start { pkt.extract(h.k); transition accept; }
}
control Verify(inout headers h, inout meta_t m) { apply { } }
control Compute(inout headers h, inout meta_t m) { apply { } }
control Ing(inout headers h, inout meta_t m, inout standard_metadata_t s) {
    action set(bit<8> v) { h.k.res = v; }
    table exacts { key = { h.k.a: exact; h.k.c: exact; } actions = { set; } default_action = set(0xdd); size = 4; }
    table prefixes { key = { h.k.c: lpm; h.k.a: exact; } actions = { set; NoAction; } default_action = NoAction; size = 64; support_timeout = true; }
    table masks { key = { h.k.a: ternary; h.k.b: ternary; h.k.c: ternary; } actions = { set; NoAction; } default_action = NoAction; size = 300; }
    table ranges { key = { h.k.a: range; h.k.b: range; } actions = { set; NoAction; } default_action = NoAction; size = 300; }
    table choices { key = { h.k.a: optional; h.k.b: exact; } actions = { set; NoAction; } default_action = NoAction; size = 16; }
    table fixed {
        key = { h.k.a: ternary; h.k.b: ternary; }
        actions = { set; NoAction; }
        const default_action = NoAction;
        const entries = { (1, 0x100 &&& 0xff00): set(1); (1, _): set(2); (_, 0x200 &&& 0xff00): set(3); }
    }
    table fixed_exact { key = { h.k.a: exact; } actions = { set; } const default_action = set(0xee); const entries = { 1: set(0x11); 2: set(0x22); } }
    action_profile(8) profile;
    table through { key = { h.k.a: exact; } actions = { set; NoAction; } implementation = profile; size = 16; }
    @name("pick") action_selector(HashAlgorithm.identity, 16, 8) pick;
    table spread { key = { h.k.a: exact; h.k.b: selector; } actions = { set; NoAction; } implementation = pick; size = 16; }
    apply {
        s.egress_spec = 1;
        if (h.k.test == 1) { exacts.apply(); }
        if (h.k.test == 2) { prefixes.apply(); }
        if (h.k.test == 3) { masks.apply(); }
        if (h.k.test == 4) { ranges.apply(); }
        if (h.k.test == 5) { choices.apply(); }
        if (h.k.test == 6) { fixed.apply(); }
        if (h.k.test == 7) { fixed_exact.apply(); }
        if (h.k.test == 8) { if (!through.apply().hit) { h.k.res = 0xcc; } }
        if (h.k.test == 9) { if (!spread.apply().hit) { h.k.res = 0xcc; } }
    }
}
control Eg(inout headers h, inout meta_t m, inout standard_metadata_t s) { apply { } }
control Deparse(packet_out pkt, in headers h) { apply { pkt.emit(h.k); } }
V1Switch(P(), Verify(), Ing(), Eg(), Compute(), Deparse()) main;
