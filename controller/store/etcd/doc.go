// Package etcd lets several controllers share one etcd: the configuration lives there (it is a store.Store), and so do
// the elections of each switch's primary (it gives p4rt.Elector).
//
// Under a prefix there are two kinds of keys:
//
//	PREFIX/configuration            the whole tree, as the file store has it
//	PREFIX/switches/SWITCH/LEASE    a controller that stands for a switch, by its name
//
// The configuration is replaced by compare-and-swap on the key's mod revision, so a change is one transaction, and every
// controller watches it.
//
// A controller has one lease, which it renews every third of its time, and with it a key at each switch that answers it.
// Of a switch's keys the one that was created first leads, and its create revision is the P4Runtime election id. When its
// lease ends, or it gives up, the next one leads: its revision is higher, so the switch turns away whatever its
// predecessor may still send. A controller counts its lease from when it asked for it, so it stops before etcd thinks it
// has; with etcd out of reach it leads nothing once the lease is over.
//
// What the package leaves out on purpose: it makes no etcd, changes no membership of its cluster, and knows no users of
// etcd's own: who may read and write there is said by certificates.
package etcd
