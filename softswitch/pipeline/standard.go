package pipeline

import "github.com/firstack/firstack/softswitch/bmv2json"

// stdField is a field the target fills or reads; absent ones are skipped.
type stdField struct {
	off   int
	width int
	ok    bool
}

func (f stdField) set(p *packet, v uint64) {
	if f.ok {
		p.w[f.off] = v & mask64(f.width)
	}
}

func (f stdField) get(p *packet) uint64 {
	if !f.ok {
		return 0
	}
	return p.w[f.off]
}

// wordOrNone is the field's word, -1 when it is absent.
func (f stdField) wordOrNone() int {
	if !f.ok {
		return -1
	}
	return f.off
}

// standard is simple_switch's metadata (simple_switch.md), under the names it
// asks for; p4c maps them by field_aliases.
type standard struct {
	ingressPort, egressSpec, egressPort   stdField
	instanceType, packetLength            stdField
	parserError, checksumError            stdField
	ingressTimestamp, egressTimestamp     stdField
	mcastGrp, egressRid                   stdField
	enqTimestamp, enqDepth                stdField
	deqTimedelta, deqDepth, deqQueueingID stdField

	// egressClock: the program looks at the time in egress. Few do, and reading
	// the clock is dear.
	egressClock bool
}

// Values of instance_type.
const (
	instanceNormal       = 0
	instanceIngressClone = 1
	instanceEgressClone  = 2
	instanceRecirculated = 4
	instanceReplication  = 5
	instanceResubmit     = 6
)

func (c *compiler) standard() error {
	s := &c.out.std
	for _, f := range []struct {
		dst           *stdField
		header, field string
		required      bool
	}{
		{&s.ingressPort, "standard_metadata", "ingress_port", true},
		{&s.egressSpec, "standard_metadata", "egress_spec", true},
		{&s.egressPort, "standard_metadata", "egress_port", true},
		{&s.instanceType, "standard_metadata", "instance_type", true},
		{&s.packetLength, "standard_metadata", "packet_length", true},
		{&s.parserError, "standard_metadata", "parser_error", false},
		{&s.checksumError, "standard_metadata", "checksum_error", false},
		{&s.ingressTimestamp, "intrinsic_metadata", "ingress_global_timestamp", false},
		{&s.egressTimestamp, "intrinsic_metadata", "egress_global_timestamp", false},
		{&s.mcastGrp, "intrinsic_metadata", "mcast_grp", false},
		{&s.egressRid, "intrinsic_metadata", "egress_rid", false},
		{&s.enqTimestamp, "queueing_metadata", "enq_timestamp", false},
		{&s.enqDepth, "queueing_metadata", "enq_qdepth", false},
		{&s.deqTimedelta, "queueing_metadata", "deq_timedelta", false},
		{&s.deqDepth, "queueing_metadata", "deq_qdepth", false},
		{&s.deqQueueingID, "queueing_metadata", "qid", false},
	} {
		ref, ok := c.src.Field(f.header, f.field)
		if !ok {
			if f.required {
				return unsupported("program without %s.%s, which v1model has", f.header, f.field)
			}
			continue
		}
		sl := c.l.slot(ref)
		if ref.Field == bmv2json.ValidField || sl.words != 1 || sl.varbit || !ref.Header.Metadata {
			return unsupported("%s.%s that is no metadata field of up to 64 bits", f.header, f.field)
		}
		*f.dst = stdField{off: sl.off, width: sl.width, ok: true}
	}
	clear(c.l.touched)
	return nil
}
