// What becomes of the packet: one table, to be read beside docs/protocol.md ("A client gateway's view of one
// connection"). Its actions are the decisions, and their direct counters the counts that people want.
#ifndef FIRSTACK_CLIENT_VERDICT
#define FIRSTACK_CLIENT_VERDICT

const bit<8> VERDICT_PLAIN = 0;
const bit<8> VERDICT_DROP = 1;
const bit<8> VERDICT_TAG = 2;
const bit<8> VERDICT_OUT = 3;       // to the replica of target address and port
const bit<8> VERDICT_IN = 4;        // to the client, as from the server of target address and port
const bit<8> VERDICT_RESET = 5;     // back to the target
const bit<8> VERDICT_ICMP = 6;      // to the client, about a packet to the target
const bit<8> VERDICT_RACE = 7;      // a copy to each leg of io.group
const bit<8> VERDICT_DIRECT = 8;    // to the replica of target address and port, tagged
const bit<8> VERDICT_UNTAG = 9;     // a SYN that goes where it is going; only gateways tag

#define NOBODY 0 &&& WINNER_CLAIMED
#define SOMEBODY WINNER_CLAIMED &&& WINNER_CLAIMED
#define A_REPLICA WINNER_REPLICA &&& WINNER_REPLICA

control Verdict(inout headers_t hdr, inout race_t race, inout io_t io, in slot_t slot) {
    DIRECT_COUNTER(verdicts_counter)
    // Whom a translation names is the target already.
    action out_to(ipv4_addr_t addr) { race.verdict = VERDICT_OUT; io.destination = addr; }
    action out_to_winner() {
        out_to(slot.winner_addr);
        TARGET(race, addr) = slot.winner_addr;
        TARGET(race, port) = slot.winner_port;
        race.form = slot.winner & WINNER_FORM;
    }
    action to_peer() { TARGET(race, addr) = race.peer_addr; io.destination = race.peer_addr; }
    action from_server() { TARGET(race, addr) = slot.server_addr; TARGET(race, port) = slot.server_port; }
    action in_from_server() { race.verdict = VERDICT_IN; from_server(); }
    action race_to_group() { race.verdict = VERDICT_RACE; io.group = race.group; io.done = 1; }  // each leg knows its way
    action discard() { race.verdict = VERDICT_DROP; io.drop = 1; io.done = 1; }

    action tag_first() { COUNT(verdicts_counter) race.verdict = VERDICT_TAG; }
    action tag_again() { COUNT(verdicts_counter) race.verdict = VERDICT_TAG; }
    action tag_unanswered() { COUNT(verdicts_counter) race.verdict = VERDICT_TAG; race.event = EVENT_UNANSWERED; }
    action steer_race() { COUNT(verdicts_counter) race_to_group(); }
    action steer_direct() { COUNT(verdicts_counter) race.verdict = VERDICT_DIRECT; to_peer(); }
    action steer_server() { COUNT(verdicts_counter) race.verdict = VERDICT_UNTAG; }
    action steer_overdue() { COUNT(verdicts_counter) race_to_group(); race.event = EVENT_OVERDUE; }
    action follow_reused() { COUNT(verdicts_counter) out_to(TARGET(race, addr)); race.event = EVENT_REUSED; }
    action follow_winner() { COUNT(verdicts_counter) out_to_winner(); }
    action untagged_not_redirected() { COUNT(verdicts_counter) race.verdict = VERDICT_UNTAG; }
    action untagged_no_room() { COUNT(verdicts_counter) race.verdict = VERDICT_UNTAG; }
    action untagged_payload() { COUNT(verdicts_counter) race.verdict = VERDICT_UNTAG; }
    action untagged_busy() { COUNT(verdicts_counter) race.verdict = VERDICT_UNTAG; }
    action untagged_server_won() { COUNT(verdicts_counter) race.verdict = VERDICT_UNTAG; }
    action claim_server() { COUNT(verdicts_counter) race.verdict = VERDICT_PLAIN; race.event = EVENT_SERVER; }
    action claim_a() { COUNT(verdicts_counter) in_from_server(); }
    action claim_b() { COUNT(verdicts_counter) in_from_server(); }
    action claim_c() { COUNT(verdicts_counter) in_from_server(); }
    action answer_translated() { COUNT(verdicts_counter) race.verdict = VERDICT_IN; }
    action answer_repeated() { COUNT(verdicts_counter) in_from_server(); }
    // To whoever answered, in the form of the answer.
    action answer_late() {
        COUNT(verdicts_counter)
        race.verdict = VERDICT_RESET;
        race.event = EVENT_LATE;
        race.form = race.speaker_form;
        to_peer();
    }
    action answer_unproven_plain() { COUNT(verdicts_counter) race.verdict = VERDICT_PLAIN; }
    action answer_unproven_tunnel() { COUNT(verdicts_counter) discard(); }
    action out_translated() { COUNT(verdicts_counter) out_to(TARGET(race, addr)); }
    action out_slot() { COUNT(verdicts_counter) out_to_winner(); }
    action in_translated() { COUNT(verdicts_counter) race.verdict = VERDICT_IN; }
    action in_slot() { COUNT(verdicts_counter) in_from_server(); }
    action in_spoofed() { COUNT(verdicts_counter) discard(); }
    action in_stray() { COUNT(verdicts_counter) discard(); }
    action icmp_translated() { COUNT(verdicts_counter) race.verdict = VERDICT_ICMP; }
    action icmp_slot() { COUNT(verdicts_counter) race.verdict = VERDICT_ICMP; from_server(); }
    action plain_out() { COUNT(verdicts_counter) race.verdict = VERDICT_PLAIN; }
    action plain_in() { COUNT(verdicts_counter) race.verdict = VERDICT_PLAIN; }
    action plain_tunnel() { COUNT(verdicts_counter) race.verdict = VERDICT_PLAIN; }
    action plain_icmp() { COUNT(verdicts_counter) race.verdict = VERDICT_PLAIN; }
    action plain_fragment() { COUNT(verdicts_counter) race.verdict = VERDICT_PLAIN; }
    action plain_ip_options() { COUNT(verdicts_counter) race.verdict = VERDICT_PLAIN; }
    action plain_other() { COUNT(verdicts_counter) race.verdict = VERDICT_PLAIN; }

    table verdicts {
        key = {
            race.kind : ternary @name("kind");
            race.obstacle : ternary @name("obstacle");
            race.translated : ternary @name("translated");
            race.authentic : ternary @name("authentic");
            race.form : ternary @name("form");
            slot.taken : ternary @name("taken");
            slot.fresh : ternary @name("fresh");
            slot.own : ternary @name("own");
            slot.proven : ternary @name("proven");
            slot.winner : ternary @name("winner");
            slot.same_source : ternary @name("same_source");
            slot.same_port : ternary @name("same_port");
            race.from_server : ternary @name("from_server");
            race.speaker_form : ternary @name("speaker_form");
            race.resets : ternary @name("resets");
            slot.mode : ternary @name("mode");
            slot.overdue : ternary @name("overdue");
            race.fallback : ternary @name("fallback");
        }
        actions = {
            tag_first; tag_again; tag_unanswered; steer_race; steer_direct; steer_server; steer_overdue; follow_reused; follow_winner;
            untagged_not_redirected; untagged_no_room; untagged_payload; untagged_busy; untagged_server_won;
            claim_server; claim_a; claim_b; claim_c;
            answer_translated; answer_repeated; answer_late; answer_unproven_plain; answer_unproven_tunnel;
            out_translated; out_slot; in_translated; in_slot; in_spoofed; in_stray; icmp_translated; icmp_slot;
            plain_out; plain_in; plain_tunnel; plain_icmp; plain_fragment; plain_ip_options; plain_other;
        }
        const default_action = plain_other();
        size = 64;
        USE_DIRECT_COUNTER(verdicts_counter)
        const entries = {
            // kind, obstacle | translated, authentic, form | taken, fresh, own, proven, winner, same source, same port, from server, speaker form, resets, mode, overdue, fallback
            // Packets of connections, from a client.
            (KIND_LAN_DATA, _, 1, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : out_translated();
            (KIND_LAN_DATA, _, 0, _, _, _, _, 1, _, A_REPLICA, _, _, _, _, _, _, _, _) : out_slot();
            (KIND_LAN_DATA, _, 0, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : plain_out();
            // From the wide area.
            (KIND_WAN_DATA, _, 1, 1, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : in_translated();
            (KIND_WAN_DATA, _, 1, 0, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : in_spoofed();
            (KIND_WAN_DATA_TUNNEL, _, 1, 1, FORM_C, _, _, _, _, _, _, _, _, _, _, _, _, _) : in_translated();
            (KIND_WAN_DATA_TUNNEL, _, 1, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : in_spoofed();
            (KIND_WAN_DATA, _, 0, _, _, _, _, 1, _, A_REPLICA, 1, 1, 0, _, _, _, _, _) : in_slot();
            (KIND_WAN_DATA_TUNNEL, _, 0, _, _, _, _, 1, _, WINNER_C, 1, 1, 1, _, _, _, _, _) : in_slot();
            (KIND_WAN_DATA_TUNNEL, _, 0, _, _, _, _, 1, _, _, _, _, 1, _, _, _, _, _) : in_spoofed();
            (KIND_WAN_DATA, _, 0, _, _, _, _, 1, _, WINNER_C, _, _, 1, _, _, _, _, _) : in_spoofed();
            // A loser that acknowledges the SYN but has not been heard of, or not yet been reset.
            (KIND_WAN_DATA, _, 0, _, _, _, _, 1, 1, SOMEBODY, _, _, 0, _, 0, _, _, _) : answer_late();
            (KIND_WAN_DATA, _, 0, _, _, _, _, 1, 1, _, _, _, 0, _, _, _, _, _) : in_stray();
            (KIND_WAN_DATA, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : plain_in();
            (KIND_WAN_DATA_TUNNEL, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : plain_tunnel();
            // A SYN from a client.
            (KIND_LAN_SYN, _, 1, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : follow_reused();
            (KIND_LAN_SYN, _, 0, _, _, 1, 0, _, _, A_REPLICA, _, _, _, _, _, _, _, _) : follow_winner();
            (KIND_LAN_SYN, OBSTACLE_NOT_REDIRECTED, 0, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : untagged_not_redirected();
            (KIND_LAN_SYN, OBSTACLE_NO_ROOM, 0, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : untagged_no_room();
            (KIND_LAN_SYN, OBSTACLE_PAYLOAD, 0, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : untagged_payload();
            (KIND_LAN_SYN, OBSTACLE_NONE, 0, _, _, 0, _, _, _, _, _, _, _, _, _, _, _, _) : untagged_busy();
            (KIND_LAN_SYN, OBSTACLE_NONE, 0, _, _, 1, 1, _, _, _, _, _, _, _, _, MODE_DISCOVER, _, _) : tag_first();
            (KIND_LAN_SYN, OBSTACLE_NONE, 0, _, _, 1, 1, _, _, _, _, _, _, _, _, MODE_RACE, _, _) : steer_race();
            (KIND_LAN_SYN, OBSTACLE_NONE, 0, _, _, 1, 1, _, _, _, _, _, _, _, _, _, 1, 1) : steer_overdue();
            (KIND_LAN_SYN, OBSTACLE_NONE, 0, _, _, 1, 1, _, _, _, _, _, _, _, _, _, 1, 0) : tag_first();
            (KIND_LAN_SYN, OBSTACLE_NONE, 0, _, _, 1, 1, _, _, _, _, _, _, _, _, MODE_DIRECT, 0, _) : steer_direct();
            (KIND_LAN_SYN, OBSTACLE_NONE, 0, _, _, 1, 1, _, _, _, _, _, _, _, _, MODE_SERVER, 0, _) : steer_server();
            (KIND_LAN_SYN, OBSTACLE_NONE, 0, _, _, 1, 0, _, _, WINNER_SERVER, _, _, _, _, _, _, _, _) : untagged_server_won();
            (KIND_LAN_SYN, OBSTACLE_NONE, 0, _, _, 1, 0, _, _, NOBODY, _, _, _, _, _, MODE_DISCOVER, _, _) : tag_again();
            (KIND_LAN_SYN, OBSTACLE_NONE, 0, _, _, 1, 0, _, _, NOBODY, _, _, _, _, _, _, _, _) : tag_unanswered();
            // A SYN-ACK. What a translation has not settled, the slot does; the first that proves itself wins.
            (KIND_WAN_SYNACK, _, 1, 1, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : answer_translated();
            (KIND_WAN_SYNACK_TUNNEL, _, 1, 1, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : answer_translated();
            (KIND_WAN_SYNACK, _, 0, _, _, _, _, _, 1, NOBODY, _, _, 1, _, _, _, _, _) : claim_server();
            (KIND_WAN_SYNACK, _, 0, _, _, _, _, _, 1, NOBODY, _, _, 0, _, _, _, _, _) : claim_a();
            (KIND_WAN_SYNACK_TUNNEL, _, 0, _, _, _, _, _, 1, NOBODY, _, _, _, FORM_B, _, _, _, _) : claim_b();
            (KIND_WAN_SYNACK_TUNNEL, _, 0, _, _, _, _, _, 1, NOBODY, _, _, _, FORM_C, _, _, _, _) : claim_c();
            (KIND_WAN_SYNACK, _, 0, _, _, _, _, _, 1, SOMEBODY, 1, 1, _, _, _, _, _, _) : answer_repeated();
            (KIND_WAN_SYNACK_TUNNEL, _, 0, _, _, _, _, _, 1, SOMEBODY, 1, 1, _, _, _, _, _, _) : answer_repeated();
            (KIND_WAN_SYNACK, _, 1, 0, _, _, _, _, 1, SOMEBODY, 1, 1, _, _, _, _, _, _) : in_spoofed();
            (KIND_WAN_SYNACK, _, _, _, _, _, _, _, 1, SOMEBODY, _, _, _, _, _, _, _, _) : answer_late();
            (KIND_WAN_SYNACK_TUNNEL, _, 1, _, _, _, _, _, 1, SOMEBODY, 1, 1, _, _, _, _, _, _) : answer_unproven_tunnel();
            (KIND_WAN_SYNACK_TUNNEL, _, _, _, _, _, _, _, 1, SOMEBODY, _, _, _, _, _, _, _, _) : answer_late();
            (KIND_WAN_SYNACK, _, 1, 0, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : in_spoofed();
            (KIND_WAN_SYNACK, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : answer_unproven_plain();
            (KIND_WAN_SYNACK_TUNNEL, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : answer_unproven_tunnel();
            // ICMP errors about what a client sent.
            (KIND_WAN_ICMP, _, 1, 1, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : icmp_translated();
            (KIND_WAN_ICMP_TUNNEL, _, 1, 1, FORM_C, _, _, _, _, _, _, _, _, _, _, _, _, _) : icmp_translated();
            (KIND_WAN_ICMP, _, 0, _, _, _, _, 1, _, A_REPLICA, 1, 1, 0, _, _, _, _, _) : icmp_slot();
            (KIND_WAN_ICMP_TUNNEL, _, 0, _, _, _, _, 1, _, WINNER_C, 1, 1, 1, _, _, _, _, _) : icmp_slot();
            (KIND_WAN_ICMP, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : plain_icmp();
            (KIND_WAN_ICMP_TUNNEL, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : plain_icmp();
            // Nothing that firstack touches.
            (KIND_OTHER, OBSTACLE_FRAGMENT, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : plain_fragment();
            (KIND_OTHER, OBSTACLE_IP_OPTIONS, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : plain_ip_options();
            // Its own entry, for counters of default actions can't be read.
            (_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _) : plain_other();
        }
    }
    apply {
        verdicts.apply();
    }
}

#endif
