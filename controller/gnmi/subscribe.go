package gnmi

import (
	"errors"
	"io"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/model"
)

// Times of subscriptions.
const (
	// sampleDefault is how often counters are sampled when the subscription leaves it to us.
	sampleDefault = 10 * time.Second
	// sampleLeast is the shortest sample and heartbeat interval taken.
	sampleLeast = 100 * time.Millisecond
)

// Subscribe implements gNMI: ONCE, POLL and STREAM.
func (s *Server) Subscribe(stream gpb.GNMI_SubscribeServer) error {
	first, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	list := first.GetSubscribe()
	if list == nil {
		return status.Error(codes.InvalidArgument, "the first message has to subscribe")
	}
	subs, err := subscriptions(list)
	if err != nil {
		return err
	}
	c := &client{server: s, stream: stream, prefix: answerPrefix(list.GetPrefix()), encoding: list.GetEncoding()}
	for _, sub := range subs {
		c.decisions = c.decisions || needsDecisions(sub.path)
	}
	switch list.GetMode() {
	case gpb.SubscriptionList_ONCE:
		return c.once(subs, list.GetUpdatesOnly())
	case gpb.SubscriptionList_POLL:
		return c.poll(subs, list.GetUpdatesOnly())
	}
	return c.follow(subs, list.GetUpdatesOnly())
}

// subscription is one path, followed in one way.
type subscription struct {
	path      *gpb.Path
	onChange  bool // else sampled
	accepts   func(*gpb.Path) bool
	interval  time.Duration // between samples
	heartbeat time.Duration // 0: none
	changed   bool          // leave out what is as it was (suppress_redundant)

	sent        map[string]leaf // by path, as it was sent last
	sample      time.Time       // the next one
	nextRefresh time.Time       // the next heartbeat
}

// subscriptions checks a list and takes it apart. Where the mode is left to us, counters are sampled and everything else
// is told when it changes.
func subscriptions(list *gpb.SubscriptionList) ([]*subscription, error) {
	if err := checkEncoding(list.GetEncoding()); err != nil {
		return nil, err
	}
	if err := checkModels(list.GetUseModels()); err != nil {
		return nil, err
	}
	if _, known := gpb.SubscriptionList_Mode_name[int32(list.GetMode())]; !known {
		return nil, status.Errorf(codes.InvalidArgument, "mode %v is unknown", list.GetMode())
	}
	if len(list.GetSubscription()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "no path is subscribed to")
	}
	all := func(*gpb.Path) bool { return true }
	others := func(p *gpb.Path) bool { return !isCounter(p) }
	var subs []*subscription
	for _, asked := range list.GetSubscription() {
		p, err := join(list.GetPrefix(), asked.GetPath())
		if err != nil {
			return nil, err
		}
		if err := check(p); err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		one := subscription{
			path: p, accepts: all, sent: map[string]leaf{}, changed: asked.GetSuppressRedundant(),
			interval: time.Duration(asked.GetSampleInterval()), heartbeat: time.Duration(asked.GetHeartbeatInterval()),
		}
		if one.interval == 0 {
			one.interval = sampleDefault
			if asked.GetMode() == gpb.SubscriptionMode_SAMPLE {
				one.interval = sampleLeast // 0 asks for the shortest
			}
		}
		for _, d := range []time.Duration{one.interval, one.heartbeat} {
			if d < 0 || d > 0 && d < sampleLeast {
				return nil, status.Errorf(codes.InvalidArgument, "%s: an interval of %v is shorter than %v", model.Text(p), d, sampleLeast)
			}
		}
		switch asked.GetMode() {
		case gpb.SubscriptionMode_SAMPLE:
			subs = append(subs, &one)
		case gpb.SubscriptionMode_ON_CHANGE:
			one.onChange = true
			subs = append(subs, &one)
		case gpb.SubscriptionMode_TARGET_DEFINED:
			counters := one
			one.onChange, one.accepts = true, others
			counters.accepts, counters.sent = isCounter, map[string]leaf{}
			subs = append(subs, &one, &counters)
		default:
			return nil, status.Errorf(codes.InvalidArgument, "mode %v is unknown", asked.GetMode())
		}
	}
	return subs, nil
}

// matching gives the leaves that belong to a subscription.
func (u *subscription) matching(s *snapshot) []leaf {
	var found []leaf
	for _, l := range s.leaves {
		if matches(u.path.GetElem(), l.path.Elem) >= 0 && u.accepts(l.path) {
			found = append(found, l)
		}
	}
	return found
}
