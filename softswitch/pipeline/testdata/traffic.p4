// The traffic manager: clones, multicast, resubmission, recirculation, digests,
// truncation and drops, with what each leaves of metadata and headers. The
// first byte picks the test; "how" shows the instance type of what left.
#include <core.p4>
#include <v1model.p4>

header op_t { bit<8> op; bit<8> how; bit<8> note; bit<8> rid; }
header extra_t { bit<16> length; bit<16> port; }
struct headers { op_t op; extra_t extra; }
struct meta_t { @field_list(1) bit<8> kept; bit<8> lost; bit<8> pass; // set by the parser: clones lose it all the same
    @field_list(2) bit<8> rounds; }
struct seen_t { bit<8> op; bit<9> port; bit<48> at; bit<128> wide; }

parser P(packet_in pkt, out headers h, inout meta_t m, inout standard_metadata_t s) {
    state start { pkt.extract(h.op); m.pass = 3; transition accept; }
}
control Verify(inout headers h, inout meta_t m) { apply { } }
control Compute(inout headers h, inout meta_t m) { apply { } }
control Ing(inout headers h, inout meta_t m, inout standard_metadata_t s) {
    apply {
        s.egress_spec = 1;
        if (h.op.op == 0x01) {            // clone: sees the packet as it came
            m.kept = 0x55; m.lost = 0x66; h.op.note = 0x99;
            clone_preserving_field_list(CloneType.I2E, 5, 1);
        } else if (h.op.op == 0x02) {     // clone of a dropped packet, without fields
            m.kept = 0x55;
            clone(CloneType.I2E, 5);
            mark_to_drop(s);
        } else if (h.op.op == 0x03) {     // clone to a session that is not there
            clone(CloneType.I2E, 77);
        } else if (h.op.op == 0x04) {
            s.mcast_grp = 9; m.lost = 0x66;
        } else if (h.op.op == 0x05) {     // dropped, then revived by the group
            mark_to_drop(s);
            s.mcast_grp = 9;
        } else if (h.op.op == 0x06) {     // the drop forgets the group
            s.mcast_grp = 9;
            mark_to_drop(s);
        } else if (h.op.op == 0x07) {
            s.mcast_grp = 44;
        } else if (h.op.op == 0x08) {
            if (s.instance_type == 0) {
                m.kept = 0x12; m.lost = 0x34; h.op.note = 0xee;
                resubmit_preserving_field_list(1);
            } else { h.op.note = m.kept; h.op.rid = m.lost; h.op.how = (bit<8>)s.instance_type; }
        } else if (h.op.op == 0x09) {     // three times round
            if (s.instance_type == 4) { h.op.note = m.rounds; }
        } else if (h.op.op == 0x0a) {
            digest<seen_t>(1, { h.op.op, s.ingress_port, 48w0x010203040506, 128w0xabcdef << 64 });
        } else if (h.op.op == 0x0b) {
            truncate(6);
        } else if (h.op.op == 0x0c) {     // round for ever
            resubmit_preserving_field_list(1);
        } else if (h.op.op == 0x0d) {     // egress_spec as it was at the start: port 0
            s.egress_spec = 0;
        } else if (h.op.op == 0x0e) {
            h.extra.setValid();
        } else if (h.op.op == 0x20) {
            s.egress_spec = 511;
        }
    }
}
control Eg(inout headers h, inout meta_t m, inout standard_metadata_t s) {
    apply {
        if (h.op.op != 0x08) { h.op.how = (bit<8>)s.instance_type; h.op.rid = (bit<8>)s.egress_rid; }
        if (h.op.op == 0x01 || h.op.op == 0x02) { if (s.instance_type == 1) { h.op.note = m.kept; h.op.rid = m.lost + m.pass; } }
        if (h.op.op == 0x04) { h.op.note = m.lost; }
        if (h.op.op == 0x09 && m.rounds < 3) {
            m.rounds = m.rounds + 1;
            recirculate_preserving_field_list(2);
        }
        if (h.op.op == 0x0e) { h.extra.length = (bit<16>)s.packet_length; h.extra.port = (bit<16>)s.egress_port; }
        if (h.op.op == 0x0f && s.instance_type == 0) {   // egress clone: sees the packet as it leaves
            h.op.note = 0xab; m.kept = 1; m.lost = 2;
            clone_preserving_field_list(CloneType.E2E, 6, 1);
        }
        if (h.op.op == 0x0f && s.instance_type == 2) { h.op.rid = m.kept + m.lost; }
        if (h.op.op == 0x10) { mark_to_drop(s); }
        if (h.op.op == 0x11) {
            h.extra.setValid();
            h.extra.length = (bit<16>)s.deq_timedelta;
            h.extra.port = (bit<16>)(s.egress_global_timestamp - s.ingress_global_timestamp);
        }
    }
}
control Deparse(packet_out pkt, in headers h) { apply { pkt.emit(h.op); pkt.emit(h.extra); } }
V1Switch(P(), Verify(), Ing(), Eg(), Compute(), Deparse()) main;
