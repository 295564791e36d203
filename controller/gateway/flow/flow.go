package flow

import "time"

// Flow is one connection that runs, or ran, to a replica.
type Flow struct {
	key    Key
	winner Winner // whom it runs to, or ran to while it is being retired; fixes the inbound key
	// What the tables are believed to have under this flow's two keys; the zero Winner: nothing.
	out, in Winner

	isn  uint32
	born uint32 // the switch's tick of the newest event that shaped this flow

	outCount, inCount uint32        // direct counters modulo 2^32; only whether they changed matters
	settledAt         time.Duration // when the tables last agreed
	until             time.Duration // what was claimed may be written until then; afterwards it is hearsay
	moved             time.Duration // when the counters were last known to have changed

	due        time.Duration // in the wheel
	next, prev *Flow
	spoke      uint16
	listed     bool

	closing  uint8 // what was seen of its end
	stage    stage
	again    uint8 // SYNs with sequence number isn that met the translation, after the first
	failures uint8

	isnKnown, bornKnown bool
	retiring            bool
	placed              bool // the tables had the winner's entries at some time
	orphan              bool // found inbound only: the outbound entry waits for a claim
	queued              bool // in dirty
	underway            bool // in the batch that is being written
	looking             bool // in looks, or being read
	gone                bool // no longer in the book
}

// What was seen of a connection's end.
const (
	finClient uint8 = 1 << iota
	finWide
	reset
	finBoth = finClient | finWide
)

// stage says what the next look at the counters decides.
type stage uint8

const (
	stageIdle       stage = iota // has it been idle for too long?
	stageSettling                // the end was seen; take the counters once the last packets are through
	stageQuiet                   // has it been quiet since?
	stageUnanswered              // a SYN met the translation; take the counters
	stageAnswered                // has its replica answered since?
)

// Key is the connection.
func (f *Flow) Key() Key { return f.key }

// Winner is whom it runs to.
func (f *Flow) Winner() Winner { return f.winner }

// State is a word for people: learning, open, closing or retiring.
func (f *Flow) State() string {
	switch {
	case f.retiring:
		return "retiring"
	case !f.agrees():
		return "learning"
	case f.closing != 0:
		return "closing"
	}
	return "open"
}

// wantOut and wantIn are what the tables should have; the zero Winner: nothing.
func (f *Flow) wantOut() Winner {
	if f.retiring || f.orphan {
		return Winner{}
	}
	return f.winner
}

func (f *Flow) wantIn() Winner {
	if f.retiring {
		return Winner{}
	}
	return f.winner
}

// agrees tells whether the tables are believed to have what they should.
func (f *Flow) agrees() bool { return f.out.alike(f.wantOut()) && f.in.alike(f.wantIn()) }

func (f *Flow) ended() bool { return f.closing&reset != 0 || f.closing&finBoth == finBoth }

// reopen forgets what was seen of an end: a new connection uses the translation.
func (f *Flow) reopen() { f.closing, f.stage, f.again = 0, stageIdle, 0 }
