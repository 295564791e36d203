// The slots of the client gateway as arch/tna has them, on v1model: only the registers' own operations are written anew
// (cells_v1model.p4).
#define CELLS "cells_v1model.p4"
#define PENDING 2930  // 3 s in v1model's ticks of 2^10 microseconds
#define TELL 488      // 0.5 s
#include "arch/tna/slots.p4"
