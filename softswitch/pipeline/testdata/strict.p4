// Two mistakes that strict mode reports: a read of a header that was not
// extracted, and a packet whose egress_spec nobody sets.
#include <core.p4>
#include <v1model.p4>

header a_t { bit<8> v; }
struct headers { a_t a; a_t b; }
struct meta_t { bit<8> copy; }
parser P(packet_in pkt, out headers h, inout meta_t m, inout standard_metadata_t s) {
    state start { pkt.extract(h.a); transition select(h.a.v) { 2: more; default: accept; } }
    state more { pkt.extract(h.b); transition accept; }
}
control Verify(inout headers h, inout meta_t m) { apply { } }
control Compute(inout headers h, inout meta_t m) { apply { } }
control Ing(inout headers h, inout meta_t m, inout standard_metadata_t s) { apply { m.copy = h.b.v; h.a.v = m.copy; } }
control Eg(inout headers h, inout meta_t m, inout standard_metadata_t s) { apply { } }
control Deparse(packet_out pkt, in headers h) { apply { pkt.emit(h.a); pkt.emit(h.b); } }
V1Switch(P(), Verify(), Ing(), Eg(), Compute(), Deparse()) main;
