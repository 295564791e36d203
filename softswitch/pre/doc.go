// Package pre is the packet replication engine of the embedded switch:
// multicast groups and clone sessions, as the P4Runtime specification has them
// in "PacketReplicationEngineEntry".
//
// An Engine is safe for concurrent use, and readers do not allocate. Backup
// replicas are not supported: the caller refuses them by name.
package pre
