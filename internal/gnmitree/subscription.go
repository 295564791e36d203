package gnmitree

import (
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Times of subscriptions.
const (
	// sampleDefault is how often counters are sampled when the subscription leaves it to us.
	sampleDefault = 10 * time.Second
	// sampleLeast is the shortest sample and heartbeat interval taken.
	sampleLeast = 100 * time.Millisecond
)

// subscription is one path, followed in one way.
type subscription struct {
	path      *gpb.Path
	onChange  bool // else sampled
	accepts   func(*gpb.Path) bool
	interval  time.Duration // between samples
	heartbeat time.Duration // 0: none
	changed   bool          // leave out what is as it was (suppress_redundant)

	sent        map[string]Leaf // by path, as it was sent last
	sample      time.Time       // the next one
	nextRefresh time.Time       // the next heartbeat
}

// subscriptions checks a list and takes it apart. Where the mode is left to us, counters are sampled and everything else
// is told when it changes.
func subscriptions(tree Tree, list *gpb.SubscriptionList) ([]*subscription, error) {
	if err := tree.Accept(list); err != nil {
		return nil, err
	}
	if _, known := gpb.SubscriptionList_Mode_name[int32(list.GetMode())]; !known {
		return nil, status.Errorf(codes.InvalidArgument, "mode %v is unknown", list.GetMode())
	}
	if len(list.GetSubscription()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "no path is subscribed to")
	}
	all := func(*gpb.Path) bool { return true }
	others := func(p *gpb.Path) bool { return !tree.Counts(p) }
	var subs []*subscription
	for _, asked := range list.GetSubscription() {
		p, err := tree.Locate(list.GetPrefix(), asked.GetPath())
		if err != nil {
			return nil, err
		}
		one := subscription{
			path: p, accepts: all, sent: map[string]Leaf{}, changed: asked.GetSuppressRedundant(),
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
				return nil, status.Errorf(codes.InvalidArgument, "%s: an interval of %v is shorter than %v", Text(p), d, sampleLeast)
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
			counters.accepts, counters.sent = tree.Counts, map[string]Leaf{}
			subs = append(subs, &one, &counters)
		default:
			return nil, status.Errorf(codes.InvalidArgument, "mode %v is unknown", asked.GetMode())
		}
	}
	return subs, nil
}

// matching gives the leaves that belong to a subscription.
func (u *subscription) matching(s Snapshot) []Leaf {
	var found []Leaf
	for _, l := range s.Leaves {
		if Matches(u.path.GetElem(), l.Path.Elem) >= 0 && u.accepts(l.Path) {
			found = append(found, l)
		}
	}
	return found
}
