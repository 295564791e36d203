// Package lab is a topology on Linux: namespaces and veth pairs, real TCP stacks, nginx and curl, gateways as
// processes (firstack-switch or BMv2's simple_switch_grpc), and the controller.
//
//	host ── bridge ── gateway ── core ── gateway ── bridge ── host
//	                     └──── control network ────┘
//
// Layout says what is built: names, addresses and commands, the same for this package and for Mininet. Up builds it,
// Down removes it by name, also after a crash. A lab called NAME owns the namespaces fsl-NAME-…, the file
// /run/firstack/NAME.json, the directory /run/firstack/NAME, and the processes that carry its name in their
// environment. Nothing else is touched, and nothing of it stands outside its namespaces: there is no interface,
// route or sysctl of the host's own.
//
// The wide-area core is a process of this project: frames are read with AF_PACKET, routed by package core, held in
// package link's Fabric for the delay of their path and written out. It needs nothing of the kernel but packet
// sockets, so a lab behaves the same with and without netem. Up measures every round trip before it trusts it.
package lab
