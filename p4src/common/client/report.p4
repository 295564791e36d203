// What the controller is told, one digest for all of it. Losing one costs nothing: the slot goes on working.
#ifndef FIRSTACK_CLIENT_REPORT
#define FIRSTACK_CLIENT_REPORT

// Nobody asks for slot and flow after it: where they don't say what a digest is to say, they are overwritten (FLOW_EVENT).
control Report(in headers_t hdr, inout metadata_t meta) {
    apply {
        if (meta.slot.told == 1) {
            meta.race.event = EVENT_CLAIMED;
        } else if (meta.race.translated == 1 && meta.race.event == 0 && hdr.tcp.isValid() &&
                   (hdr.tcp.flags & (TCP_FIN | TCP_RST)) != 0 && meta.race.verdict != VERDICT_DROP) {
            meta.race.event = EVENT_CLOSING;
        }
        if (meta.race.event != 0) {
            meta.told.lan = (bit<8>)meta.race.lan;
            TELL_FLAGS
            if (meta.race.event == EVENT_CLAIMED || meta.race.event == EVENT_LATE || meta.race.event == EVENT_SERVER) {
                if (meta.race.lan == 1) {
                    meta.told.form = meta.slot.winner & WINNER_FORM;
                    meta.slot.elapsed = 0;  // told again: how long the answer took is not known any more
                } else {
                    meta.told.form = meta.race.speaker_form;
                    meta.slot.winner_addr = meta.race.speaker_addr;
                    meta.slot.winner_port = meta.flow.from_port;
                }
            } else {
                meta.told.form = meta.race.form;
                meta.slot.winner_addr = 0;
                meta.slot.winner_port = 0;
                if (meta.race.lan == 1) {
                    meta.slot.server_addr = meta.flow.to_addr;
                    meta.slot.server_port = meta.flow.to_port;
                } else if (meta.race.form == FORM_C) {
                    meta.slot.server_addr = meta.flow.from_addr;
                    meta.slot.server_port = meta.flow.from_port;
                } else {  // closed from the wide area: the translation knows the server
                    meta.slot.server_addr = TARGET(meta.race, addr);
                    meta.slot.server_port = TARGET(meta.race, port);
                }
            }
            if (meta.race.lan == 1) {
                meta.flow.to_addr = meta.flow.from_addr;
                meta.flow.to_port = meta.flow.from_port;
            }
        }
    }
}

#endif
