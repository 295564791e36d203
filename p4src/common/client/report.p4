// What the controller is told, one digest for all of it. Losing one costs nothing: the slot goes on working.
#ifndef FIRSTACK_CLIENT_REPORT
#define FIRSTACK_CLIENT_REPORT

control Report(in headers_t hdr, inout metadata_t meta) {
    apply {
        if (meta.slot.told == 1) {
            meta.race.event = EVENT_CLAIMED;
        } else if (meta.race.translated == 1 && meta.race.event == 0 && hdr.tcp.isValid() &&
                   (hdr.tcp.flags & (TCP_FIN | TCP_RST)) != 0 && meta.race.verdict != VERDICT_DROP) {
            meta.race.event = EVENT_CLOSING;
        }
        if (meta.race.event != 0) {
            meta.event.event = meta.race.event;
            meta.event.lan = (bit<8>)meta.race.lan;
            meta.event.client_addr = meta.flow.client_addr;
            meta.event.client_port = meta.flow.client_port;
            meta.event.flags = hdr.tcp.flags;
            meta.event.form = meta.race.form;
            meta.event.elapsed = meta.slot.elapsed;
            meta.event.now = meta.io.now;
            meta.event.mode = (bit<8>)meta.slot.mode;
            meta.event.attempt = (bit<8>)meta.slot.attempt;
            meta.event.watch = meta.slot.asked;
            if (meta.race.event == EVENT_CLAIMED || meta.race.event == EVENT_LATE || meta.race.event == EVENT_SERVER) {
                meta.event.server_addr = meta.slot.server_addr;
                meta.event.server_port = meta.slot.server_port;
            } else if (meta.race.lan == 1 || meta.race.form == FORM_C) {
                meta.event.server_addr = meta.flow.peer_addr;
                meta.event.server_port = meta.flow.peer_port;
            } else {
                meta.event.server_addr = meta.race.target_addr;
                meta.event.server_port = meta.race.target_port;
            }
            if (meta.race.event == EVENT_CLAIMED && WINNER_CLAIMED(meta.slot.winner) == 1) {
                meta.event.replica_addr = meta.slot.winner_addr;
                meta.event.replica_port = meta.slot.winner_port;
                meta.event.form = WINNER_FORM(meta.slot.winner);
                meta.event.elapsed = 0;  // told again: how long the answer took is not known any more
            } else if (meta.race.event == EVENT_CLAIMED || meta.race.event == EVENT_LATE ||
                       meta.race.event == EVENT_SERVER) {
                meta.event.form = meta.race.speaker_form;
                meta.event.replica_port = meta.flow.peer_port;
                meta.event.replica_addr = meta.race.speaker_addr;
            }
            if (meta.race.lan == 1) {
                meta.event.isn = hdr.tcp.seq_no + 1;
            } else {
                meta.event.isn = hdr.tcp.ack_no;
            }
        }
    }
}

#endif
