// Control flow and header operations in actions and controls: if and exit
// inside actions, switch on the action that ran, hit and miss, copies of
// headers, varbit and stacks, comparison of headers, wide and signed numbers.
#include <core.p4>
#include <v1model.p4>

header op_t { bit<8> op; bit<8> a; bit<8> b; int<8> s; }
header wide_t { bit<128> x; bit<128> y; bit<7> shift; bit<1> pad; }
header var_t { bit<8> len; varbit<64> v; }
struct headers { op_t op; wide_t w; wide_t w2; var_t v; var_t v2; op_t[2] st; op_t[2] st2; }
struct meta_t { bit<8> t; }

parser P(packet_in pkt, out headers h, inout meta_t m, inout standard_metadata_t s) {
    state start {
        pkt.extract(h.op);
        transition select(h.op.op) { 0x10 &&& 0xf0: wide; 0x20: vary; 0x30 &&& 0xf0: stack; default: accept; }
    }
    state wide { pkt.extract(h.w); transition accept; }
    state vary { bit<8> n = pkt.lookahead<bit<8>>(); pkt.extract(h.v, (bit<32>)n * 8); transition accept; }
    state stack { pkt.extract(h.st.next); pkt.extract(h.st.next); transition accept; }
}
control Verify(inout headers h, inout meta_t m) { apply { } }
control Compute(inout headers h, inout meta_t m) { apply { } }
control Ing(inout headers h, inout meta_t m, inout standard_metadata_t s) {
    action branch() {
        if (h.op.a > 10) {
            h.op.b = 1;
            if (h.op.a > 20) { h.op.b = 2; }
        } else {
            h.op.b = 3;
        }
        h.op.a = 0;
    }
    action leave(bit<8> v) { h.op.b = v; exit; }
    action quit() { h.op.b = 0x55; exit; }
    action stay(bit<8> v) { h.op.b = v; }
    table t { key = { h.op.a: exact; } actions = { branch; leave; stay; NoAction; } default_action = stay(0xdd); size = 16; }
    table t2 { key = { h.op.a: exact; } actions = { stay; } default_action = stay(0xdd); size = 16; }
    apply {
        s.egress_spec = 1;
        if (h.op.op == 0x01) { branch(); }
        else if (h.op.op == 0x02) {
            switch (t.apply().action_run) {
                leave: { h.op.a = 0xaa; }
                stay: { h.op.a = 0xbb; }
                default: { h.op.a = 0xcc; }
            }
            h.op.op = 0xff;
        }
        else if (h.op.op == 0x03) { if (t2.apply().hit) { h.op.op = 0x11; } else { h.op.op = 0x22; } }
        else if (h.op.op == 0x04) {
            // -128 + -1 wraps; comparison and shift are signed.
            h.op.s = h.op.s + (int<8>)h.op.a;
            if (h.op.s < 0) { h.op.b = 1; } else { h.op.b = 0; }
            h.op.s = h.op.s >> 1;
        }
        else if (h.op.op == 0x05) { h.op.a = h.op.a |+| h.op.b; h.op.b = h.op.b |-| 8w0x20; h.op.s = h.op.s |+| 100; }
        else if (h.op.op == 0x06) { h.op.a = h.op.a << h.op.b; h.op.s = h.op.s * 3; }
        else if (h.op.op == 0x07) { h.op.a = 1; quit(); h.op.a = 2; }
        else if (h.op.op == 0x10) { h.w.x = h.w.x + h.w.y; }
        else if (h.op.op == 0x11) { h.w.x = h.w.x - h.w.y; }
        else if (h.op.op == 0x12) { h.w.x = h.w.x << h.w.shift; h.w.y = h.w.y >> h.w.shift; }
        else if (h.op.op == 0x13) { h.w2 = h.w; h.w2.x = h.w.y; h.w2.y = h.w.x; }
        else if (h.op.op == 0x14) { if (h.w.x < h.w.y) { h.op.b = 1; } else if (h.w.x == h.w.y) { h.op.b = 2; } else { h.op.b = 3; } }
        else if (h.op.op == 0x15) { h.w.x = h.w.x[63:0] ++ h.w.x[127:64]; h.w.y[70:60] = 11w0x7ff; }
        else if (h.op.op == 0x20) { h.v2 = h.v; h.v2.len = 0xee; }
        else if (h.op.op == 0x30) { h.st2 = h.st; h.st2[1].a = h.st[0].a + h.st[1].a; h.st[0].setInvalid(); }
        else if (h.op.op == 0x31) { if (h.st[0] == h.st[1]) { h.op.b = 1; } else { h.op.b = 2; } }
        else if (h.op.op == 0x32) { bit<1> i = h.op.a[0:0]; h.st[i].b = 0x77; h.op.b = h.st[h.op.a[1:1]].a; }
    }
}
control Eg(inout headers h, inout meta_t m, inout standard_metadata_t s) { apply { } }
control Deparse(packet_out pkt, in headers h) {
    apply { pkt.emit(h.op); pkt.emit(h.w); pkt.emit(h.w2); pkt.emit(h.v); pkt.emit(h.v2); pkt.emit(h.st); pkt.emit(h.st2); }
}
V1Switch(P(), Verify(), Ing(), Eg(), Compute(), Deparse()) main;
