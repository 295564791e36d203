package pipeline

// Tracer receives the events of every packet, in the order they happen, with
// the instance locked: it must not call back into the pipeline. Events and what
// they refer to are valid during the call only.
type Tracer interface {
	Trace(e *Event)
}

// EventKind says which members of an Event are meaningful.
type EventKind uint8

// The kinds of events, with the Event members they fill besides Packet.
const (
	EventReceive    EventKind = iota // Port, Frame: a pass through ingress begins
	EventState                       // Name: a parser state is entered
	EventExtract                     // Name: a header was extracted
	EventParseError                  // Name: the error's name
	EventTable                       // Name, Key, Hit, Const, Action, Args
	EventAction                      // Action, Args: an action called without a table
	EventCondition                   // Name, Hit: the result
	EventRegister                    // Name, Index, Value, Write
	EventCounter                     // Name, Index
	EventMeter                       // Name, Index, Value: the colour
	EventField                       // Name, Old, Value: a field changed in the last table, action or pass of the parser
	EventValid                       // Name, Hit: a header became valid (Hit) or invalid
	EventDigest                      // Name
	EventClone                       // Index: session
	EventReplicate                   // Index: multicast group
	EventResubmit
	EventRecirculate
	EventEgress   // Port: egress begins
	EventDrop     // Name: the reason
	EventTransmit // Port, Frame
	EventLog      // Name: the text of log_msg, or of a failed assert
	EventStrict   // Name: what strict mode found
)

// Event is one thing that happened to a packet.
type Event struct {
	Kind   EventKind
	Packet uint64 // number of the received frame; copies share it
	Port   uint32
	Name   string
	Action string
	Key    []Value
	Args   []Value
	Index  uint64
	Old    Value
	Value  Value
	Frame  []byte
	Hit    bool
	Const  bool
	Write  bool
}
