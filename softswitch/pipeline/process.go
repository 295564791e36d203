package pipeline

// run is the work one received frame causes: packets that wait for ingress or
// egress, and what is to leave when the lock is gone.
type run struct {
	ingress []*packet // resubmitted and recirculated
	egress  []*packet
	out     []*packet // to be transmitted, in order
	used    []*packet // all packets of the run
	digests []sentDigest
	values  []Value // of digests, shared memory
	bytes   []byte
	now     uint64 // when the frame, or the burst it is in, was taken
}

// sentDigest is a digest whose values lie in run.values[from:to].
type sentDigest struct {
	list, from, to int
}

// Process takes one frame to its end: everything that comes of it has been
// transmitted when it returns. The frame is not changed and not kept. It may be
// called concurrently.
func (pl *Pipeline) Process(port uint32, frame []byte) {
	pl.mu.Lock()
	r := pl.takeRun()
	r.now = pl.now()
	pl.one(r, port, frame)
	pl.mu.Unlock()
	pl.finish(r)
}

// one takes a frame to where it is to be transmitted. The instance is locked.
func (pl *Pipeline) one(r *run, port uint32, frame []byte) {
	pl.stats.Received++
	pl.number++
	p := pl.packet(r)
	p.number = pl.number
	p.in = frame
	p.port = port
	p.length = len(frame)
	k := pl.code
	k.std.ingressPort.set(p, uint64(port))
	k.std.packetLength.set(p, uint64(len(frame)))
	pl.ingress(r, p)
	for i, e := 0, 0; i < len(r.ingress) || e < len(r.egress); {
		for ; e < len(r.egress); e++ {
			pl.egress(r, r.egress[e])
		}
		if i < len(r.ingress) {
			pl.ingress(r, r.ingress[i])
			i++
		}
	}
	pl.stats.Transmitted += uint64(len(r.out))
}

// finish sends what the run made and recycles it.
func (pl *Pipeline) finish(r *run) {
	pl.tell(r)
	if pl.env.Transmit != nil {
		for _, p := range r.out {
			pl.env.Transmit(p.port, p.out)
		}
	}
	pl.mu.Lock()
	pl.recycle(r)
	pl.runs = append(pl.runs, r)
	pl.mu.Unlock()
}

// tell hands on a run's digests, with the lock gone.
func (pl *Pipeline) tell(r *run) {
	if pl.env.Digest != nil {
		for _, d := range r.digests {
			l := &pl.code.learnLists[d.list]
			pl.env.Digest(Digest{ListID: l.id, Name: l.name, Fields: r.values[d.from:d.to]})
		}
	}
	r.digests, r.values, r.bytes = r.digests[:0], r.values[:0], r.bytes[:0]
}

// recycle takes the packets of a run back. The instance is locked.
func (pl *Pipeline) recycle(r *run) {
	for _, p := range r.used {
		p.in, p.payload, p.out, p.args = nil, nil, nil, nil
	}
	pl.free = append(pl.free, r.used...)
	r.ingress, r.egress, r.out, r.used = r.ingress[:0], r.egress[:0], r.out[:0], r.used[:0]
}

func (pl *Pipeline) takeRun() *run {
	if n := len(pl.runs); n > 0 {
		r := pl.runs[n-1]
		pl.runs = pl.runs[:n-1]
		return r
	}
	return &run{}
}

// packet gives a fresh packet: all headers invalid, all fields zero.
func (pl *Pipeline) packet(r *run) *packet {
	var p *packet
	if n := len(pl.free); n > 0 {
		p = pl.free[n-1]
		pl.free = pl.free[:n-1]
		clear(p.w)
	} else {
		p = pl.newPacket()
	}
	p.w[0] = 1
	p.passes = 0
	p.ended = nil
	p.clearRequests()
	r.used = append(r.used, p)
	return p
}

func (pl *Pipeline) newPacket() *packet {
	k := pl.code
	return &packet{
		pl:     pl,
		w:      make([]uint64, k.l.words),
		tmp:    make([]uint64, k.tmpWords),
		key:    make([]uint64, k.keyWords),
		masked: make([]uint64, k.keyWords),
		calc:   make([]byte, k.calcBytes),
	}
}

// copyOf makes a packet with the fields of p; nil when the run has made enough.
// What BMv2 does not copy either, starts anew: requests and truncation.
func (pl *Pipeline) copyOf(r *run, p *packet) *packet {
	if len(r.used) >= MaxCopies {
		pl.stats.Overworked++
		pl.note(p, EventDrop, "too many copies")
		return nil
	}
	c := pl.packet(r)
	copy(c.w, p.w)
	c.number, c.passes, c.port = p.number, p.passes, p.port
	c.in, c.payload = p.in, p.payload
	c.length, c.ingressLen, c.now = p.length, p.ingressLen, p.now
	return c
}

// resetMetadata zeroes all metadata.
func (pl *Pipeline) resetMetadata(p *packet) {
	clear(p.w[pl.code.l.metaStart:pl.code.l.metaEnd])
}

// keep copies the fields of a list from one packet to another.
func (pl *Pipeline) keep(dst, src *packet, list int) {
	for _, f := range pl.code.fieldLists[list] {
		copy(dst.w[f.off:f.off+f.words], src.w[f.off:f.off+f.words])
	}
}

// ingress is one pass through parser and ingress, and what follows from it
// (simple_switch.cpp, ingress_thread).
func (pl *Pipeline) ingress(r *run, p *packet) {
	k := pl.code
	p.passes++
	if p.passes > MaxPasses {
		pl.stats.Overworked++
		pl.note(p, EventDrop, "too many passes")
		return
	}
	p.now = r.now
	p.ingressLen = len(p.in)
	length := p.length
	if p.passes == 1 {
		k.std.ingressTimestamp.set(p, p.now)
	}
	if pl.env.Tracer != nil {
		pl.traceReceive(p)
	}
	s := pl.special
	begin := s.ingress
	if p.passes == 1 {
		begin = s.parse(p)
	} else {
		k.parse(p)
	}
	if p.parserError != k.parser.errors.noError {
		pl.stats.ParserErrors++
	}
	k.std.parserError.set(p, p.parserError)
	if p.checksumError {
		k.std.checksumError.set(p, 1)
	} else {
		k.std.checksumError.set(p, 0)
	}
	if pl.env.Tracer != nil {
		pl.traceChanges(p)
	}
	p.ended = s.follow(begin, p)
	p.exit = false

	if p.clone {
		pl.cloneIngress(r, p, length)
	}
	if p.digest > 0 {
		pl.digest(r, p)
	}
	if p.resubmit > 0 {
		pl.resubmit(r, p, length)
		return
	}
	if group := k.std.mcastGrp.get(p); group != 0 {
		k.std.instanceType.set(p, instanceReplication)
		pl.multicast(r, p, uint16(group))
		return
	}
	spec := k.std.egressSpec.get(p)
	if spec == pl.dropPort {
		pl.drop(p, "ingress")
		return
	}
	if pl.env.Strict && !p.specWritten {
		pl.note(p, EventStrict, "egress_spec was never set: the packet leaves on port 0")
	}
	k.std.instanceType.set(p, instanceNormal)
	pl.enqueue(r, p, uint32(spec))
}

// drop counts a packet that the program dropped.
func (pl *Pipeline) drop(p *packet, where string) {
	pl.stats.Dropped++
	pl.note(p, EventDrop, where)
}

// enqueue hands a packet to egress.
func (pl *Pipeline) enqueue(r *run, p *packet, port uint32) {
	p.port = port
	pl.code.std.enqTimestamp.set(p, p.now)
	pl.code.std.enqDepth.set(p, 0)
	r.egress = append(r.egress, p)
}

// egress is one pass through egress and deparser (simple_switch.cpp,
// egress_thread).
func (pl *Pipeline) egress(r *run, p *packet) {
	k := pl.code
	std := &k.std
	if std.egressClock || pl.env.Tracer != nil {
		now := pl.now()
		std.egressTimestamp.set(p, now)
		std.deqTimedelta.set(p, now-std.enqTimestamp.get(p))
	}
	std.deqDepth.set(p, 0)
	std.deqQueueingID.set(p, 0)
	std.egressPort.set(p, uint64(p.port))
	// Anything but the drop port, as BMv2 has it.
	std.egressSpec.set(p, pl.dropPort+1)
	std.packetLength.set(p, uint64(p.length))
	p.clone, p.digest, p.resubmit = false, 0, 0
	if pl.env.Tracer != nil {
		pl.trace(p, Event{Kind: EventEgress, Port: p.port})
		pl.traceSnapshot(p)
	}
	s := pl.special
	begin := s.egress
	if p.ended != nil {
		begin = s.departing(p.ended)
	}
	emitted := s.follow(begin, p).emitted
	p.exit = false
	if p.clone {
		pl.cloneEgress(r, p)
	}
	if std.egressSpec.get(p) == pl.dropPort {
		pl.drop(p, "egress")
		return
	}
	k.deparse(p, emitted)
	if p.recirculate > 0 {
		pl.recirculate(r, p)
		return
	}
	if pl.env.Tracer != nil {
		pl.trace(p, Event{Kind: EventTransmit, Port: p.port, Frame: p.out})
	}
	r.out = append(r.out, p)
}
