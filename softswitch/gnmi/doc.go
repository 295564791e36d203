// Package gnmi is the switch's gNMI server (gNMI specification 0.10): its ports as OpenConfig interfaces, in the subset that
// Stratum serves, so that a controller needs to know one kind of switch.
//
//	/interfaces/interface[name=*]
//	  name, config/{name,type,enabled}
//	  state/{name,type,enabled,ifindex,id,admin-status,oper-status,last-change,mtu}
//	  state/counters/{in,out}-{octets,pkts,discards}, out-errors
//	  ethernet/state/{mac-address,port-speed}
//
// id and, as with Stratum, ifindex are the port's number in P4Runtime. Only config/enabled can be set. A change of a port's
// state is told to subscribers at once; counters are sampled.
package gnmi
