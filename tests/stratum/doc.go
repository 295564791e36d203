// Package stratum is a Tofino under Stratum as far as a controller sees it: a P4Runtime server with the limits of
// stratum_bfrt in front of an embedded switch, whose v1model program stands in for the one on the chip.
//
// What the server refuses, ignores and answers follows Stratum's source (github.com/stratum/stratum at f8f7130, files
// below stratum/hal/lib/barefoot and stratum/hal/lib/common); each file says where. What the driver below Stratum does is
// not known here; where that would matter the strictest is assumed, and said so.
package stratum
