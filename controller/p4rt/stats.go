package p4rt

import "sync/atomic"

// Stats counts what a session did since it was made.
type Stats struct {
	Connects        uint64 // streams opened
	DigestLists     uint64 // received
	DigestsDropped  uint64 // lists that found the queue full
	AcksDropped     uint64 // acknowledgements that found the send queue full
	Packets         uint64 // packet-ins received
	PacketsDropped  uint64
	IdleEntries     uint64 // entries named by idle notifications
	IdleDropped     uint64 // notifications that found the queue full
	StreamErrors    uint64 // errors that the switch reported on the stream
	PacketOuts      uint64
	Updates         uint64 // sent in writes
	UpdatesFailed   uint64
	EntitiesRead    uint64
	HandlerFailures uint64 // how often the Handler gave up
}

type counters struct {
	connects, digestLists, digestsDropped, acksDropped, packets, packetsDropped atomic.Uint64
	idleEntries, idleDropped, streamErrors, packetOuts                          atomic.Uint64
	updates, updatesFailed, entitiesRead, handlerFailures                       atomic.Uint64
}

func (c *counters) snapshot() Stats {
	return Stats{
		Connects:        c.connects.Load(),
		DigestLists:     c.digestLists.Load(),
		DigestsDropped:  c.digestsDropped.Load(),
		AcksDropped:     c.acksDropped.Load(),
		Packets:         c.packets.Load(),
		PacketsDropped:  c.packetsDropped.Load(),
		IdleEntries:     c.idleEntries.Load(),
		IdleDropped:     c.idleDropped.Load(),
		StreamErrors:    c.streamErrors.Load(),
		PacketOuts:      c.packetOuts.Load(),
		Updates:         c.updates.Load(),
		UpdatesFailed:   c.updatesFailed.Load(),
		EntitiesRead:    c.entitiesRead.Load(),
		HandlerFailures: c.handlerFailures.Load(),
	}
}
