package p4rt_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/p4rt/p4rttest"
)

func TestStatesInOrder(t *testing.T) {
	srv := server(t)
	h := newTerms()
	o := options(t, srv)
	s, err := p4rt.New(o, h)
	if err != nil {
		t.Fatal(err)
	}
	events, stop := s.Watch(100)
	defer stop()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	await(t, h.began, "a term")
	awaitState(t, s, p4rt.Primary)
	cancel()
	await(t, done, "Run's end")
	for _, want := range []p4rt.State{p4rt.Connecting, p4rt.Preparing, p4rt.Primary, p4rt.Disconnected} {
		if e := await(t, events, "an event"); e.To != want {
			t.Fatalf("state %v, want %v", e.To, want)
		}
	}
	if cause := await(t, h.ended, "the term's end"); !errors.Is(cause, p4rt.ErrStreamLost) && !errors.Is(cause, context.Canceled) {
		t.Errorf("the term ended for %v", cause)
	}
}

func TestWatchDropsTheOldest(t *testing.T) {
	srv := server(t)
	s, _, h := connected(t, srv)
	events, stop := s.Watch(1)
	for range 3 {
		srv.Cut()
		await(t, h.began, "another term")
	}
	awaitState(t, s, p4rt.Primary)
	if e := await(t, events, "an event"); e.To != p4rt.Primary {
		t.Errorf("the last event is about %v", e.To)
	}
	stop()
	if _, open := <-events; open {
		t.Error("the channel is still open after stop")
	}
	stop()
}

func TestOptionsRefused(t *testing.T) {
	srv := server(t)
	for name, spoil := range map[string]func(*p4rt.Options){
		"no name":          func(o *p4rt.Options) { o.Name = "" },
		"no address":       func(o *p4rt.Options) { o.Address = "" },
		"no pipeline":      func(o *p4rt.Options) { o.Pipeline.P4Info = nil },
		"no security said": func(o *p4rt.Options) { o.Insecure = false },
		"both securities":  func(o *p4rt.Options) { o.TLS = fromFiles("", "", "", "") },
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, srv)
			spoil(&o)
			if _, err := p4rt.New(o, newTerms()); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// The pipeline is pushed when it has to be, and only then.
func TestPipelinePush(t *testing.T) {
	ours := pipeline(t)
	config := func(p p4rt.Pipeline, cookie uint64) *p4v1.ForwardingPipelineConfig {
		c := &p4v1.ForwardingPipelineConfig{P4Info: p.P4Info, P4DeviceConfig: p.Config}
		if cookie != 0 {
			c.Cookie = &p4v1.ForwardingPipelineConfig_Cookie{Cookie: cookie}
		}
		return c
	}
	reconcile := p4v1.SetForwardingPipelineConfigRequest_RECONCILE_AND_COMMIT
	commit := p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT
	for _, test := range []struct {
		name   string
		there  *p4v1.ForwardingPipelineConfig
		faults p4rttest.Faults
		want   []p4v1.SetForwardingPipelineConfigRequest_Action
	}{
		{name: "none yet", want: []p4v1.SetForwardingPipelineConfigRequest_Action{commit}},
		{name: "empty configuration", there: &p4v1.ForwardingPipelineConfig{}, want: []p4v1.SetForwardingPipelineConfigRequest_Action{commit}},
		{name: "same cookie", there: config(ours, ours.Cookie())},
		{name: "same cookie settles it", there: &p4v1.ForwardingPipelineConfig{
			P4Info: p4info(t, "server_gateway"), Cookie: &p4v1.ForwardingPipelineConfig_Cookie{Cookie: ours.Cookie()},
		}},
		{name: "same contents, no cookie", there: config(ours, 0)},
		{name: "same contents, another's cookie", there: config(ours, 12345)},
		{name: "same P4Info, device config withheld", there: config(p4rt.Pipeline{P4Info: ours.P4Info}, 0)},
		{
			name:  "another device config",
			there: config(p4rt.Pipeline{P4Info: ours.P4Info, Config: []byte("old")}, 0),
			want:  []p4v1.SetForwardingPipelineConfigRequest_Action{reconcile},
		},
		{
			name:  "another program",
			there: config(p4rt.Pipeline{P4Info: p4info(t, "server_gateway"), Config: []byte("old")}, 12345),
			want:  []p4v1.SetForwardingPipelineConfigRequest_Action{commit},
		},
		{
			name:  "target without reconcile",
			there: config(p4rt.Pipeline{P4Info: ours.P4Info, Config: []byte("old")}, 0),
			faults: p4rttest.Faults{Push: func(_ context.Context, r *p4v1.SetForwardingPipelineConfigRequest) error {
				if r.GetAction() == reconcile {
					return status.Error(codes.Unimplemented, "no")
				}
				return nil
			}},
			want: []p4v1.SetForwardingPipelineConfigRequest_Action{commit},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := server(t)
			srv.Set(test.faults)
			if test.there != nil {
				srv.Configure(test.there)
			}
			s, conn, _ := connected(t, srv)
			got := srv.Pushes()
			if len(got) != len(test.want) || len(got) == 1 && got[0] != test.want[0] {
				t.Errorf("pushed %v, want %v", got, test.want)
			}
			if conn.Fresh() != (len(test.want) > 0) {
				t.Errorf("Fresh is %v", conn.Fresh())
			}
			awaitState(t, s, p4rt.Primary)
			if st := s.Status(); st.Pushed != len(test.want) || st.API != "1.5.0" {
				t.Errorf("status %+v", st)
			}
		})
	}
}

func TestReconnectNeitherPushesNorClears(t *testing.T) {
	srv := server(t)
	s, conn, h := connected(t, srv)
	p := program(t)
	if err := conn.Write(ctx(t), inserts(translation(t, p, 1, "198.51.100.1"))...); err != nil {
		t.Fatal(err)
	}
	srv.Cut()
	if cause := await(t, h.ended, "the term's end"); !errors.Is(cause, p4rt.ErrStreamLost) {
		t.Errorf("the term ended for %v", cause)
	}
	next := await(t, h.began, "another term")
	if next.conn.Fresh() {
		t.Error("pipeline pushed again")
	}
	if n := len(srv.Pushes()); n != 1 {
		t.Errorf("%d pushes", n)
	}
	if n := len(srv.Entities()); n != 1 {
		t.Errorf("%d entities left of 1", n)
	}
	awaitState(t, s, p4rt.Primary)
	if st := s.Status(); st.Err == nil || st.Stats.Connects != 2 {
		t.Errorf("status %+v", st)
	}
}

func TestUnansweredSwitchIsGivenUp(t *testing.T) {
	srv := server(t)
	srv.Set(p4rttest.Faults{Silent: true})
	o := options(t, srv)
	o.ConnectTimeout = 20e6
	h := newTerms()
	s := start(t, o, h)
	until(t, "it has tried again", func() bool { return s.Status().Stats.Connects > 2 })
	srv.Set(p4rttest.Faults{})
	await(t, h.began, "a term")
}

func TestHandlerFailureStartsOver(t *testing.T) {
	srv := server(t)
	began := make(chan struct{}, 10)
	failures := 2
	s := start(t, options(t, srv), p4rt.HandlerFunc(func(ctx context.Context, _ *p4rt.Conn) error {
		began <- struct{}{}
		if failures > 0 {
			failures--
			return errors.New("not today")
		}
		return nil // and the session stays
	}))
	for range 3 {
		await(t, began, "the handler")
	}
	awaitState(t, s, p4rt.Primary)
	if n := s.Status().Stats.HandlerFailures; n != 2 {
		t.Errorf("%d failures", n)
	}
	// The handler is done: being told again that we are primary is no new term.
	srv.Announce()
	awaitPassed(t, srv, s)
	if n := len(began); n != 0 {
		t.Errorf("%d more calls", n)
	}
	// It does not keep the session from noticing losses.
	srv.Cut()
	await(t, began, "the handler")
}

func TestPushFailureIsRetried(t *testing.T) {
	srv := server(t)
	srv.Set(p4rttest.Faults{Get: func(context.Context) error { return status.Error(codes.Internal, "no") }})
	h := newTerms()
	s := start(t, options(t, srv), h)
	until(t, "it has tried again", func() bool { return s.Status().Stats.Connects > 2 })
	srv.Set(p4rttest.Faults{})
	await(t, h.began, "a term")
}

// A target that fails halfway through a reconciling push and then claims to have our pipeline is not believed: not
// in this connection, and not in the next.
func TestHalfDonePushIsFinished(t *testing.T) {
	for _, dies := range []bool{false, true} {
		srv := server(t)
		srv.Configure(&p4v1.ForwardingPipelineConfig{P4Info: p4info(t, "server_gateway")})
		stuck := true
		srv.Set(p4rttest.Faults{Push: func(_ context.Context, r *p4v1.SetForwardingPipelineConfigRequest) error {
			switch r.GetAction() {
			case p4v1.SetForwardingPipelineConfigRequest_RECONCILE_AND_COMMIT:
				srv.Configure(r.GetConfig())
				if dies {
					return status.Error(codes.Unavailable, "gone")
				}
				return status.Error(codes.Unknown, "Error when reconciling config")
			case p4v1.SetForwardingPipelineConfigRequest_COMMIT:
				stuck = false
				return p4rttest.Answered
			}
			if stuck {
				return status.Error(codes.Unknown, "Error in first phase of device update")
			}
			return nil
		}})
		_, conn, _ := connected(t, srv)
		if n := len(srv.Pushes()); n != 1 || !conn.Fresh() || stuck {
			t.Errorf("%d pushes, fresh %v, stuck %v", n, conn.Fresh(), stuck)
		}
	}
}

// awaitPassed waits until the session has dealt with everything that the switch has sent so far.
func awaitPassed(t *testing.T, srv *p4rttest.Server, s *p4rt.Session) {
	t.Helper()
	before := s.Status().Stats.StreamErrors
	srv.SendError(&p4v1.StreamError{Message: "marker"})
	until(t, "the marker is in", func() bool { return s.Status().Stats.StreamErrors > before })
}

// Primary again before the handler has let go: the next term begins when the last has ended.
func TestTermsDoNotOverlap(t *testing.T) {
	srv := server(t)
	began, release := make(chan struct{}, 10), make(chan struct{})
	running := 0
	s := start(t, options(t, srv), p4rt.HandlerFunc(func(ctx context.Context, _ *p4rt.Conn) error {
		if running++; running != 1 {
			t.Error("two terms at once")
		}
		began <- struct{}{}
		<-ctx.Done()
		<-release
		running--
		return nil
	}))
	await(t, began, "a term")
	rival := newTerms()
	o := options(t, srv)
	o.Election = p4rt.ElectionID{High: 1}
	_, stopRival := startStoppable(t, o, rival)
	awaitState(t, s, p4rt.Backup)
	stopRival()
	until(t, "the session has bid again", func() bool { return s.Status().Highest == p4rt.ElectionID{High: 1, Low: 1} })
	awaitPassed(t, srv, s)
	close(release)
	await(t, began, "the term after the rival's")
	awaitState(t, s, p4rt.Primary)
	if s.Status().Stats.Connects != 1 {
		t.Error("it cost the connection")
	}
}

// The time limit for the switch's first word does not end a session that got it.
func TestConnectTimeoutEndsWithTheFirstWord(t *testing.T) {
	srv := server(t)
	limit := 300 * time.Millisecond
	s, _, _ := connected(t, srv, func(o *p4rt.Options) { o.ConnectTimeout = limit })
	began := time.Now()
	until(t, "the limit has passed twice", func() bool { return time.Since(began) > 2*limit })
	awaitPassed(t, srv, s)
	if n := s.Status().Stats.Connects; n != 1 {
		t.Errorf("%d connections", n)
	}
}

// pauseLog keeps the pauses that sessions announce.
type pauseLog struct {
	slog.Handler
	pauses chan time.Duration
}

func (h *pauseLog) Enabled(context.Context, slog.Level) bool { return true }
func (h *pauseLog) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h *pauseLog) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "retry_in" {
			h.pauses <- a.Value.Duration()
		}
		return true
	})
	return nil
}

// TestPausesStartOver loses good sessions, each of which is come back to at once, and then only bad ones.
func TestPausesStartOver(t *testing.T) {
	const pause = 10 * time.Millisecond
	log := &pauseLog{slog.DiscardHandler, make(chan time.Duration, 100)}
	srv := server(t)
	var failing atomic.Bool
	began := make(chan struct{}, 100)
	o := options(t, srv)
	o.BackoffMin, o.BackoffMax, o.Logger = pause, time.Hour, slog.New(log)
	s := start(t, o, p4rt.HandlerFunc(func(ctx context.Context, _ *p4rt.Conn) error {
		began <- struct{}{}
		if failing.Load() {
			return errors.New("not today")
		}
		<-ctx.Done()
		return nil
	}))
	for i := range 12 {
		await(t, began, "a term")
		until(t, "a good session", func() bool {
			now := s.Status()
			return now.State == p4rt.Primary && time.Since(now.Since) > 10*pause
		})
		failing.Store(i == 11)
		srv.Cut()
		if got := await(t, log.pauses, "a pause"); got > pause {
			t.Errorf("after good session %d: a pause of %v", i+1, got)
		}
	}
	for i := range 5 {
		await(t, began, "a term")
		if got, least := await(t, log.pauses, "a pause"), pause<<i; got < least {
			t.Errorf("after bad session %d: a pause of %v, want at least %v", i+1, got, least)
		}
	}
}
