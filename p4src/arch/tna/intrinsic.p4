// io_t from and to TNA's intrinsic metadata. What has its frame's addresses already needs no egress.
#ifndef FIRSTACK_INTRINSIC
#define FIRSTACK_INTRINSIC

control Begin(inout io_t io, inout headers_t hdr, in ingress_intrinsic_metadata_t intrinsic,
              in ingress_intrinsic_metadata_from_parser_t from_parser) {
    // Bits that don't stand at a byte's edge are shifted by hashes.
    Hash<bit<32>>(HashAlgorithm_t.IDENTITY) ticks;
    Hash<bit<32>>(HashAlgorithm_t.IDENTITY) microseconds;
    // A hash to an action: a table takes no more.
    action read_ticks() { io.now = ticks.get({4w0, from_parser.global_tstamp[47:20]}); }
    action read_clock() { io.clock = microseconds.get({from_parser.global_tstamp[41:10]}); }
    apply {
        hdr.bridge.setValid();
        io.ingress_port = intrinsic.ingress_port;
        read_ticks();
        read_clock();
    }
}

control End(inout headers_t hdr, inout metadata_t meta, inout ingress_intrinsic_metadata_for_deparser_t for_deparser,
            inout ingress_intrinsic_metadata_for_tm_t for_tm) {
    action discard() { for_deparser.drop_ctl = 1; }
    action to_controller() {
        hdr.packet_in.setValid();
        hdr.packet_in.ingress_port = meta.io.ingress_port;
        hdr.packet_in.reason = meta.io.reason;
        for_tm.ucast_egress_port = CPU_PORT;
        for_tm.bypass_egress = 1;
        hdr.bridge.setInvalid();
    }
    action to_group() {
        for_tm.mcast_grp_a = meta.io.group;
        BRIDGE_IN(hdr.bridge, meta)
    }
    action to_port() {
        for_tm.ucast_egress_port = meta.io.egress_port;
        BRIDGE_IN(hdr.bridge, meta)
    }
    action past_egress() {
        for_tm.ucast_egress_port = meta.io.egress_port;
        for_tm.bypass_egress = 1;
        hdr.bridge.setInvalid();
    }
    // One table: each of these conditions would be one by itself.
    @hidden table fates {
        key = {
            meta.sum.wrong_ip : ternary;
            meta.sum.wrong_outer : ternary;
            meta.io.drop : ternary;
            meta.io.punt : ternary;
            meta.io.group : ternary;
            meta.io.next_hop : ternary;
        }
        actions = { discard; to_controller; to_group; to_port; past_egress; }
        const default_action = to_group();
        const entries = {
            (1, _, _, _, _, _) : discard();
            (_, 1, _, _, _, _) : discard();
            (_, _, 1, _, _, _) : discard();
            (_, _, _, 1, _, _) : to_controller();
            (_, _, _, _, 0, 0) : past_egress();
            (_, _, _, _, 0, _) : to_port();
        }
        size = 6;
    }
    apply {
        fates.apply();
    }
}

// Tofino cannot cut a packet: what the answer had behind its headers stays, outside of the reset's total length.
control CutReset(in headers_t hdr) {
    apply { }
}

control BeginEgress(inout headers_t hdr, inout metadata_t meta, in egress_intrinsic_metadata_t intrinsic) {
    apply {
        hdr.bridge.setInvalid();
        meta.io.instance = intrinsic.egress_rid;
    }
}

control EndEgress(in io_t io, inout egress_intrinsic_metadata_for_deparser_t for_deparser) {
    apply {
        if (io.drop == 1) {
            for_deparser.drop_ctl = 1;
        }
    }
}

#endif
