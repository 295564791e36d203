package p4rt

import (
	"context"
	"fmt"
	"time"
)

// Elector settles among several controllers which of them is to be a switch's primary: the part of "Client Arbitration
// and Controller Replication" that the specification leaves to them. The switch has the last word all the same: it takes
// writes only with the highest id it has seen. So two that both hold themselves to be chosen do no harm.
type Elector interface {
	// Campaign takes part in the election until ctx ends, then gives up what it has won and returns. Each time this
	// controller is chosen it calls elected with the id to bid, higher than those of all who were chosen before; and as
	// soon as it is not, or can't be sure of it any more, with the zero id. reached tells whether the switch answers us: who
	// can't reach it is of no use to it.
	Campaign(ctx context.Context, reached <-chan bool, elected func(ElectionID))
}

// campaign starts the Elector; stop ends it and waits for it. It has to outlive the last link: a successor should find
// that we write no more.
func (s *Session) campaign(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.options.Elector.Campaign(ctx, s.reached, func(id ElectionID) { replace(s.mandates, id) })
	}()
	return func() { cancel(); <-ended }
}

// reach tells the Elector whether the switch answers.
func (s *Session) reach(answers bool) {
	if s.reached != nil {
		replace(s.reached, answers)
	}
}

// replace puts v into a channel with room for one, in the place of what nobody has taken. One goroutine does so.
func replace[T any](c chan T, v T) {
	for {
		select {
		case c <- v:
			return
		default:
			select {
			case <-c:
			default:
			}
		}
	}
}

// mandated takes in the Elector's word. The term ends at once, whatever the switch says: we are not chosen any more, or
// chosen anew with another id, and words in between may have gone unheard.
func (l *link) mandated(id ElectionID) error {
	s := l.session
	s.bid, l.bid, l.late = id, id, nil
	if l.settled {
		l.yield()
	}
	if !l.arbitrate() {
		return fmt.Errorf("arbitrate: %w", ErrQueueFull)
	}
	return nil
}

// claim is what to bid for a switch that has no primary; zero: nothing.
func (s *Session) claim() ElectionID {
	bid, highest := s.options.Election, s.current.Highest
	switch {
	case s.options.Elector != nil:
		return s.bid
	case s.options.StandBy:
		return ElectionID{}
	case highest.Compare(bid) >= 0:
		return highest.Next()
	}
	return bid
}

// outbidAfter is how long we have to have been chosen for a switch without a primary before we bid more than the id that
// we were chosen with: by then we would know if we were not chosen any more.
const outbidAfter = time.Second

// outbid bids above what a vacant switch has seen, when that is more than what we were chosen with: the electors' numbers
// were set back, or somebody took part who knows nothing of them.
func (l *link) outbid() {
	s := l.session
	l.late = nil
	if s.bid == (ElectionID{}) || s.current.Highest.Compare(s.bid) <= 0 {
		return
	}
	l.bid = s.current.Highest.Next()
	s.options.Logger.Warn("the switch has seen a higher election id than we were elected with; bidding above it",
		"elected", s.bid, "election", l.bid)
	s.bid = l.bid
	l.arbitrate()
}
