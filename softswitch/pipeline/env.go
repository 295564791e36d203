package pipeline

import "github.com/firstack/firstack/softswitch/pre"

// DefaultDropPort is the egress_spec that means "drop" when Env.DropPort is 0.
const DefaultDropPort = 511

// Limits on the work one received frame may cause.
const (
	// MaxPasses bounds how often one packet goes through ingress (resubmit and
	// recirculate count); BMv2 would go on for ever.
	MaxPasses = 64
	// MaxCopies bounds the packets made from one received frame by clones,
	// multicast, resubmission and recirculation together.
	MaxCopies = 4096
)

// Env is what an instance needs from its surroundings. Every member may be
// zero: a nil Now stands still at 0, a nil Transmit or Digest discards, a nil
// PRE has no groups and no clone sessions.
type Env struct {
	// Now gives microseconds since the switch started: v1model's timestamps,
	// meters and idle times. It must not go backwards.
	Now func() uint64
	// Transmit sends a frame out of a port. The frame is valid during the call
	// only. It is called without the instance's lock, in the goroutine that
	// called Process, and may call Process of any instance.
	Transmit func(port uint32, frame []byte)
	// Digest takes a digest message. Its slices are valid during the call only.
	// Called like Transmit.
	Digest func(d Digest)
	// PRE replicates packets: multicast groups and clone sessions.
	PRE *pre.Engine
	// Rand feeds random(); nil takes a generator of the instance's own.
	Rand func() uint64
	// DropPort is the egress_spec that drops; 0 means DefaultDropPort.
	DropPort uint32
	// CPUPort is the port to the controller, 0 = none. The pipeline treats it as
	// any other port.
	CPUPort uint32
	// Strict reports, through Tracer, reads of fields of invalid headers and
	// packets that leave ingress with egress_spec untouched. It is fixed at New.
	Strict bool
	// Tracer sees what happens to each packet; nil is off and costs nothing.
	Tracer Tracer
	// Versions bounds the stretches of the program that are compiled again for
	// what is known of the packets that come there: some kilobytes each, made as
	// traffic needs them. 0 means 4096, a negative number none: then packets are
	// processed about half as fast.
	Versions int
}

// Digest is one digest message: the values of a learn list's fields.
type Digest struct {
	ListID int    // the id in the JSON
	Name   string // the list's name, which is the digest's name in the P4Info
	Fields []Value
}

// Value is a number of a given width.
type Value struct {
	Width int    // bits
	Bytes []byte // big endian, (Width+7)/8 bytes, not canonical
}
