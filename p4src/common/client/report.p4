// What the controller is told, one digest for all of it. Losing one costs nothing: the slot goes on working.
#ifndef FIRSTACK_CLIENT_REPORT
#define FIRSTACK_CLIENT_REPORT

// Nobody asks for slot and flow after it: where they don't say what a digest is to say, they are overwritten (FLOW_EVENT).
control Report(inout headers_t hdr, inout metadata_t meta) {
    @hidden action from_client() {
        meta.told.lan = 1;
        meta.flow.to_addr = meta.flow.from_addr;
        meta.flow.to_port = meta.flow.from_port;
    }
    @hidden action nobody_won() {
        meta.told.form = meta.race.form;
        meta.slot.winner_addr = 0;
        meta.slot.winner_port = 0;
    }

    @hidden action nothing() { }
    @hidden action again() {
        meta.race.event = EVENT_CLAIMED;
        meta.told.form = meta.slot.winner & WINNER_FORM;
        meta.slot.elapsed = 0;  // how long the answer took is not known any more
        from_client();
    }
    @hidden action answered() {
        meta.told.lan = 0;
        meta.told.form = meta.race.speaker_form;
        meta.slot.winner_addr = meta.race.peer_addr;
        meta.slot.winner_port = meta.flow.from_port;
    }
    @hidden action won() { meta.race.event = EVENT_CLAIMED; answered(); }
    @hidden action sent() {
        nobody_won();
        meta.slot.server_addr = meta.flow.to_addr;
        meta.slot.server_port = meta.flow.to_port;
        from_client();
    }
    @hidden action closing_out() { meta.race.event = EVENT_CLOSING; sent(); }
    @hidden action closing_in() {
        meta.race.event = EVENT_CLOSING;
        meta.told.lan = 0;
        nobody_won();
        meta.slot.server_addr = TARGET(meta.race, addr);  // the translation knows the server
        meta.slot.server_port = TARGET(meta.race, port);
    }
    @hidden action closing_tunnel() {
        meta.race.event = EVENT_CLOSING;
        meta.told.lan = 0;
        nobody_won();
        meta.slot.server_addr = meta.flow.from_addr;
        meta.slot.server_port = meta.flow.from_port;
    }
    @hidden table reports {
        key = {
            meta.slot.told : ternary;
            meta.race.event : ternary;
            meta.race.lan : ternary;
            meta.race.translated : ternary;
            meta.race.verdict : ternary;
            meta.race.form : ternary;
            meta.flow.flags : ternary;
        }
        actions = { nothing; again; won; answered; sent; closing_out; closing_in; closing_tunnel; }
        const default_action = nothing();
        size = 16;
        const entries = {
            // told, event, lan, translated, verdict, form, flags
            (1, _, 1, _, _, _, _) : again();
            (1, _, 0, _, _, _, _) : won();
            (_, EVENT_LATE, _, _, _, _, _) : answered();
            (_, EVENT_SERVER, _, _, _, _, _) : answered();
            (_, EVENT_REUSED, _, _, _, _, _) : sent();
            (_, EVENT_UNANSWERED, _, _, _, _, _) : sent();
            (_, EVENT_OVERDUE, _, _, _, _, _) : sent();
            (_, _, _, _, VERDICT_DROP, _, _) : nothing();
            (_, _, 1, 1, _, _, TCP_FIN &&& TCP_FIN) : closing_out();
            (_, _, 1, 1, _, _, TCP_RST &&& TCP_RST) : closing_out();
            (_, _, 0, 1, _, FORM_C, TCP_FIN &&& TCP_FIN) : closing_tunnel();
            (_, _, 0, 1, _, FORM_C, TCP_RST &&& TCP_RST) : closing_tunnel();
            (_, _, 0, 1, _, _, TCP_FIN &&& TCP_FIN) : closing_in();
            (_, _, 0, 1, _, _, TCP_RST &&& TCP_RST) : closing_in();
        }
    }
    apply {
        if (meta.slot.told != 0 || meta.race.event != 0 || (meta.flow.flags & (TCP_FIN | TCP_RST)) != 0) {
            reports.apply();
        }
    }
}

#endif
