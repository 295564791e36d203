// Everything a parser can do: stacks, unions, varbit, lookahead, advance,
// verify, value sets, selects on several fields. The first byte picks the test.
#include <core.p4>
#include <v1model.p4>

error { BadMagic }

header which_t { bit<8> test; }
header label_t { bit<20> label; bit<3> exp; bit<1> bottom; bit<8> ttl; }
header options_t { bit<4> len; bit<4> pad; varbit<96> body; bit<8> after; }
header short_t { bit<8> tag; bit<8> v; }
header long_t { bit<8> tag; bit<40> v; }
header_union item_t { short_t s; long_t l; }
header odd_t { bit<7> a; bit<3> b; bit<65> c; bit<5> d; }
header pair_t { bit<12> hi; bit<4> lo; }
header report_t { bit<16> error_code; bit<8> seen; bit<8> last; }

struct headers {
    report_t report; which_t which; label_t[3] labels; options_t opts;
    item_t item; odd_t odd; pair_t pair;
}
struct meta_t { bit<8> seen; bit<8> last; bit<16> ahead; }

parser P(packet_in pkt, out headers h, inout meta_t m, inout standard_metadata_t s) {
    value_set<bit<16>>(4) known;
    state start {
        pkt.extract(h.which);
        transition select(h.which.test) {
            1: labels;
            2: options;
            3: item;
            4: odd;
            5: magic;
            6: skip;
            7 &&& 0xfe: pair;
            9: sets;
            10: round;
            11: many;
            default: accept;
        }
    }
    state labels {
        pkt.extract(h.labels.next);
        m.seen = m.seen + 1;
        transition select(h.labels.last.bottom) { 0: labels; default: labels_done; }
    }
    state labels_done { m.last = (bit<8>)h.labels.lastIndex; transition accept; }
    state options {
        bit<8> first = pkt.lookahead<bit<8>>();
        pkt.extract(h.opts, (bit<32>)first[7:4] * 8);
        transition accept;
    }
    state item {
        transition select(pkt.lookahead<bit<8>>()) { 0: item_s; 1: item_l; default: accept; }
    }
    state item_s { pkt.extract(h.item.s); transition accept; }
    state item_l { pkt.extract(h.item.l); transition accept; }
    state odd { pkt.extract(h.odd); transition accept; }
    state magic {
        m.ahead = pkt.lookahead<bit<16>>();
        verify(m.ahead == 0xcafe, error.BadMagic);
        m.seen = 1;
        transition accept;
    }
    state skip {
        pkt.advance(16);
        transition select(pkt.lookahead<bit<8>>()) { 0xaa: skipped; default: accept; }
    }
    state skipped { m.seen = 2; transition accept; }
    state pair {
        pkt.extract(h.pair);
        transition select(h.pair.hi, h.pair.lo) {
            (0x123, 4): pair_a;
            (0x120 &&& 0xff0, _): pair_b;
            (_, 4..6): pair_c;
            default: accept;
        }
    }
    state pair_a { m.seen = 0xa; transition accept; }
    state pair_b { m.seen = 0xb; transition accept; }
    state pair_c { m.seen = 0xc; transition accept; }
    state sets {
        pkt.extract(h.pair);
        transition select(h.pair.hi ++ h.pair.lo) { known: pair_a; default: accept; }
    }
    state many {
        pkt.extract(h.pair);
        transition select(h.pair.hi) {
            1: pair_a; 2: pair_b; 3: pair_c; 4: pair_a; 5: pair_b; 6: pair_c; 7: pair_a; 8: pair_b;
            9: pair_c; 10: pair_a; 11: pair_b; 12: pair_c; 13: pair_a; 0xfff: pair_b;
            default: accept;
        }
    }
    state round { m.last = m.last + 1; transition round; }
}

control Verify(inout headers h, inout meta_t m) { apply { } }
control Compute(inout headers h, inout meta_t m) { apply { } }
control Ing(inout headers h, inout meta_t m, inout standard_metadata_t s) {
    apply {
        s.egress_spec = 1;
        h.report.setValid();
        if (s.parser_error == error.NoError) { h.report.error_code = 0; }
        else if (s.parser_error == error.PacketTooShort) { h.report.error_code = 1; }
        else if (s.parser_error == error.StackOutOfBounds) { h.report.error_code = 3; }
        else if (s.parser_error == error.HeaderTooShort) { h.report.error_code = 4; }
        else if (s.parser_error == error.ParserTimeout) { h.report.error_code = 5; }
        else if (s.parser_error == error.ParserInvalidArgument) { h.report.error_code = 6; }
        else if (s.parser_error == error.BadMagic) { h.report.error_code = 7; }
        else { h.report.error_code = 0xff; }
        h.report.seen = m.seen;
        h.report.last = m.last;
        if (h.item.l.isValid()) { h.item.l.v = h.item.l.v + 1; }
        if (h.labels[1].isValid()) { h.labels.pop_front(1); h.labels.push_front(2); h.labels[0].setValid(); h.labels[0].label = 0xabcde; }
        if (h.item.s.isValid()) { h.item.l.setValid(); h.item.l.v = 0x0102030405; }
        if (h.odd.isValid()) { h.odd.c = h.odd.c + 1; }
    }
}
control Eg(inout headers h, inout meta_t m, inout standard_metadata_t s) { apply { } }
control Deparse(packet_out pkt, in headers h) {
    apply { pkt.emit(h.report); pkt.emit(h.which); pkt.emit(h.labels); pkt.emit(h.opts); pkt.emit(h.item); pkt.emit(h.odd); pkt.emit(h.pair); }
}
V1Switch(P(), Verify(), Ing(), Eg(), Compute(), Deparse()) main;
