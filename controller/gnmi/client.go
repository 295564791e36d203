package gnmi

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// client is who subscribed.
type client struct {
	server    *Server
	stream    gpb.GNMI_SubscribeServer
	prefix    *gpb.Path
	encoding  gpb.Encoding
	decisions bool
}

// perNotification bounds a notification, so that its message stays small.
const perNotification = 500

// once sends everything, and that this was everything.
func (c *client) once(subs []*subscription, updatesOnly bool) error {
	snap, err := c.server.recent(c.stream.Context(), 0, c.decisions)
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	for _, sub := range subs {
		if updatesOnly {
			break
		}
		if err := c.send(snap.made, sub.matching(snap), nil); err != nil {
			return err
		}
	}
	return c.synced()
}

// poll sends everything whenever it is asked to.
func (c *client) poll(subs []*subscription, updatesOnly bool) error {
	if err := c.once(subs, updatesOnly); err != nil {
		return err
	}
	for {
		req, err := c.stream.Recv()
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
func (c *client) follow(subs []*subscription, updatesOnly bool) error {
	ctx, cancel := context.WithCancel(c.stream.Context())
	defer cancel()
	ended := c.ended()
	changed := c.server.changes.wait()
	snap, err := c.server.recent(ctx, 0, c.decisions)
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	for _, sub := range subs {
		leaves := sub.matching(snap)
		if !updatesOnly {
			if err := c.send(snap.made, leaves, nil); err != nil {
				return err
			}
		}
		sub.remember(leaves)
		sub.sample = snap.made.Add(sub.interval)
		sub.nextRefresh = snap.made.Add(sub.heartbeat)
	}
	if err := c.synced(); err != nil {
		return err
	}
	for poll := snap.made.Add(c.server.options.Poll); ; {
		timer := time.NewTimer(time.Until(next(subs, poll)))
		select {
		case err := <-ended:
			timer.Stop()
			return err
		case <-changed:
			changed = c.server.changes.wait()
			poll = time.Now()
		case <-timer.C:
		}
		timer.Stop()
		now := time.Now()
		snap, err := c.server.recent(ctx, min(c.server.options.Poll, shortest(subs))/2, c.decisions)
		if err != nil {
			if ctx.Err() != nil {
				return status.FromContextError(ctx.Err()).Err()
			}
			// The next round may find it again; what was sent stands until then.
			c.server.options.Logger.Debug("state not read for a subscription", "err", err)
			poll = now.Add(c.server.options.Poll)
			for _, sub := range subs {
				sub.skip(now)
			}
			continue
		}
		for _, sub := range subs {
			updates, deletes := sub.due(snap, now, !now.Before(poll))
			if err := c.send(snap.made, updates, deletes); err != nil {
				return err
			}
		}
		if !now.Before(poll) {
			poll = now.Add(c.server.options.Poll)
		}
	}
}

// ended tells of what ends the stream from the client's side. It may say that it sends nothing more, but must not say
// anything.
func (c *client) ended() <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := c.stream.Recv()
		if errors.Is(err, io.EOF) {
			<-c.stream.Context().Done()
			err = status.FromContextError(c.stream.Context().Err()).Err()
		} else if err == nil {
			err = status.Error(codes.InvalidArgument, "a stream is subscribed to once")
		}
		ended <- err
	}()
	return ended
}

// next is when there is something to do: when changes are looked for, a sample or a heartbeat.
func next(subs []*subscription, poll time.Time) time.Time {
	at := time.Now().Add(time.Hour)
	for _, sub := range subs {
		if sub.onChange && poll.Before(at) {
			at = poll
		}
		if !sub.onChange && sub.sample.Before(at) {
			at = sub.sample
		}
		if sub.heartbeat > 0 && sub.nextRefresh.Before(at) {
			at = sub.nextRefresh
		}
	}
	return at
}

func shortest(subs []*subscription) time.Duration {
	least := time.Hour
	for _, sub := range subs {
		if !sub.onChange {
			least = min(least, sub.interval)
		}
	}
	return least
}

// skip puts off what could not be done.
func (u *subscription) skip(now time.Time) {
	if !now.Before(u.sample) {
		u.sample = now.Add(u.interval)
	}
	if u.heartbeat > 0 && !now.Before(u.nextRefresh) {
		u.nextRefresh = now.Add(u.heartbeat)
	}
}

// due gives what is to be sent now, and remembers that it was.
func (u *subscription) due(s *snapshot, now time.Time, look bool) (updates []leaf, deletes []*gpb.Path) {
	refresh := u.heartbeat > 0 && !now.Before(u.nextRefresh)
	sample := !u.onChange && !now.Before(u.sample)
	u.skip(now)
	if !refresh && !sample && !(u.onChange && look) {
		return nil, nil
	}
	leaves := u.matching(s)
	for _, l := range leaves {
		before, had := u.sent[l.text]
		if refresh || sample && !u.changed || !had || !proto.Equal(before.value, l.value) {
			updates = append(updates, l)
		}
	}
	deletes = u.gone(leaves)
	u.remember(leaves)
	return updates, deletes
}

func (u *subscription) remember(leaves []leaf) {
	clear(u.sent)
	for _, l := range leaves {
		u.sent[l.text] = l
	}
}

// gone gives the paths of what is not there any more: a whole subtree by one path.
func (u *subscription) gone(leaves []leaf) []*gpb.Path {
	left := map[string]leaf{}
	for text, l := range u.sent {
		left[text] = l
	}
	for _, l := range leaves {
		delete(left, l.text)
	}
	if len(left) == 0 {
		return nil
	}
	stands := map[string]bool{}
	for _, l := range leaves {
		for n := range l.path.Elem {
			stands[textOf(l.path.Elem[:n+1])] = true
		}
	}
	var paths []*gpb.Path
	seen := map[string]bool{}
	for _, l := range left {
		for n := max(len(u.path.GetElem()), 1); n <= len(l.path.Elem); n++ {
			text := textOf(l.path.Elem[:n])
			if stands[text] {
				continue
			}
			if !seen[text] {
				seen[text] = true
				paths = append(paths, &gpb.Path{Elem: l.path.Elem[:n]})
			}
			break
		}
	}
	slices.SortFunc(paths, compareText)
	return paths
}

// send sends updates and deletes, in notifications of bounded size; nothing when there is nothing.
func (c *client) send(at time.Time, updates []leaf, deletes []*gpb.Path) error {
	for len(updates) > 0 || len(deletes) > 0 {
		n := &gpb.Notification{Timestamp: at.UnixNano(), Prefix: c.prefix, Delete: deletes}
		deletes = nil
		part := updates[:min(len(updates), perNotification)]
		updates = updates[len(part):]
		for i := range part {
			value, err := encodeLeaf(&part[i], c.encoding)
			if err != nil {
				return status.Error(codes.Internal, err.Error())
			}
			n.Update = append(n.Update, &gpb.Update{Path: part[i].path, Val: value})
		}
		if err := c.stream.Send(&gpb.SubscribeResponse{Response: &gpb.SubscribeResponse_Update{Update: n}}); err != nil {
			return err
		}
	}
	return nil
}

// synced says that everything there is has been sent once.
func (c *client) synced() error {
	return c.stream.Send(&gpb.SubscribeResponse{Response: &gpb.SubscribeResponse_SyncResponse{SyncResponse: true}})
}
