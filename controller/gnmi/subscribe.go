package gnmi

import (
	"context"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/internal/gnmitree"
)

// Subscribe implements gNMI: ONCE, POLL and STREAM.
func (s *Server) Subscribe(stream gpb.GNMI_SubscribeServer) error {
	return gnmitree.Subscribe(stream, subscribed{s}, gnmitree.Options{Poll: s.options.Poll, Logger: s.options.Logger})
}

// subscribed is the tree as subscribers see it.
type subscribed struct{ server *Server }

func (t subscribed) Accept(list *gpb.SubscriptionList) error {
	if err := checkEncoding(list.GetEncoding()); err != nil {
		return err
	}
	return checkModels(list.GetUseModels())
}

func (t subscribed) Locate(prefix, path *gpb.Path) (*gpb.Path, error) {
	p, err := join(prefix, path)
	if err != nil {
		return nil, err
	}
	if err := check(p); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return p, nil
}

func (t subscribed) Snapshot(ctx context.Context, age time.Duration, paths []*gpb.Path) (gnmitree.Snapshot, error) {
	var e extras
	for _, p := range paths {
		e.add(p)
	}
	snap, err := t.server.recent(ctx, age, e)
	if err != nil {
		return gnmitree.Snapshot{}, err
	}
	return gnmitree.Snapshot{Leaves: snap.leaves, Made: snap.made}, nil
}

func (t subscribed) Changed() <-chan struct{} { return t.server.changed.Wait() }

func (t subscribed) Counts(p *gpb.Path) bool { return isCounter(p) }

func (t subscribed) Encode(l *leaf, e gpb.Encoding) (*gpb.TypedValue, error) { return encodeLeaf(l, e) }
