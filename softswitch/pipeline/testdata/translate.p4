// A mid-size program for benchmarks: a router that rewrites TCP connections by
// an exact table of four fields, with about ten tables on the path.
#include <core.p4>
#include <v1model.p4>

header ethernet_t { bit<48> dst; bit<48> src; bit<16> type; }
header ipv4_t {
    bit<4> version; bit<4> ihl; bit<6> dscp; bit<2> ecn; bit<16> total_len;
    bit<16> id; bit<3> flags; bit<13> frag; bit<8> ttl; bit<8> proto; bit<16> csum;
    bit<32> src; bit<32> dst;
}
header tcp_t {
    bit<16> sport; bit<16> dport; bit<32> seq; bit<32> ack; bit<4> offset; bit<4> res;
    bit<8> flags; bit<16> window; bit<16> csum; bit<16> urgent;
}
struct headers { ethernet_t eth; ipv4_t ip; tcp_t tcp; }
struct meta_t {
    bit<32> next_hop; bit<8> side; bit<8> kind; bit<1> hit; bit<32> slot; bit<32> print;
    bit<32> delta; bit<8> verdict; bit<16> bucket; bit<48> now; bit<32> expiry;
}

parser P(packet_in pkt, out headers h, inout meta_t m, inout standard_metadata_t s) {
    state start {
        pkt.extract(h.eth);
        transition select(h.eth.type) { 0x0800: ip; default: accept; }
    }
    state ip {
        pkt.extract(h.ip);
        transition select(h.ip.ihl, h.ip.frag, h.ip.proto) { (5, 0, 6): tcp; default: accept; }
    }
    state tcp { pkt.extract(h.tcp); transition accept; }
}

control Verify(inout headers h, inout meta_t m) { apply { } }
control Compute(inout headers h, inout meta_t m) { apply { } }

control Ing(inout headers h, inout meta_t m, inout standard_metadata_t s) {
    register<bit<32>>(65536) fingerprints;
    register<bit<32>>(65536) expiries;

    action drop() { mark_to_drop(s); }
    action set_side(bit<8> side) { m.side = side; }
    table sides { key = { s.ingress_port: exact; } actions = { set_side; NoAction; } default_action = NoAction; size = 512; }

    action set_kind(bit<8> kind) { m.kind = kind; }
    table services {
        key = { h.ip.dst: ternary; h.tcp.dport: ternary; h.ip.proto: ternary; }
        actions = { set_kind; NoAction; } default_action = NoAction; size = 512;
    }

    direct_counter(CounterType.packets_and_bytes) translated;
    action translate(bit<32> dst, bit<16> dport) {
        translated.count();
        m.hit = 1;
        // RFC 1624 by differences, both addresses' halves and the ports.
        m.delta = (bit<32>)(~h.ip.dst[31:16]) + (bit<32>)(~h.ip.dst[15:0]) + (bit<32>)dst[31:16] + (bit<32>)dst[15:0];
        h.ip.dst = dst;
        m.expiry = m.delta + (bit<32>)(~h.tcp.dport) + (bit<32>)dport;
        h.tcp.dport = dport;
    }
    table translation {
        key = { h.ip.src: exact; h.ip.dst: exact; h.tcp.sport: exact; h.tcp.dport: exact; }
        actions = { translate; NoAction; } default_action = NoAction;
        size = 1048576; support_timeout = true; counters = translated;
    }

    action set_verdict(bit<8> v) { m.verdict = v; }
    table verdicts {
        key = { m.side: ternary; m.kind: ternary; m.hit: ternary; h.tcp.flags: ternary; m.slot: ternary; }
        actions = { set_verdict; drop; }
        const default_action = set_verdict(0);
        const entries = {
            (1, 1, 1, 0x02 &&& 0x12, _): set_verdict(1);
            (1, 1, 1, 0x12 &&& 0x12, _): set_verdict(2);
            (1, 1, 0, 0x02 &&& 0x12, 0): set_verdict(3);
            (1, 1, 0, 0x02 &&& 0x12, 1): set_verdict(4);
            (1, 1, 0, 0x12 &&& 0x12, _): set_verdict(5);
            (2, 1, 1, 0x02 &&& 0x12, _): set_verdict(6);
            (2, 1, 1, 0x12 &&& 0x12, _): set_verdict(7);
            (2, 1, 0, _, 2): set_verdict(8);
            (2, 1, 0, _, 3): set_verdict(9);
            (3, _, _, _, _): drop();
            (1, 1, 1, _, _): set_verdict(10);
            (2, 1, 1, _, _): set_verdict(11);
            (_, 2, _, _, _): set_verdict(12);
        }
    }

    action set_next_hop(bit<32> nh, bit<9> port) { m.next_hop = nh; s.egress_spec = port; h.ip.ttl = h.ip.ttl - 1; }
    table routes { key = { h.ip.dst: lpm; } actions = { set_next_hop; drop; } const default_action = drop; size = 12288; }

    apply {
        if (!h.ip.isValid() || h.ip.ttl <= 1) { drop(); return; }
        sides.apply();
        m.now = s.ingress_global_timestamp;
        if (h.tcp.isValid()) {
            services.apply();
            if (m.kind != 0) {
                hash(m.bucket, HashAlgorithm.crc32, (bit<16>)0, { h.ip.src, h.ip.dst, h.tcp.sport, h.tcp.dport }, (bit<32>)65536);
                hash(m.print, HashAlgorithm.crc16, (bit<32>)0, { h.ip.src, h.ip.dst, h.tcp.sport, h.tcp.dport }, 32w0x10000);
                if (translation.apply().hit) {
                    m.slot = 2;
                } else {
                    bit<32> seen;
                    fingerprints.read(seen, (bit<32>)m.bucket);
                    expiries.read(m.expiry, (bit<32>)m.bucket);
                    if (seen == m.print || m.expiry - m.now[31:0] > 0x7fffffff) {
                        fingerprints.write((bit<32>)m.bucket, m.print);
                        expiries.write((bit<32>)m.bucket, m.now[31:0] + 1000000);
                        m.slot = 0;
                    } else { m.slot = 1; }
                }
                verdicts.apply();
                if (m.hit == 1) {
                    bit<32> sum = (bit<32>)(~h.ip.csum) + m.delta;
                    sum = (sum & 0xffff) + (sum >> 16);
                    sum = (sum & 0xffff) + (sum >> 16);
                    h.ip.csum = ~(bit<16>)sum;
                    sum = (bit<32>)(~h.tcp.csum) + m.expiry;
                    sum = (sum & 0xffff) + (sum >> 16);
                    sum = (sum & 0xffff) + (sum >> 16);
                    h.tcp.csum = ~(bit<16>)sum;
                }
            }
        }
        routes.apply();
        if (s.egress_spec != 511) {
            bit<32> c = (bit<32>)h.ip.csum + 0x100;
            h.ip.csum = (bit<16>)((c & 0xffff) + (c >> 16));
        }
    }
}

control Eg(inout headers h, inout meta_t m, inout standard_metadata_t s) {
    direct_counter(CounterType.packets_and_bytes) sent;
    action set_macs(bit<48> src, bit<48> dst) { sent.count(); h.eth.src = src; h.eth.dst = dst; }
    table neighbors { key = { m.next_hop: exact; } actions = { set_macs; NoAction; } default_action = NoAction; size = 4096; counters = sent; }
    apply { neighbors.apply(); }
}

control Deparse(packet_out pkt, in headers h) { apply { pkt.emit(h.eth); pkt.emit(h.ip); pkt.emit(h.tcp); } }

V1Switch(P(), Verify(), Ing(), Eg(), Compute(), Deparse()) main;
