package gnmitree

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Options of Subscribe.
type Options struct {
	// Poll is how often subscriptions to changes look for changes that nobody tells of.
	Poll   time.Duration
	Logger *slog.Logger
	// Done ends the stream when it is closed; nil: only the client does.
	Done <-chan struct{}
}

// Subscribe serves one stream of gNMI's Subscribe: ONCE, POLL and STREAM.
func Subscribe(stream gpb.GNMI_SubscribeServer, tree Tree, o Options) error {
	c := &subscriber{tree: tree, options: o, stream: stream, requests: make(chan request)}
	go c.listen()
	first, err := c.next()
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
	subs, err := subscriptions(tree, list)
	if err != nil {
		return err
	}
	c.prefix, c.encoding = AnswerPrefix(list.GetPrefix()), list.GetEncoding()
	for _, sub := range subs {
		c.paths = append(c.paths, sub.path)
	}
	switch list.GetMode() {
	case gpb.SubscriptionList_ONCE:
		return c.once(subs, list.GetUpdatesOnly())
	case gpb.SubscriptionList_POLL:
		return c.poll(subs, list.GetUpdatesOnly())
	}
	return c.follow(subs, list.GetUpdatesOnly())
}

// subscriber is who subscribed.
type subscriber struct {
	tree     Tree
	options  Options
	stream   gpb.GNMI_SubscribeServer
	requests chan request
	prefix   *gpb.Path
	encoding gpb.Encoding
	paths    []*gpb.Path
}

// request is what the client said, or why it will say nothing more.
type request struct {
	*gpb.SubscribeRequest
	err error
}

// listen passes on what the client says. It ends with the stream, at the latest when Subscribe has returned.
func (c *subscriber) listen() {
	for {
		req, err := c.stream.Recv()
		select {
		case c.requests <- request{req, err}:
		case <-c.stream.Context().Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// errDone ends a stream from our side.
var errDone = status.Error(codes.Unavailable, "the server stops")

// next waits for the client to say something.
func (c *subscriber) next() (*gpb.SubscribeRequest, error) {
	select {
	case r := <-c.requests:
		return r.SubscribeRequest, r.err
	case <-c.options.Done:
		return nil, errDone
	case <-c.stream.Context().Done():
		return nil, status.FromContextError(c.stream.Context().Err()).Err()
	}
}

func (c *subscriber) snapshot(ctx context.Context, age time.Duration) (Snapshot, error) {
	return c.tree.Snapshot(ctx, age, c.paths)
}

// perNotification bounds a notification, so that its message stays small.
const perNotification = 500

// once sends everything, and that this was everything.
func (c *subscriber) once(subs []*subscription, updatesOnly bool) error {
	snap, err := c.snapshot(c.stream.Context(), 0)
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	for _, sub := range subs {
		if updatesOnly {
			break
		}
		if err := c.send(snap.Made, sub.matching(snap), nil); err != nil {
			return err
		}
	}
	return c.synced()
}

// poll sends everything whenever it is asked to.
func (c *subscriber) poll(subs []*subscription, updatesOnly bool) error {
	if err := c.once(subs, updatesOnly); err != nil {
		return err
	}
	for {
		req, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if req.GetPoll() == nil {
			return status.Error(codes.InvalidArgument, "only polls may follow")
		}
		if err := c.once(subs, false); err != nil {
			return err
		}
	}
}

// follow sends everything, then what changes and what is to be sampled.
func (c *subscriber) follow(subs []*subscription, updatesOnly bool) error {
	ctx, cancel := context.WithCancel(c.stream.Context())
	defer cancel()
	requests := c.requests
	changed := c.tree.Changed()
	snap, err := c.snapshot(ctx, 0)
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	for _, sub := range subs {
		leaves := sub.matching(snap)
		if !updatesOnly {
			if err := c.send(snap.Made, leaves, nil); err != nil {
				return err
			}
		}
		sub.remember(leaves)
		sub.sample = snap.Made.Add(sub.interval)
		sub.nextRefresh = snap.Made.Add(sub.heartbeat)
	}
	if err := c.synced(); err != nil {
		return err
	}
	for poll := snap.Made.Add(c.options.Poll); ; {
		timer := time.NewTimer(time.Until(next(subs, poll)))
		select {
		case r := <-requests:
			// The client may say that it sends nothing more, but must not say anything.
			requests = nil
			if r.err == nil {
				err = status.Error(codes.InvalidArgument, "a stream is subscribed to once")
			} else if !errors.Is(r.err, io.EOF) {
				err = r.err
			}
		case <-c.options.Done:
			err = errDone
		case <-ctx.Done():
			err = status.FromContextError(ctx.Err()).Err()
		case <-changed:
			changed = c.tree.Changed()
			poll = time.Now()
		case <-timer.C:
		}
		timer.Stop()
		if err != nil {
			return err
		}
		now := time.Now()
		snap, err := c.snapshot(ctx, min(c.options.Poll, shortest(subs))/2)
		if err != nil {
			if ctx.Err() != nil {
				return status.FromContextError(ctx.Err()).Err()
			}
			// The next round may find it again; what was sent stands until then.
			c.options.Logger.Debug("state not read for a subscription", "err", err)
			poll = now.Add(c.options.Poll)
			for _, sub := range subs {
				sub.skip(now)
			}
			continue
		}
		for _, sub := range subs {
			updates, deletes := sub.due(snap, now, !now.Before(poll))
			if err := c.send(snap.Made, updates, deletes); err != nil {
				return err
			}
		}
		if !now.Before(poll) {
			poll = now.Add(c.options.Poll)
		}
	}
}

// send sends updates and deletes, in notifications of bounded size; nothing when there is nothing.
func (c *subscriber) send(at time.Time, updates []Leaf, deletes []*gpb.Path) error {
	for len(updates) > 0 || len(deletes) > 0 {
		n := &gpb.Notification{Timestamp: at.UnixNano(), Prefix: c.prefix, Delete: deletes}
		deletes = nil
		part := updates[:min(len(updates), perNotification)]
		updates = updates[len(part):]
		for i := range part {
			value, err := c.tree.Encode(&part[i], c.encoding)
			if err != nil {
				return status.Error(codes.Internal, err.Error())
			}
			n.Update = append(n.Update, &gpb.Update{Path: part[i].Path, Val: value})
		}
		if err := c.stream.Send(&gpb.SubscribeResponse{Response: &gpb.SubscribeResponse_Update{Update: n}}); err != nil {
			return err
		}
	}
	return nil
}

// synced says that everything there is has been sent once.
func (c *subscriber) synced() error {
	return c.stream.Send(&gpb.SubscribeResponse{Response: &gpb.SubscribeResponse_SyncResponse{SyncResponse: true}})
}
