// Where the packet is going by the verdict: who stands at the other end, and which address decides its route.
#ifndef FIRSTACK_CLIENT_AIM
#define FIRSTACK_CLIENT_AIM

control Aim(in headers_t hdr, inout metadata_t meta, inout ipv4_addr_t destination) {
    apply {
        // The slot speaks where no translation does.
        if (meta.race.verdict == VERDICT_OUT_SLOT) {
            meta.race.target_addr = meta.slot.winner_addr;
            meta.race.target_port = meta.slot.winner_port;
            meta.race.form = meta.slot.form;
        } else if (meta.race.verdict == VERDICT_IN_SLOT || meta.race.verdict == VERDICT_ICMP_SLOT) {
            meta.race.target_addr = meta.slot.server_addr;
            meta.race.target_port = meta.slot.server_port;
        } else if (meta.race.verdict == VERDICT_RESET) {
            // To whoever answered, in the form of the answer.
            meta.race.target_addr = meta.flow.peer_addr;
            if (meta.race.speaker_form == FORM_C) {
                meta.race.target_addr = meta.race.source_addr;
            }
        }

        destination = hdr.ipv4.dst_addr;
        if (meta.race.verdict == VERDICT_OUT || meta.race.verdict == VERDICT_OUT_SLOT ||
            meta.race.verdict == VERDICT_DIRECT || meta.race.verdict == VERDICT_RESET) {
            destination = meta.race.target_addr;
        }
        if (meta.race.verdict == VERDICT_RACE) {
            meta.io.group = meta.race.group;  // each leg knows its way
            meta.io.done = 1;
        } else if (meta.race.verdict == VERDICT_DROP) {
            meta.io.drop = 1;
            meta.io.done = 1;
        }
    }
}

#endif
