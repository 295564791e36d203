// io_t from and to v1model's standard metadata. Everything starts dropped: an egress port left at 0 would
// send the packet there.
#ifndef FIRSTACK_INTRINSIC
#define FIRSTACK_INTRINSIC

control Begin(inout io_t io, inout standard_metadata_t standard) {
    apply {
        mark_to_drop(standard);
        io.ingress_port = standard.ingress_port;
        io.now = (ticks_t)(standard.ingress_global_timestamp >> 10);
        io.clock = (bit<32>)standard.ingress_global_timestamp;
    }
}

control End(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (meta.io.drop == 1) {
            mark_to_drop(standard);
        } else if (meta.io.punt == 1) {
            hdr.packet_in.setValid();
            hdr.packet_in.ingress_port = meta.io.ingress_port;
            hdr.packet_in.reason = meta.io.reason;
            standard.egress_spec = CPU_PORT;
            meta.io.next_hop = 0;
        } else if (meta.io.group != 0) {
            standard.mcast_grp = meta.io.group;
        } else {
            standard.egress_spec = meta.io.egress_port;
        }
    }
}

control BeginEgress(inout headers_t hdr, inout metadata_t meta, in standard_metadata_t standard) {
    apply {
        meta.io.instance = standard.egress_rid;
        meta.io.drop = 0;
    }
}

control EndEgress(in io_t io, inout standard_metadata_t standard) {
    apply {
        if (io.drop == 1) {
            mark_to_drop(standard);
        }
    }
}

// A reset has no payload: what the answer had behind its headers goes.
control CutReset(in headers_t hdr) {
    apply {
        if (hdr.outer.isValid()) {
            truncate(74);
        } else {
            truncate(54);
        }
    }
}

control NoVerify(inout headers_t hdr, inout metadata_t meta) {
    apply { }
}

control NoCompute(inout headers_t hdr, inout metadata_t meta) {
    apply { }
}

#endif
