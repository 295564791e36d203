// Package core is the wide-area network between the gateways of a topology, as one IPv4 router (RFC
// 1812): each gateway is an interface, and each ordered pair of gateways has a path of its own, a port
// that delays what it is given.
//
// It forwards by longest prefix, lowers the TTL, keeps to the path's MTU by fragmenting or refusing,
// answers ARP and echo requests to its own addresses, and tells senders by ICMP what it could not
// forward. It speaks with an address on the link that the packet came from, and answers without delay.
package core
