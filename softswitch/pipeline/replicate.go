package pipeline

import "github.com/firstack/firstack/softswitch/pre"

// Clones, multicast, resubmission, recirculation and digests.

// cloneIngress makes clones of the packet as it entered ingress: parsed again,
// with no metadata but what the field list keeps.
func (pl *Pipeline) cloneIngress(r *run, p *packet, length int) {
	s, ok := pl.pre.Clone(p.cloneID)
	if pl.env.Tracer != nil {
		pl.trace(p, Event{Kind: EventClone, Index: uint64(p.cloneID)})
	}
	if !ok {
		pl.stats.NoSession++
		return
	}
	c := pl.copyOf(r, p)
	if c == nil {
		return
	}
	clear(c.w)
	c.w[0] = 1
	c.in = p.in
	c.length = length
	// The parser may look at the ingress port only; then all metadata goes.
	copyField(c, p, pl.code.std.ingressPort)
	pl.code.parse(c)
	pl.resetMetadata(c)
	pl.keep(c, p, p.cloneList)
	pl.code.std.instanceType.set(c, instanceIngressClone)
	pl.replicate(r, c, s)
}

func copyField(dst, src *packet, f stdField) {
	if f.ok {
		dst.w[f.off] = src.w[f.off]
	}
}

// cloneEgress makes clones of the packet as egress leaves it.
func (pl *Pipeline) cloneEgress(r *run, p *packet) {
	s, ok := pl.pre.Clone(p.cloneID)
	if pl.env.Tracer != nil {
		pl.trace(p, Event{Kind: EventClone, Index: uint64(p.cloneID)})
	}
	if !ok {
		pl.stats.NoSession++
		return
	}
	c := pl.copyOf(r, p)
	if c == nil {
		return
	}
	pl.resetMetadata(c)
	pl.keep(c, p, p.cloneList)
	pl.code.std.instanceType.set(c, instanceEgressClone)
	pl.replicate(r, c, s)
}

// replicate sends a clone to every copy of its session.
func (pl *Pipeline) replicate(r *run, c *packet, s pre.Session) {
	if s.Truncate > 0 {
		c.truncate = int(min(s.Truncate, 1<<30))
	}
	pl.fanOut(r, c, s.Copies)
}

// multicast sends the packet to every copy of a group.
func (pl *Pipeline) multicast(r *run, p *packet, group uint16) {
	copies, ok := pl.pre.Group(group)
	if pl.env.Tracer != nil {
		pl.trace(p, Event{Kind: EventReplicate, Index: uint64(group)})
	}
	if !ok || len(copies) == 0 {
		pl.stats.NoGroup++
		pl.note(p, EventDrop, "no such multicast group")
		return
	}
	// BMv2's copies forget a truncation.
	p.truncate = noTruncate
	p.clone, p.digest, p.recirculate = false, 0, 0
	p.ended = nil
	pl.fanOut(r, p, copies)
}

// fanOut sends p to the last destination and copies of it to the others.
func (pl *Pipeline) fanOut(r *run, p *packet, copies []pre.Copy) {
	for i, to := range copies {
		c := p
		if i < len(copies)-1 {
			if c = pl.copyOf(r, p); c == nil {
				return
			}
			c.truncate = p.truncate
		}
		pl.code.std.egressRid.set(c, uint64(to.Instance))
		pl.enqueue(r, c, to.Port)
	}
}

// resubmit sends the packet as it came to ingress again.
func (pl *Pipeline) resubmit(r *run, p *packet, length int) {
	pl.note(p, EventResubmit, "")
	c := pl.copyOf(r, p)
	if c == nil {
		return
	}
	clear(c.w)
	c.w[0] = 1
	pl.keep(c, p, p.resubmit)
	c.length = length
	pl.code.std.instanceType.set(c, instanceResubmit)
	pl.code.std.packetLength.set(c, uint64(length))
	r.ingress = append(r.ingress, c)
}

// recirculate sends the deparsed packet to ingress again.
func (pl *Pipeline) recirculate(r *run, p *packet) {
	pl.note(p, EventRecirculate, "")
	c := pl.copyOf(r, p)
	if c == nil {
		return
	}
	clear(c.w)
	c.w[0] = 1
	pl.keep(c, p, p.recirculate)
	c.in = p.out
	c.length = len(p.out)
	pl.code.std.instanceType.set(c, instanceRecirculated)
	pl.code.std.packetLength.set(c, uint64(c.length))
	r.ingress = append(r.ingress, c)
}

// digest notes the values of a digest; it is sent when the lock is gone.
func (pl *Pipeline) digest(r *run, p *packet) {
	l := &pl.code.learnLists[p.digest-1]
	if pl.env.Tracer != nil {
		pl.trace(p, Event{Kind: EventDigest, Name: l.name})
	}
	if pl.env.Digest == nil {
		return
	}
	d := sentDigest{list: p.digest - 1, from: len(r.values)}
	for _, f := range l.fields {
		at := len(r.bytes)
		// Earlier values keep the memory they have when this one grows.
		r.bytes = appendBytes(r.bytes, p.w[f.off:f.off+f.words], f.width)
		r.values = append(r.values, Value{Width: f.width, Bytes: r.bytes[at:len(r.bytes):len(r.bytes)]})
	}
	d.to = len(r.values)
	r.digests = append(r.digests, d)
}
