// The client gateway (FIG. 2, 5 and 6): tags and remembers SYNs, lets the first SYN-ACK decide, keeps the
// connection on the replica that sent it. It knows its clients' ports and nothing of replicas.
#define CLIENT_GATEWAY
#include "arch.p4"
#include "selector.p4"
#include "client/classify.p4"
#include "client/translation.p4"
#include "client/steering.p4"
#include "client/verdict.p4"
#include "slots.p4"
#include "digest.p4"
#include "client/rewrite.p4"
#include "client/racers.p4"
#include "client/report.p4"

INGRESS(ClientGateway) {
    Begin() begin;
    Arp() arp;
    OutermostHop() hop;
    Classify() classify;
    Translation() translation;
    Steering() steering;
    Slots() slots;
    Verdict() verdict;
    Report() report;
    Tell() tell;
    REWRITE_IN_INGRESS(Rewrite() rewrite;)
    Routes() routes;
    End() end;

    action set_settings(bit<16> gateway, bit<8> epoch, ticks_t pending, ticks_t claimed, ticks_t tell) {
        meta.settings.gateway = gateway;
        meta.settings.epoch = epoch;
        meta.settings.pending = pending;
        meta.settings.claimed = claimed;
        meta.settings.tell = tell;
    }
    table settings {
        actions = { set_settings; }
        default_action = set_settings(0, 0, 2930, 292969, 488);  // 3 s, 300 s, 0.5 s
        size = 1;
    }

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
            settings.apply();
            classify.apply(hdr, meta.race, meta.flow, meta.io);
            translation.apply(hdr, meta.race, meta.flow);
            steering.apply(hdr, meta.flow, meta.race);
            slots.apply(meta.slot, meta.race, meta.flow, hdr, meta.settings, meta.io);
            verdict.apply(hdr, meta.race, meta.io, meta.slot);
            report.apply(hdr, meta);
            tell.apply(meta, END);
            if (meta.io.done == 0) {
                routes.apply(meta.io);
            }
            REWRITE_IN_INGRESS(rewrite.apply(hdr, meta);)
        }
        end.apply(hdr, meta, END);
    }
}

EGRESS(ClientGatewayEgress) {
    BeginEgress() begin;
    Racers() racers;
    Neighbors() neighbors;
    EndEgress() end;
    apply {
        begin.apply(hdr, meta, BEGIN_EGRESS);
        racers.apply(hdr, meta);
        neighbors.apply(hdr, meta.io);
        end.apply(meta.io, END_EGRESS);
    }
}

SWITCH(ClientGateway, ClientGatewayEgress)
