// New connections a replica takes, metered in the switch (two rates, three colours: RFC 2698).
#ifndef FIRSTACK_METERS
#define FIRSTACK_METERS

const bit<2> COLOR_RED = 3;

control NewConnections(in bit<32> index, out bit<2> color) {
    Meter<bit<12>>(STAND_INS, MeterType_t.PACKETS) new_connections;
    apply {
        color = (bit<2>)new_connections.execute(index[11:0]);
    }
}

#endif
