// Package softswitch is the embedded P4 switch: a pipeline that runs a compiled program, ports, the
// packet replication engine and a P4Runtime server, in one value.
//
// It is a v1model target like BMv2's simple_switch_grpc, and knows nothing of what a program does.
// A frame is processed to its end in the goroutine that hands it to Receive, unless the switch was
// given an input queue; a Receiver takes many at a time, which leave together. Frames that leave on
// the CPU port become packet-ins.
//
// What it does not do: egress queues and priorities. A port that cannot take a frame loses it, and
// the loss is counted.
package softswitch
