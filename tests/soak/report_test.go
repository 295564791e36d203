package soak

import (
	"fmt"

	"github.com/firstack/firstack/tests/e2e/witness"
)

// report sums up races.
type report struct {
	races, failed   int
	replica, origin int // who served
	wire            witness.Totals
}

func (r *report) count(one result, origin string) {
	r.races++
	switch {
	case one.err != nil:
		r.failed++
	case one.ServedBy == origin:
		r.origin++
	default:
		r.replica++
	}
}

func (r *report) seen(t witness.Totals) {
	r.wire.Frames += t.Frames
	r.wire.Opened += t.Opened
	r.wire.SYNsAgain += t.SYNsAgain
	r.wire.Answers += t.Answers
	r.wire.Late += t.Late
	r.wire.Resets += t.Resets
	r.wire.Repeated += t.Repeated
	r.wire.Faults += t.Faults
}

func (r *report) add(o report) {
	r.races += o.races
	r.failed += o.failed
	r.replica += o.replica
	r.origin += o.origin
	r.seen(o.wire)
}

// String is the summary.
func (r report) String() string {
	return fmt.Sprintf("races                  %d, %d failed\nserved by a replica    %d, by the origin %d\n"+
		"frames checked         %d\nSYNs sent again        %d\nanswers                %d, %d late, %d given again\n"+
		"resets                 %d\nfaults on the wire     %d",
		r.races, r.failed, r.replica, r.origin, r.wire.Frames, r.wire.SYNsAgain, r.wire.Answers, r.wire.Late,
		r.wire.Repeated, r.wire.Resets, r.wire.Faults)
}
