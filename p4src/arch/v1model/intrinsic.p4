// io_t from and to v1model's standard metadata. Everything starts dropped: an egress port left at 0 would
// send the packet there.
#ifndef FIRSTACK_INTRINSIC
#define FIRSTACK_INTRINSIC

control Begin(inout io_t io, inout standard_metadata_t standard) {
    apply {
        mark_to_drop(standard);
        io.ingress_port = standard.ingress_port;
        io.now = (ticks_t)(standard.ingress_global_timestamp >> 10);
    }
}

control End(inout headers_t hdr, inout io_t io, inout standard_metadata_t standard) {
    apply {
        if (io.punt == 1) {
            hdr.packet_in.setValid();
            hdr.packet_in.ingress_port = io.ingress_port;
            hdr.packet_in.reason = io.reason;
            standard.egress_spec = CPU_PORT;
            io.next_hop = 0;
        } else if (io.drop == 0) {
            if (io.group != 0) {
                standard.mcast_grp = io.group;
            } else {
                standard.egress_spec = io.egress_port;
            }
        }
    }
}

control BeginEgress(inout io_t io, in standard_metadata_t standard) {
    apply {
        io.instance = standard.egress_rid;
        io.drop = 0;
    }
}

control EndEgress(in io_t io, inout standard_metadata_t standard) {
    apply {
        if (io.drop == 1) {
            mark_to_drop(standard);
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
