// The server gateway (FIG. 3): sends a tagged SYN to every live replica of the service and, by the service's
// origin policy, to one of its origin servers. Everything else goes where it was going.
#define SERVER_GATEWAY
#include "arch.p4"
#include "selector.p4"
#include "server/services.p4"
#include "server/legs.p4"

INGRESS(ServerGateway) {
    Begin() begin;
    Arp() arp;
    OutermostHop() hop;
    ChecksumTake() checksum_take;
    Services() services;
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
            services.apply(hdr, meta.service, meta.io);
            if (meta.service.origin_chosen == 0) {
                routes.apply(meta.io);
            }
            if (meta.service.group != 0) {
                // Its legs know their ways; the server need not be reachable, or even exist.
                meta.io.punt = 0;
                meta.io.drop = 0;
            }
        }
        end.apply(hdr, meta, END);
    }
}

EGRESS(ServerGatewayEgress) {
    BeginEgress() begin;
    Legs() legs;
    Neighbors() neighbors;
    EndEgress() end;
    apply {
        begin.apply(hdr, meta, BEGIN_EGRESS);
        if (hdr.ipv4.isValid() && !hdr.packet_in.isValid()) {
            legs.apply(hdr, meta);
        }
        neighbors.apply(hdr, meta.io);
        end.apply(meta.io, END_EGRESS);
    }
}

SWITCH(ServerGateway, ServerGatewayEgress)
