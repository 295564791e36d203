// Everything that P4Runtime can reach on v1model, in one small program: the tests of the P4Runtime
// server run on it. Compile with
//   p4c-bm2-ss --arch v1model -o kitchen.json --p4runtime-files kitchen.p4info.txtpb kitchen.p4
#include <core.p4>
#include <v1model.p4>

const bit<9> CPU_PORT = 255;

@controller_header("packet_in")
header packet_in_t {
    bit<9> ingress_port;
    bit<1> is_clone;
    @padding bit<6> pad;
}

@controller_header("packet_out")
header packet_out_t {
    bit<9> egress_port;
    bit<7> queue;
}

header ethernet_t {
    bit<48> dst;
    bit<48> src;
    bit<16> kind;
}

header flow_t {
    bit<32> src;
    bit<32> dst;
    bit<16> sport;
    bit<16> dport;
}

struct headers_t {
    packet_in_t  packet_in;
    packet_out_t packet_out;
    ethernet_t   ethernet;
    flow_t       flow;
}

struct meta_t {
    bit<2>  color;
    bit<16> hash;
    bit<1>  known;
}

struct learn_t {
    bit<48> src;
    bit<9>  port;
}

parser MyParser(packet_in packet, out headers_t hdr, inout meta_t meta,
                inout standard_metadata_t std) {
    value_set<bit<16>>(4) flow_kinds;
    state start {
        transition select(std.ingress_port) {
            CPU_PORT: parse_packet_out;
            default: parse_ethernet;
        }
    }
    state parse_packet_out {
        packet.extract(hdr.packet_out);
        transition parse_ethernet;
    }
    state parse_ethernet {
        packet.extract(hdr.ethernet);
        transition select(hdr.ethernet.kind) {
            0x88b5: parse_flow;
            flow_kinds: parse_flow;
            default: accept;
        }
    }
    state parse_flow {
        packet.extract(hdr.flow);
        transition accept;
    }
}

control MyVerify(inout headers_t hdr, inout meta_t meta) { apply { } }

control MyIngress(inout headers_t hdr, inout meta_t meta, inout standard_metadata_t std) {
    counter(16, CounterType.packets_and_bytes) port_counter;
    meter(16, MeterType.packets) port_meter;
    register<bit<48>>(32) last_src;
    direct_counter(CounterType.packets_and_bytes) flow_counter;
    direct_meter<bit<2>>(MeterType.bytes) route_meter;
    action_profile(8) members;
    action_selector(HashAlgorithm.crc16, 64, 16) hashed;

    action drop() { mark_to_drop(std); }
    action forward(bit<9> port) { std.egress_spec = port; }
    action metered(bit<9> port) { std.egress_spec = port; route_meter.read(meta.color); }
    action rewrite(bit<32> dst, bit<16> dport, bit<9> port) {
        hdr.flow.dst = dst;
        hdr.flow.dport = dport;
        std.egress_spec = port;
        flow_counter.count();
    }
    action miss() { flow_counter.count(); }
    action multicast(bit<16> group) { std.mcast_grp = group; }
    action copy_to_cpu(bit<32> session) { clone(CloneType.I2E, session); }
    action learn() { digest<learn_t>(1, { hdr.ethernet.src, std.ingress_port }); }

    table flows {
        key = {
            hdr.flow.src: exact @name("src");
            hdr.flow.dst: exact @name("dst");
            hdr.flow.sport: exact @name("sport");
            hdr.flow.dport: exact @name("dport");
        }
        actions = { rewrite; @defaultonly miss; @tableonly drop; }
        const default_action = miss();
        counters = flow_counter;
        support_timeout = true;
        size = 1048576;
    }
    table routes {
        key = { hdr.flow.dst: lpm @name("dst"); }
        actions = { forward; metered; drop; }
        default_action = drop();
        meters = route_meter;
        size = 1024;
    }
    table acl {
        key = {
            hdr.flow.src: ternary @name("src");
            hdr.flow.sport: range @name("sport");
            hdr.flow.dport: optional @name("dport");
            std.ingress_port: ternary @name("port");
        }
        actions = { NoAction; drop; multicast; copy_to_cpu; }
        default_action = NoAction();
        size = 16;
    }
    table fixed {
        key = { std.ingress_port: exact @name("port"); }
        actions = { forward; NoAction; }
        const entries = {
            7: forward(8);
            8: forward(7);
        }
        default_action = NoAction();
    }
    table preset {
        key = { hdr.ethernet.kind: ternary @name("kind"); }
        actions = { NoAction; learn; }
        entries = {
            0x1234 &&& 0xffff: learn();
            const 0x1200 &&& 0xff00: NoAction();
        }
        default_action = NoAction();
        size = 8;
    }
    table sources {
        key = { hdr.ethernet.src: exact @name("src"); }
        actions = { NoAction; learn; }
        default_action = learn();
        support_timeout = true;
        size = 64;
    }
    table indirect {
        key = { hdr.flow.sport: exact @name("sport"); }
        actions = { forward; drop; }
        implementation = members;
        size = 16;
    }
    table spread {
        key = {
            hdr.flow.dport: exact @name("dport");
            hdr.flow.src: selector;
            hdr.flow.sport: selector;
        }
        actions = { forward; drop; }
        implementation = hashed;
        size = 16;
    }

    @p4runtime_role("guard")
    table guarded {
        key = { std.ingress_port: exact @name("port"); }
        actions = { NoAction; drop; }
        default_action = NoAction();
        size = 16;
    }

    apply {
        if (hdr.packet_out.isValid()) {
            std.egress_spec = hdr.packet_out.egress_port;
            hdr.packet_out.setInvalid();
            return;
        }
        port_counter.count((bit<32>)std.ingress_port);
        port_meter.execute_meter((bit<32>)std.ingress_port, meta.color);
        last_src.write((bit<32>)std.ingress_port, hdr.ethernet.src);
        guarded.apply();
        preset.apply();
        sources.apply();
        if (hdr.flow.isValid()) {
            routes.apply();
            indirect.apply();
            spread.apply();
            flows.apply();
            acl.apply();
        } else if (!fixed.apply().hit) {
            std.egress_spec = CPU_PORT;
        }
    }
}

control MyEgress(inout headers_t hdr, inout meta_t meta, inout standard_metadata_t std) {
    apply {
        if (std.egress_port == CPU_PORT) {
            hdr.packet_in.setValid();
            hdr.packet_in.ingress_port = std.ingress_port;
            hdr.packet_in.is_clone = (bit<1>)(std.instance_type == 1 ? 1w1 : 1w0);
            hdr.packet_in.pad = 0;
        }
    }
}

control MyCompute(inout headers_t hdr, inout meta_t meta) { apply { } }

control MyDeparser(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.packet_in);
        packet.emit(hdr.ethernet);
        packet.emit(hdr.flow);
    }
}

V1Switch(MyParser(), MyVerify(), MyIngress(), MyEgress(), MyCompute(), MyDeparser()) main;
