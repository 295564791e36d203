package p4rt

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/tables"
)

// Handler is the controller's logic for one switch.
type Handler interface {
	// Ready is called each time this controller is primary with the pipeline in place, never twice at once. The
	// context ends when that is over; Ready has to return then. When it returns an error before, the session
	// starts over; when it returns nil, the session stays as it is.
	Ready(ctx context.Context, conn *Conn) error
}

// HandlerFunc is a Handler made of a function.
type HandlerFunc func(ctx context.Context, conn *Conn) error

// Ready calls f.
func (f HandlerFunc) Ready(ctx context.Context, conn *Conn) error { return f(ctx, conn) }

// Why a Handler's context ended, by context.Cause.
var (
	ErrNotPrimary = errors.New("another controller is primary")
	ErrStreamLost = errors.New("the stream to the switch is lost")
)

// Session is one switch for as long as the controller runs.
type Session struct {
	options  Options
	handler  Handler
	schema   *tables.Schema
	cookie   uint64
	counters counters
	watchers watchers
	status   atomic.Pointer[Status] // Stats apart
	halfDone atomic.Bool            // a reconciling push failed: what the switch says of its pipeline may not be so
	mandates chan ElectionID        // the Elector's newest word that Run has not heard; nil: there is none
	reached  chan bool              // and ours to it

	// Owned by Run.
	bid     ElectionID // what we bid next; rises when we take over; zero while the Elector has not chosen us
	standBy bool       // our id was taken: come in without one next time
	current Status
}

// New makes a session; Run brings it to life.
func New(options Options, handler Handler) (*Session, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	schema, err := tables.NewSchema(options.Pipeline.P4Info)
	if err != nil {
		return nil, fmt.Errorf("p4rt: switch %s: %w", options.Name, err)
	}
	s := &Session{options: options, handler: handler, schema: schema, cookie: options.Pipeline.Cookie()}
	if options.Elector == nil {
		s.bid = options.Election
	} else {
		s.mandates, s.reached = make(chan ElectionID, 1), make(chan bool, 1)
	}
	s.current = Status{Switch: options.Name, Address: options.Address, Since: time.Now(), Election: s.bid}
	s.publish()
	return s, nil
}

// Status is a snapshot; any goroutine may take it at any time.
func (s *Session) Status() Status {
	out := *s.status.Load()
	out.Stats = s.counters.snapshot()
	return out
}

// Run keeps the session until ctx ends, and returns once everything that it started has ended. It returns nil:
// all that can go wrong with a switch is a reason to try again.
func (s *Session) Run(ctx context.Context) error {
	if s.options.Elector != nil {
		defer s.campaign(ctx)()
	}
	wait := newPauses(s.options.BackoffMin, s.options.BackoffMax)
	for ctx.Err() == nil {
		err := s.attempt(ctx)
		if ctx.Err() != nil {
			break
		}
		if status.Code(err) == codes.InvalidArgument && s.current.State == Connecting {
			// Somebody else, or a connection of ours that the switch has not missed yet, has our id. Not every target
			// lets us stand by without one (quirkNoStandBy): then we bid again.
			s.standBy = s.current.Election != ElectionID{}
		}
		if s.current.sound(s.options.BackoffMin) {
			wait.reset()
		}
		s.enter(Disconnected, err)
		pause := wait.wait()
		s.options.Logger.Warn("session lost", "err", err, "retry_in", pause.Round(time.Millisecond))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	s.enter(Disconnected, nil)
	return nil
}

// soundAfter is how many of the shortest pauses a session has to last to count as good: what a switch that dies, or a
// Handler that fails, as soon as it is reached must not.
const soundAfter = 10

// sound tells whether a session was worth something until now, so that its loss is the first in a row.
func (s *Status) sound(pause time.Duration) bool {
	return (s.State == Primary || s.State == Backup) && time.Since(s.Since) >= soundAfter*pause
}

// attempt is one connection, from dialling to its loss.
func (s *Session) attempt(ctx context.Context) error {
	s.enter(Connecting, nil)
	conn, err := s.options.dial()
	if err != nil {
		return fmt.Errorf("dial %s: %w", s.options.Address, err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(ErrStreamLost)
	select {
	case s.bid = <-s.mandates:
	default:
	}
	l := &link{
		session: s,
		client:  p4v1.NewP4RuntimeClient(conn),
		bid:     s.bid,
		inbound: make(chan *p4v1.StreamMessageResponse),
		lost:    make(chan error, 2),
		send:    make(chan *p4v1.StreamMessageRequest, s.options.SendQueue),
		digests: make(chan *p4v1.DigestList, s.options.DigestQueue),
		packets: make(chan *p4v1.PacketIn, s.options.PacketQueue),
		idle:    make(chan *p4v1.IdleTimeoutNotification, s.options.IdleQueue),
		ready:   make(chan *Conn),
		ended:   make(chan error),
	}
	if s.standBy {
		l.bid, s.standBy = ElectionID{}, false
	}
	return l.run(ctx, cancel)
}

func (s *Session) enter(to State, err error) {
	from := s.current.State
	s.current.State = to
	if err != nil {
		s.current.Err = err
	}
	if from == to {
		s.publish()
		return
	}
	s.current.Since = time.Now()
	s.publish()
	s.options.Logger.Info("session state", "from", from, "to", to)
	s.watchers.tell(Event{Switch: s.options.Name, From: from, To: to, Time: s.current.Since, Err: err})
}

func (s *Session) publish() {
	snapshot := s.current
	s.status.Store(&snapshot)
}
