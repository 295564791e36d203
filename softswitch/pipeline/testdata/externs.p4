// Registers, counters, meters, hashes, checksums and random numbers. The first
// byte picks the test.
#include <core.p4>
#include <v1model.p4>

header op_t { bit<8> op; bit<8> i; bit<16> v; }
header res_t { bit<32> r; }
header wide_t { bit<128> w; }
header sum_t { bit<4> a; bit<12> b; bit<16> csum; bit<16> csum2; }
struct headers { op_t op; res_t res; wide_t wide; sum_t sum; sum_t other; }
struct meta_t { bit<2> colour; bit<2> direct; }

parser P(packet_in pkt, out headers h, inout meta_t m, inout standard_metadata_t s) {
    state start {
        pkt.extract(h.op);
        transition select(h.op.op) { 0x40: wide; 0x50: sum; 0x51: sums; default: accept; }
    }
    state wide { pkt.extract(h.wide); transition accept; }
    state sum { pkt.extract(h.sum); transition accept; }
    state sums { pkt.extract(h.sum); pkt.extract(h.other); transition accept; }
}
control Verify(inout headers h, inout meta_t m) {
    apply { verify_checksum(h.sum.isValid(), { h.sum.a, h.sum.b, h.other.b, 4w5 }, h.sum.csum, HashAlgorithm.csum16); }
}
control Compute(inout headers h, inout meta_t m) {
    apply {
        update_checksum_with_payload(h.sum.isValid(), { h.sum.a, h.sum.b, h.other.a, h.other.b }, h.sum.csum2, HashAlgorithm.csum16);
    }
}
control Ing(inout headers h, inout meta_t m, inout standard_metadata_t s) {
    register<bit<16>>(8) cells;
    register<bit<128>>(4) wides;
    register<int<8>>(2) signeds;
    counter(4, CounterType.packets_and_bytes) seen;
    meter(4, MeterType.packets) rate;
    direct_counter(CounterType.packets_and_bytes) hits;
    direct_meter<bit<2>>(MeterType.bytes) flow;

    action meet(bit<8> v) { hits.count(); flow.read(m.direct); h.op.i = v; }
    action miss() { hits.count(); h.op.i = 0xdd; }
    table t { key = { h.op.v: exact; } actions = { meet; miss; } default_action = miss; counters = hits; meters = flow; size = 16; }

    apply {
        s.egress_spec = 1;
        bit<32> r = 0;
        if (h.op.op == 0x01) { cells.write((bit<32>)h.op.i, h.op.v); }
        else if (h.op.op == 0x02) { cells.read(h.op.v, (bit<32>)h.op.i); }
        else if (h.op.op == 0x03) { seen.count((bit<32>)h.op.i); }
        else if (h.op.op == 0x04) { rate.execute_meter<bit<2>>((bit<32>)h.op.i, m.colour); h.op.v = (bit<16>)m.colour; }
        else if (h.op.op == 0x05) { t.apply(); h.op.v = (bit<16>)m.direct; }
        else if (h.op.op == 0x06) { int<8> x; signeds.write(1, -5); signeds.read(x, 1); if (x < 0) { h.op.v = (bit<16>)(bit<8>)x; } }
        else if (h.op.op == 0x10) { hash(r, HashAlgorithm.crc32, (bit<32>)0, { h.op.i, h.op.v }, 64w0x100000000); }
        else if (h.op.op == 0x11) { hash(r, HashAlgorithm.crc16, (bit<32>)0, { h.op.i, h.op.v }, 32w0x10000); }
        else if (h.op.op == 0x12) { hash(r, HashAlgorithm.csum16, (bit<32>)0, { h.op.i, h.op.v }, 32w0x10000); }
        else if (h.op.op == 0x13) { hash(r, HashAlgorithm.xor16, (bit<32>)0, { h.op.i, h.op.v }, 32w0x10000); }
        else if (h.op.op == 0x14) { hash(r, HashAlgorithm.identity, (bit<32>)7, { h.op.i, h.op.v }, 32w1000); }
        else if (h.op.op == 0x15) { hash(r, HashAlgorithm.crc32, (bit<32>)9, { h.op.i }, 32w0); }
        else if (h.op.op == 0x16) { random(r, (bit<32>)h.op.i, (bit<32>)h.op.v); }
        else if (h.op.op == 0x17) { hash(r, HashAlgorithm.crc16_custom, (bit<32>)0, { 3w5, h.op.v[12:0] }, 32w0x10000); }
        else if (h.op.op == 0x40) { bit<128> w; wides.read(w, (bit<32>)h.op.i); wides.write((bit<32>)h.op.i, h.wide.w); h.wide.w = w; }
        else if (h.op.op == 0x50 || h.op.op == 0x51) { h.op.i = (bit<8>)s.checksum_error; }
        if (h.op.op & 0xf0 == 0x10) { h.res.setValid(); h.res.r = r; }
    }
}
control Eg(inout headers h, inout meta_t m, inout standard_metadata_t s) { apply { } }
control Deparse(packet_out pkt, in headers h) { apply { pkt.emit(h.op); pkt.emit(h.res); pkt.emit(h.wide); pkt.emit(h.sum); pkt.emit(h.other); } }
V1Switch(P(), Verify(), Ing(), Eg(), Compute(), Deparse()) main;
