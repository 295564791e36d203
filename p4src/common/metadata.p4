// What the controls tell each other. Intrinsic metadata of an architecture appears here only as io_t,
// which the architecture's own file fills and obeys.
#ifndef FIRSTACK_METADATA
#define FIRSTACK_METADATA

struct io_t {
    bit<9> ingress_port;
    bit<9> egress_port;
    bit<16> group;       // multicast group; 0: none
    bit<16> instance;    // which copy of a multicast packet this is; 0: not a copy
    ipv4_addr_t destination;  // whose route it takes; parsed: the outermost header's
    bit<16> next_hop;    // index into neighbors; 0: the frame has its addresses already
    bit<1> drop;
    bit<1> punt;
    bit<1> done;         // the packet's fate is settled: no routing
    bit<7> reason;
    ticks_t now;
    bit<32> clock;       // microseconds
}

// One connection as the packet at hand shows it, found by the parser: of a packet in a tunnel the inner ends, of an ICMP
// error those that it quotes, turned round. What comes from a client's side is from the client, everything else is to it.
struct flow_t {
    ipv4_addr_t from_addr;
    l4_port_t from_port;
    ipv4_addr_t to_addr;
    l4_port_t to_port;
    ipv4_addr_t source_addr;  // who sent it: a tunnel's outer source; of an error, who was meant
    bit<32> number;           // the first that the client's data may have: a SYN's + 1, what an answer acknowledges
    bit<8> flags;             // TCP's; 0: not TCP
}

#ifdef CLIENT_GATEWAY
#define SHOWS(field, value) meta.flow.field = value;
#define OBSTRUCTS(obstacle_) meta.race.obstacle = obstacle_;
#else
#define SHOWS(field, value)
#define OBSTRUCTS(obstacle_)
#endif

// Why a SYN can't be tagged (docs/protocol.md, The tag).
const bit<3> OBSTACLE_NONE = 0;
const bit<3> OBSTACLE_NOT_REDIRECTED = 1;
const bit<3> OBSTACLE_NO_ROOM = 2;
const bit<3> OBSTACLE_PAYLOAD = 3;
const bit<3> OBSTACLE_IP_OPTIONS = 4;
const bit<3> OBSTACLE_FRAGMENT = 5;

// A client gateway's flow slot, as read for this packet (architecture file slots.p4).
struct slot_t {
    bit<32> index;
    bit<32> fingerprint;
    bit<1> taken;        // a SYN: the slot is this flow's now
    bit<1> fresh;        // a SYN: first of its connection; not a retransmission
    bit<1> own;          // the slot holds this very flow
    bit<1> proven;       // the packet acknowledges the SYN in the slot, and nothing more
    bit<1> same_source;  // this packet's source is the winner's address
    bit<1> same_port;    // likewise its port
    bit<1> told;         // tell the controller (rate limited in the switch)
    bit<8> attempt;      // retransmissions of its SYN
    bit<8> mode;         // how its SYN went out first
    bit<16> asked;       // the watch of the replica that the SYN went to; 0: not to one alone
    bit<1> overdue;      // a SYN for one replica, which owes an answer for too long
    bit<32> elapsed;     // since the SYN went out, microseconds
    ipv4_addr_t server_addr;
    l4_port_t server_port;
    ipv4_addr_t winner_addr;
    l4_port_t winner_port;
    bit<8> winner;       // as it was before this packet; 0: nobody yet
}

// A slot's winner: whether there is one, whether it is a replica, its form.
const bit<8> WINNER_CLAIMED = 0x80;
const bit<8> WINNER_REPLICA = 0x40;
const bit<8> WINNER_FORM = 0x0F;
const bit<8> WINNER_SERVER = 0x80;
const bit<8> WINNER_A = 0xC1;
const bit<8> WINNER_B = 0xC2;
const bit<8> WINNER_C = 0xC3;

struct settings_t {
    bit<16> gateway;
    bit<8> epoch;
    ticks_t pending;     // life of a slot nobody claimed
    ticks_t claimed;     // idle life of a claimed one
    ticks_t tell;        // least time between two digests about one slot
}

// What the client gateway knows of the packet, kept together.
struct race_t {
    bit<4> kind;
    bit<1> lan;          // it came from the clients' side
    bit<1> permitted;    // the tag's option bit that the rule asks for
    bit<3> obstacle;     // why this SYN can't be tagged; 0: nothing
    bit<1> translated;   // a translation entry has this packet
    bit<1> authentic;    // and its source is that entry's replica (tunnel only)
    bit<1> resets;       // it has the RST flag
    bit<8> mode;         // a SYN: how it is to go out
    bit<16> group;       // and to whom, raced
    bit<1> fallback;     // there is such a group
    bit<16> watch;       // whose answer is awaited, or is here
    ticks_t patience;    // for how long
    bit<1> from_server;  // a SYN-ACK's source is the server the SYN was sent to
    bit<8> form;         // of the translation entry
    bit<8> speaker_form; // in which this packet came, as the slot sees it
    ipv4_addr_t peer_addr;    // and who sent it; a SYN: the replica that it is steered to
    ipv4_addr_t target_addr;  // the other end: the translation's, then the verdict's
    l4_port_t target_port;
    bit<8> verdict;
    bit<8> event;        // what the controller is to be told; 0: nothing
}

// What a digest says that nobody else asks for.
struct told_t {
    bit<8> form;
    bit<8> lan;
}

// Digest: something about one connection that the controller should know. At most 47 bytes (Tofino).
struct flow_event_t {
    bit<8> event;
    bit<8> lan;          // 1: the packet came from the clients' side
    ipv4_addr_t client_addr;
    l4_port_t client_port;
    ipv4_addr_t server_addr;
    l4_port_t server_port;
    ipv4_addr_t replica_addr;
    l4_port_t replica_port;
    bit<8> form;
    bit<8> flags;        // TCP flags of the packet
    bit<32> isn;         // claimed, late: the SYN's sequence number + 1; reused: likewise
    bit<32> elapsed;     // claimed, late: since the SYN was sent, microseconds
    ticks_t now;
    bit<8> mode;         // how the connection's SYN went out first (client/steering.p4)
    bit<8> attempt;      // retransmissions of it so far
    bit<16> watch;       // claimed, late, unanswered: the replica it went to, if to one alone; overdue: likewise
}

// Its members where client/report.p4 leaves them.
#define FLOW_EVENT { meta.race.event, meta.told.lan, meta.flow.to_addr, meta.flow.to_port, meta.slot.server_addr, \
    meta.slot.server_port, meta.slot.winner_addr, meta.slot.winner_port, meta.told.form, meta.flow.flags, meta.flow.number, \
    meta.slot.elapsed, meta.io.now, meta.slot.mode, meta.slot.attempt, meta.slot.asked }

const bit<8> EVENT_CLAIMED = 1;  // a replica won, or still has to be served from the slot
const bit<8> EVENT_LATE = 2;     // another answer came after the winner's
const bit<8> EVENT_CLOSING = 3;  // FIN or RST on a translated connection
const bit<8> EVENT_REUSED = 4;   // a SYN met the translation of an older connection
const bit<8> EVENT_UNANSWERED = 5;  // a SYN that was steered is sent again
const bit<8> EVENT_OVERDUE = 6;  // a SYN was raced because its replica owes an answer for too long
const bit<8> EVENT_SERVER = 7;   // the server itself won

// What the server gateway knows of the packet (FIG. 3).
struct service_t {
    bit<1> known;        // a service of this gateway
    bit<1> replicatable;
    bit<1> start;        // a SYN
    bit<1> retry;        // its tag says that it is a retransmission
    bit<1> group_known;  // there is somebody to send it to besides the server
    bit<1> to_server;    // the packet goes to a server of the service: no tag
    bit<16> group;       // the multicast group that the decision needs
    bit<16> first_group;
    bit<16> retry_group;
    bit<16> origin_group;
    bit<16> variant;     // groups with the origin's leg differ by the origin's port
    bit<1> origin_chosen;  // one of several, or one that routes don't lead to
    bit<1> origin_tunnel;
    ipv4_addr_t gateway_addr;
    ipv4_addr_t origin_addr;
    ipv4_addr_t replica_addr;  // this copy's; 0: not a copy for a replica
}

// What the replica gateway knows of the packet (FIG. 4).
struct stand_in_t {
    bit<4> kind;
    bit<1> known;        // a replica behind this gateway stands for that server
    bit<1> tagged;       // and the tag permits redirection
    bit<1> direct;       // the tunnel comes from the client itself
    ipv4_addr_t replica_addr;
    l4_port_t replica_port;
    ipv4_addr_t server_addr;
    l4_port_t server_port;
    bit<8> form;
    bit<2> state;
    bit<2> color;
    bit<32> index;
    bit<8> verdict;
}

struct metadata_t {
    io_t io;
    checksum_t sum;
    flow_t flow;
    slot_t slot;
    settings_t settings;
    race_t race;
    told_t told;
    service_t service;
    stand_in_t stand_in;
}

#endif
