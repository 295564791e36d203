// New connections a replica takes, metered in the switch (two rates, three colours: RFC 2698).
#ifndef FIRSTACK_METERS
#define FIRSTACK_METERS

const bit<2> COLOR_RED = 2;

control NewConnections(in bit<32> index, out bit<2> color) {
    meter(STAND_INS, MeterType.packets) new_connections;
    apply {
        new_connections.execute_meter(index, color);
    }
}

#endif
