package p4rt

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
)

// link is one connection with its stream. Two goroutines move messages in and out; a third, the term, serves the
// switch while we are primary. All of them report to run, which is Session.Run's goroutine and decides alone.
type link struct {
	session *Session
	client  p4v1.P4RuntimeClient
	stream  p4v1.P4Runtime_StreamChannelClient
	bid     ElectionID

	inbound chan *p4v1.StreamMessageResponse
	lost    chan error // room for both movers: neither waits to report
	send    chan *p4v1.StreamMessageRequest
	digests chan *p4v1.DigestList
	packets chan *p4v1.PacketIn
	idle    chan *p4v1.IdleTimeoutNotification

	term    context.CancelCauseFunc // nil: no term
	ending  bool                    // the term was told to end
	renew   bool                    // we are primary again: a new term when the old one has ended
	ready   chan *Conn              // the term has the pipeline in place
	ended   chan error              // the term is over
	movers  sync.WaitGroup
	settled bool             // the switch has said who is primary
	late    <-chan time.Time // when to outbid; nil: no need
}

func (l *link) run(ctx context.Context, cancel context.CancelCauseFunc) (err error) {
	s := l.session
	opening := time.AfterFunc(s.options.ConnectTimeout, func() { cancel(errors.New("the switch does not answer")) })
	defer opening.Stop()
	if l.stream, err = l.client.StreamChannel(ctx); err != nil {
		return cause(ctx, fmt.Errorf("open stream: %w", err))
	}
	s.counters.connects.Add(1)
	l.movers.Add(2)
	go l.receive(ctx)
	go l.transmit(ctx)
	defer func() {
		// Everything that this link started ends before the next one begins.
		cancel(ErrStreamLost)
		if l.term != nil {
			<-l.ended
		}
		l.movers.Wait()
	}()
	defer s.reach(false)
	l.arbitrate()
	for {
		select {
		case m := <-l.inbound:
			if m.GetArbitration() != nil && !l.settled {
				opening.Stop()
				l.settled = true
				s.reach(true)
			}
			l.take(ctx, m)
		case <-l.late:
			l.outbid()
		case id := <-s.mandates:
			if err := l.mandated(id); err != nil {
				return err
			}
		case c := <-l.ready:
			s.current.API = c.api
			if c.pushed {
				s.current.Pushed++
			}
			if !l.ending {
				s.enter(Primary, nil)
			}
		case err := <-l.ended:
			l.term = nil
			switch {
			case err != nil && !l.ending:
				return err
			case l.renew:
				l.begin(ctx)
			}
		case err := <-l.lost:
			return cause(ctx, err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// cause prefers our own reason for ending a context to gRPC's report that it ended.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (l *link) receive(ctx context.Context) {
	defer l.movers.Done()
	for {
		m, err := l.stream.Recv()
		if err != nil {
			l.lost <- fmt.Errorf("stream: %w", err)
			return
		}
		select {
		case l.inbound <- m:
		case <-ctx.Done():
			return
		}
	}
}

func (l *link) transmit(ctx context.Context) {
	defer l.movers.Done()
	for {
		select {
		case m := <-l.send:
			if err := l.stream.Send(m); err != nil {
				return // the reason comes to the receiver
			}
		case <-ctx.Done():
			return
		}
	}
}

// queue hands a message to the sender, if it has room.
func (l *link) queue(m *p4v1.StreamMessageRequest) bool {
	select {
	case l.send <- m:
		return true
	default:
		return false
	}
}

// arbitrate bids; it tells whether the bid is on its way.
func (l *link) arbitrate() bool {
	s := l.session
	s.current.Election = l.bid
	s.publish()
	m := &p4v1.MasterArbitrationUpdate{DeviceId: s.options.DeviceID, ElectionId: l.bid.message()}
	if s.options.Role != "" {
		m.Role = &p4v1.Role{Name: s.options.Role}
	}
	return l.queue(&p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_Arbitration{Arbitration: m}})
}

// take deals with one message from the switch, and never waits.
func (l *link) take(ctx context.Context, m *p4v1.StreamMessageResponse) {
	s := l.session
	switch u := m.GetUpdate().(type) {
	case *p4v1.StreamMessageResponse_Arbitration:
		l.arbitrated(ctx, u.Arbitration)
	case *p4v1.StreamMessageResponse_Digest:
		s.counters.digestLists.Add(1)
		// Acknowledged even if dropped: what was lost may then be sent again when it happens again.
		ack := &p4v1.DigestListAck{DigestId: u.Digest.GetDigestId(), ListId: u.Digest.GetListId()}
		if !l.queue(&p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_DigestAck{DigestAck: ack}}) {
			s.counters.acksDropped.Add(1)
		}
		select {
		case l.digests <- u.Digest:
		default:
			s.counters.digestsDropped.Add(1)
		}
	case *p4v1.StreamMessageResponse_Packet:
		s.counters.packets.Add(1)
		select {
		case l.packets <- u.Packet:
		default:
			s.counters.packetsDropped.Add(1)
		}
	case *p4v1.StreamMessageResponse_IdleTimeoutNotification:
		s.counters.idleEntries.Add(uint64(len(u.IdleTimeoutNotification.GetTableEntry())))
		select {
		case l.idle <- u.IdleTimeoutNotification:
		default:
			s.counters.idleDropped.Add(1)
		}
	case *p4v1.StreamMessageResponse_Error:
		s.counters.streamErrors.Add(1)
		s.options.Logger.Warn("switch reports an error on the stream",
			"code", codes.Code(u.Error.GetCanonicalCode()), "message", u.Error.GetMessage())
	}
}

func (l *link) arbitrated(ctx context.Context, m *p4v1.MasterArbitrationUpdate) {
	s := l.session
	s.current.Highest = electionOf(m.GetElectionId())
	s.publish()
	l.late = nil
	switch judge(m, l.bid) {
	case standsPrimary:
		if l.term == nil {
			l.begin(ctx)
		} else if l.ending {
			l.renew = true
		}
		return
	case standsVacant:
		l.yield()
		// The switch promotes nobody by itself: it takes a bid at least as high as any it has seen.
		if bid := s.claim(); l.bid.Compare(bid) < 0 {
			s.options.Logger.Info("no controller is primary: bidding", "election", bid)
			l.bid, s.bid = bid, bid
			l.arbitrate()
		} else if s.options.Elector != nil && s.bid != (ElectionID{}) {
			l.late = time.After(outbidAfter)
		}
	case standsBackup:
		l.yield()
	}
}

// yield ends the term, if there is one: we are not primary any more.
func (l *link) yield() {
	l.renew = false
	if l.term != nil && !l.ending {
		l.ending = true
		l.term(ErrNotPrimary)
	}
	if l.session.current.State != Backup {
		l.session.enter(Backup, nil)
	}
}

// begin starts a term: we are primary.
func (l *link) begin(ctx context.Context) {
	ctx, l.term = context.WithCancelCause(ctx)
	l.ending, l.renew = false, false
	l.session.enter(Preparing, nil)
	go l.serve(ctx, l.term, l.bid)
}

// serve is a term: it puts the pipeline in place and then gives the switch to the Handler.
func (l *link) serve(ctx context.Context, cancel context.CancelCauseFunc, election ElectionID) {
	defer cancel(nil)
	l.ended <- func() error {
		s := l.session
		c := &Conn{session: s, link: l, election: election}
		if err := c.prepare(ctx); err != nil {
			return fmt.Errorf("pipeline: %w", err)
		}
		select {
		case l.ready <- c:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		err := s.handler.Ready(ctx, c)
		if err != nil && ctx.Err() == nil {
			s.counters.handlerFailures.Add(1)
			return fmt.Errorf("handler: %w", err)
		}
		if err == nil {
			<-ctx.Done()
		}
		return nil
	}()
}
