// Package ports follows the ports of a switch over gNMI, and sets their admin state: southbound gNMI. Any switch will do
// that serves OpenConfig interfaces as Stratum does.
//
// A Watcher learns the switch's interfaces and their P4Runtime numbers, subscribes to their state (ON_CHANGE) and
// counters (SAMPLE), and starts over when the stream is lost or the interfaces have changed. Only a clear word takes a port
// down: one that the switch does not list, or whose state it does not know, counts as up. While the switch can't be asked
// its ports are as they were last known, for what is lost then is the view and not the ports.
//
// It asks for as little as can be: PROTO, one interface a path, no wildcard but for the numbers; Stratum has no more.
package ports
