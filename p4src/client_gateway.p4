// The client gateway (FIG. 2, 5 and 6): tags and remembers SYNs, lets the first SYN-ACK decide, keeps the
// connection on the replica that sent it. It knows its clients' ports and nothing of replicas.
#include "arch.p4"
#include "selector.p4"
#include "client/classify.p4"
#include "client/translation.p4"
#include "client/steering.p4"
#include "client/verdict.p4"
#include "slots.p4"
#include "client/rewrite.p4"
#include "client/racers.p4"
#include "client/report.p4"

control ClientGateway(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Begin() begin;
    Arp() arp;
    Hop() hop;
    Classify() classify;
    Translation() translation;
    Steering() steering;
    Slots() slots;
    Verdict() verdict;
    Report() report;
    Rewrite() rewrite;
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
        begin.apply(meta.io, standard);
        if (hdr.packet_out.isValid()) {
            meta.io.egress_port = hdr.packet_out.egress_port;
            hdr.packet_out.setInvalid();
        } else if (hdr.arp.isValid()) {
            arp.apply(hdr, meta.io);
        } else if (!hdr.ipv4.isValid() || hdr.ipv4.version != 4 || hdr.ipv4.ihl < 5) {
            meta.io.drop = 1;
        } else if (hdr.ipv4.ttl <= 1) {
            meta.io.punt = 1;
            meta.io.reason = PUNT_TTL;
        } else {
            hop.apply(hdr);
            settings.apply();
            classify.apply(hdr, meta.race, meta.flow, meta.io);
            translation.apply(meta.race, meta.flow, hdr);
            steering.apply(hdr, meta.flow, meta.race);
            // What a translation settles from the wide area needs no slot.
            if (meta.race.kind != KIND_OTHER && (meta.race.lan == 1 || meta.race.authentic == 0)) {
                slots.apply(meta.slot, meta.race, meta.flow, hdr, meta.settings, meta.io,
                            (bit<32>)standard.ingress_global_timestamp);
            }
            verdict.apply(meta.race, meta.slot);
            report.apply(hdr, meta);
            if (meta.race.event != 0) {
                digest<flow_event_t>(1, meta.event);
            }
            rewrite.apply(hdr, meta);
            if (meta.race.verdict == VERDICT_RESET) {
                if (hdr.inner.isValid()) {
                    truncate(74);
                } else {
                    truncate(54);
                }
            }
            if (meta.io.done == 0) {
                routes.apply(hdr, meta.io);
            }
        }
        end.apply(hdr, meta.io, standard);
    }
}

control ClientGatewayEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    BeginEgress() begin;
    Racers() racers;
    Neighbors() neighbors;
    EndEgress() end;
    apply {
        begin.apply(meta.io, standard);
        racers.apply(hdr, meta);
        neighbors.apply(hdr, meta.io);
        end.apply(meta.io, standard);
    }
}

V1Switch(GatewayParser(), NoVerify(), ClientGateway(), ClientGatewayEgress(), NoCompute(), GatewayDeparser()) main;
