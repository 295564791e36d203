package gnmi

import (
	"context"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/firstack/firstack/internal/gnmitree"
)

// poll is how often subscriptions to changes look for changes that nobody tells of: of counters, if somebody wants those.
const poll = time.Second

// Subscribe implements gNMI: ONCE, POLL and STREAM.
func (s *Server) Subscribe(stream gpb.GNMI_SubscribeServer) error {
	return gnmitree.Subscribe(stream, tree{s.device}, gnmitree.Options{Poll: poll, Logger: s.log, Done: s.done})
}

// tree is the interfaces as subscribers see them.
type tree struct{ Device }

func (tree) Accept(list *gpb.SubscriptionList) error {
	if err := checkEncoding(list.GetEncoding()); err != nil {
		return err
	}
	return checkModels(list.GetUseModels())
}

func (tree) Locate(prefix, path *gpb.Path) (*gpb.Path, error) { return locate(prefix, path) }

func (t tree) Snapshot(context.Context, time.Duration, []*gpb.Path) (gnmitree.Snapshot, error) {
	return gnmitree.Snapshot{Leaves: leaves(t.Interfaces()), Made: time.Now()}, nil
}

func (tree) Counts(p *gpb.Path) bool { return at(p).leaf.counter }

func (tree) Encode(l *gnmitree.Leaf, e gpb.Encoding) (*gpb.TypedValue, error) {
	return encodeLeaf(l, e)
}
