package steer

import (
	"net/netip"
	"time"
)

// View is what is known of one replica, for people.
type View struct {
	Replica netip.Addr // Server for the server itself
	// Delay is the estimated round trip; 0: not measured.
	Delay time.Duration
	// Measured is when it was last measured, Seen when it last answered anything.
	Measured, Seen time.Duration
	// Standing is one of shares, measured, unmeasured, suspect, mute, out.
	Standing string
	// Share is its part of all connections that goes to it alone, 0 to 1; raced connections come on top.
	Share float64
}

var standings = [...]string{isOut: "out", isMute: "mute", isSuspect: "suspect", isUnmeasured: "unmeasured", isMeasured: "measured"}

// Views tells what is known of each replica.
func (s *Service) Views() []View {
	list := make([]View, len(s.candidates))
	for i := range s.candidates {
		c := &s.candidates[i]
		list[i] = View{Replica: c.addr, Delay: c.delay, Measured: c.measured, Seen: c.seen, Standing: standings[c.now]}
		for j := range s.choice.Direct {
			if s.choice.Direct[j].Replica == c.addr {
				list[i].Standing = "shares"
				list[i].Share = float64(s.choice.Direct[j].Weight) / float64(s.choice.Total())
			}
		}
	}
	return list
}

// Doubtful says whether connections race because it is not known whom to trust.
func (s *Service) Doubtful() bool { return s.doubt > 0 }
