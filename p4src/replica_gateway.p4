// The replica gateway (FIG. 4), stateless: cracks a raced SYN for an ordinary web server and gives the answer
// the form that the replica's configuration demands.
#define REPLICA_GATEWAY
#include "arch.p4"
#include "meters.p4"
#include "replica/stand_ins.p4"
#include "replica/rewrite.p4"

INGRESS(ReplicaGateway) {
    Begin() begin;
    Arp() arp;
    OutermostHop() hop;
    ChecksumTake() checksum_take;
    StandIns() stand_ins;
    ReplicaRewrite() rewrite;
    Routes() routes;
    End() end;

    apply {
        begin.apply(meta.io, BEGIN);
        if (hdr.packet_out.isValid()) {
            meta.io.egress_port = hdr.packet_out.egress_port;
            hdr.packet_out.setInvalid();
        } else if (hdr.arp.isValid()) {
            arp.apply(hdr, meta.io);
        } else if (!hdr.ipv4.isValid() || hdr.ipv4.version != 4 || hdr.ipv4.ihl < 5) {
            meta.io.drop = 1;
        } else if (EXPIRED(hdr)) {
            meta.io.punt = 1;
            meta.io.reason = PUNT_TTL;
        } else {
            hop.apply(hdr);
            checksum_take.apply(hdr, meta.sum);
            stand_ins.apply(hdr, meta.stand_in);
            rewrite.apply(hdr, meta);
            if (meta.io.done == 0) {
                routes.apply(meta.io);
            }
        }
        end.apply(hdr, meta, END);
    }
}

EGRESS(ReplicaGatewayEgress) {
    BeginEgress() begin;
    Neighbors() neighbors;
    EndEgress() end;
    apply {
        begin.apply(hdr, meta, BEGIN_EGRESS);
        neighbors.apply(hdr, meta.io);
        end.apply(meta.io, END_EGRESS);
    }
}

SWITCH(ReplicaGateway, ReplicaGatewayEgress)
