package pipeline

// packet is one packet on its way through an instance, with all it needs, so
// that nothing is allocated while it is processed. Packets are recycled.
type packet struct {
	w      []uint64  // headers and metadata, see layout
	args   []uint64  // arguments of the action that runs
	key    []uint64  // packed key of the table being applied
	masked []uint64  // the same under the mask of a group
	tmp    []uint64  // scratch of wide expressions, placed at compile time
	pl     *Pipeline // the instance

	in      []byte    // the frame as this pass of ingress found it
	pos     int       // bytes the parser has consumed
	payload []byte    // what the parser left
	out     []byte    // the deparsed frame
	calc    []byte    // input of a calculation
	buf     []byte    // out's memory
	valid   []*header // to be emitted; scratch

	number     uint64 // of the received frame; copies share it
	passes     int
	port       uint32 // ingress port, then egress port
	length     int    // packet_length as BMv2 keeps it: add_header and remove_header change it
	ingressLen int    // bytes counters and meters count
	truncate   int    // bytes the frame is cut to when it leaves
	now        uint64 // when it arrived (Env.Now)

	ended *version // in which ingress ended, for egress to begin at; nil for copies

	parserError   uint64
	checksumError bool
	exit          bool

	// What the actions asked for, carried out at the end of ingress or egress.
	clone       bool
	cloneID     uint16
	cloneList   int
	digest      int // learn list id + 1, 0 = none
	resubmit    int // field list id, 0 = none
	recirculate int // likewise
	specWritten bool
}

// noTruncate is packet.truncate for a frame that is left whole.
const noTruncate = int(^uint(0) >> 1)

// clearRequests forgets what actions asked for.
func (p *packet) clearRequests() {
	p.exit = false
	p.clone = false
	p.cloneID = 0
	p.cloneList = 0
	p.digest = 0
	p.resubmit = 0
	p.recirculate = 0
	p.specWritten = false
	p.truncate = noTruncate
}

// setValid makes a header valid and, in a union, the others invalid.
func (p *packet) setValid(h *header) {
	if h.valid == 0 {
		return
	}
	p.w[h.valid] = 1
	for _, v := range h.siblings {
		p.w[v] = 0
	}
}

func (p *packet) setInvalid(h *header) {
	if h.valid != 0 {
		p.w[h.valid] = 0
	}
}

// size is the number of bytes a header takes in the packet.
func (p *packet) size(h *header) int {
	if h.varbit < 0 {
		return h.bytes
	}
	return h.bytes + int(p.w[h.fields[h.varbit].length]/8)
}
