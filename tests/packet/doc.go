// Package packet builds, decodes, checks and compares frames in tests.
//
// A packet is a list of layers and has a text form, so that test vectors are data:
//
//	eth aa>bb / ip 10.1.0.2>198.51.100.10 ttl=63 df / tcp 40000>80 S seq=1000 mss=1460 / payload 3
//
// Layers are separated by a slash between blanks or by a new line; a number sign begins a comment that
// runs to the end of its line. What is not said has its usual value: lengths, protocols and checksums are
// right, the TTL is 64, the window 64240, everything else 0.
//
//	eth SRC>DST [type=0x0800]
//	arp request|reply|N sha=MAC spa=ADDR [tha=MAC] tpa=ADDR
//	ip SRC>DST [ttl=] [id=] [df] [mf] [evil] [frag=BYTES] [dscp=] [ecn=] [opts=HEX]
//	           [proto=] [len=] [ihl=] [ver=] [csum=]
//	tcp SPORT>DPORT FLAGS [seq=] [ack=] [win=] [urg=] [res=] [off=] [csum=] and options, in their order:
//	           mss=N sackok ws=N ts=VAL,ECR sack=L-R,… nop eol opt=KIND:HEX rawopt=HEX
//	           tag=[permitted,][answer,][direct,]attempt=N,gw=N[,epoch=N][,mac=0x…][,res=N]
//	udp SPORT>DPORT [len=] [csum=]
//	icmp NAME|TYPE/CODE [mtu=] [id=] [seq=] [rest=0x…] [csum=]
//	quote N      what follows is quoted by the ICMP error before it: its first N bytes
//	payload N|"text"|hex:…   N bytes of the pattern abc…z
//	trailer N|"text"|hex:…   bytes after the IP packet's end (Ethernet padding)
//	cut N        the whole frame ends after N bytes (only in packets to be built)
//
// A MAC address is six pairs of digits, bcast, or two digits xx, short for 02:00:00:00:00:xx. TCP flags are
// letters out of SFRPAUEC, or - for none. A checksum is right unless csum= says otherwise: +0xNNNN adds
// that error to the right one (ones' complement, so that it survives an update by difference, RFC 1624),
// 0xNNNN stands as it is.
//
// For every sequence of bytes, building what Decode returns gives the same bytes again; what does not
// parse becomes a payload.
package packet
