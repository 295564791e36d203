// What the programs take from v1model (BMv2, firstack-switch), under names that TNA can give as well.
#ifndef FIRSTACK_ARCH
#define FIRSTACK_ARCH

#include <core.p4>
#include <v1model.p4>

#define DIRECT_COUNTER(name) direct_counter(CounterType.packets_and_bytes) name;
#define USE_DIRECT_COUNTER(name) counters = name;
#define TABLE_AGEING support_timeout = true;

#define CPU_PORT 255  // --cpu-port of the switch has to name it

#include "constants.p4"
#include "sizes.p4"
#include "headers.p4"
#include "metadata.p4"
#include "checksum.p4"
#include "intrinsic.p4"
#include "parser.p4"
#include "routing.p4"
#include "tag.p4"
#include "tunnel.p4"

#endif
