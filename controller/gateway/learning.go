package gateway

import (
	"errors"
	"net/netip"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"

	"github.com/firstack/firstack/controller/gateway/flow"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/clientgateway"
)

// Events of p4src/common/metadata.p4, flow_event_t.
const (
	eventClaimed    = 1
	eventLate       = 2
	eventClosing    = 3
	eventReused     = 4
	eventUnanswered = 5
	eventOverdue    = 6
	eventServer     = 7
)

// digest takes in what the switch tells of connections.
func (c *client) digest(list *p4v1.DigestList, now time.Duration) {
	if !c.program.FlowEvent.Is(list) {
		c.strange++
		return
	}
	events, err := c.program.FlowEvent.Decode(list)
	if err != nil {
		c.strange++
		c.log.Warn("digest can't be read", "err", err)
	}
	for i := range events {
		c.event(&events[i], now)
	}
}

func (c *client) event(e *clientgateway.FlowEvent, now time.Duration) {
	server := netip.AddrPortFrom(e.ServerAddr, e.ServerPort)
	replica := netip.AddrPortFrom(e.ReplicaAddr, e.ReplicaPort)
	told := flow.Event{
		Key:        flow.KeyOf(netip.AddrPortFrom(e.ClientAddr, e.ClientPort), server),
		FromClient: e.Lan == 1,
		Flags:      e.Flags,
		ISN:        e.ISN,
		Tick:       e.Now,
		At:         now,
	}
	c.slots.clock.hear(e.Now, now)
	delay := c.target.Since(e.Elapsed)
	switch e.Event {
	case eventClaimed:
		told.Winner = flow.WinnerOf(replica, flow.Form(e.Form))
		c.book.Claimed(told)
		if !told.FromClient {
			c.races.won(server, replica, delay)
			c.aim.answered(server, e, false, now)
		}
	case eventLate:
		c.races.lost(server, replica, delay)
		c.aim.answered(server, e, true, now)
	case eventClosing:
		c.book.Closing(told)
	case eventReused:
		c.book.Reused(told)
	case eventServer:
		if c.aim.listed[server] != nil { // anybody's server may be the first to answer, having no replicas
			c.races.won(server, server, delay)
		}
		c.aim.answered(server, e, false, now)
	case eventUnanswered, eventOverdue:
		c.aim.silent(server, e, now)
	default:
		c.strange++
	}
}

func (c *client) tick(now time.Duration) {
	c.book.Tick(now)
	c.aim.tick(now)
}

// Batches: large enough that a busy switch is written to at full speed, and small enough that a lone connection
// behind a batch does not wait long.
const (
	writeBatch = 1000
	lookBatch  = 500 // connections; two counters each
)

func (c *client) work(now time.Duration) {
	c.countSlots(now)
	t := c.term
	if ops := c.flushable(now); len(ops) > 0 {
		c.writing = true
		c.beside(t, func() func() {
			outcomes := c.write(t, ops)
			return func() {
				c.writing = false
				c.book.Done(ops, outcomes, c.now())
			}
		})
	}
	if c.looking {
		return
	}
	if flows := c.book.Looks(lookBatch); len(flows) > 0 {
		c.looking = true
		keys := make([]counterKeys, len(flows))
		for i, f := range flows {
			keys[i] = counterKeys{f.Key(), f.InboundKey()}
		}
		c.beside(t, func() func() {
			counts, err := c.look(t, keys)
			return func() {
				c.looking = false
				c.looked(flows, counts, err)
			}
		})
	}
}

func (c *client) flushable(now time.Duration) []flow.Op {
	if c.writing {
		return nil
	}
	return c.book.Flush(writeBatch, now)
}

// write carries out a batch and says what became of each operation. It runs beside the owner.
func (c *client) write(t *term, ops []flow.Op) []flow.Outcome {
	outcomes := make([]flow.Outcome, len(ops))
	updates := make([]*p4v1.Update, 0, len(ops))
	index := make(map[*p4v1.Update]int, len(ops))
	for i, op := range ops {
		u, err := c.update(op)
		if err != nil {
			c.log.Error("translation can't be encoded", "connection", op.Flow, "err", err)
			outcomes[i] = flow.Refused
			continue
		}
		index[u] = i
		updates = append(updates, u)
	}
	err := t.conn.Write(t.ctx, updates...)
	var failed *p4rt.WriteError
	switch {
	case err == nil:
	case errors.As(err, &failed):
		if failed.Err != nil {
			for _, i := range index {
				outcomes[i] = flow.Unclear
			}
		}
		for j := range failed.Failed {
			outcomes[index[failed.Failed[j].Update]] = outcomeOf(failed.Failed[j].Code)
		}
		c.complain(failed)
	default:
		for _, i := range index {
			outcomes[i] = flow.Unclear
		}
	}
	return outcomes
}

// complain logs a failed write, unless it only found what others had done before.
func (c *client) complain(failed *p4rt.WriteError) {
	if err := p4rt.Tolerate(failed, codes.AlreadyExists, codes.NotFound); err != nil {
		c.log.Warn("translations not written in whole", "err", err)
	}
}

func outcomeOf(code codes.Code) flow.Outcome {
	switch code {
	case codes.OK:
		return flow.OK
	case codes.AlreadyExists:
		return flow.Exists
	case codes.NotFound:
		return flow.NotFound
	case codes.ResourceExhausted:
		return flow.NoRoom
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Aborted, codes.Unknown:
		return flow.Unclear
	}
	return flow.Refused
}

func (c *client) update(op flow.Op) (*p4v1.Update, error) {
	if op.Table == flow.Outbound {
		return outboundUpdate(c.program.Outbound, op)
	}
	return inboundUpdate(c.program.Inbound, op)
}

func outboundKey(k flow.Key) clientgateway.OutboundKey {
	client, server := k.ClientEnd(), k.ServerEnd()
	return clientgateway.OutboundKey{
		ClientAddr: client.Addr(), ClientPort: client.Port(), ServerAddr: server.Addr(), ServerPort: server.Port(),
	}
}

func inboundKey(k flow.Key) clientgateway.InboundKey {
	client, peer := k.ClientEnd(), k.ServerEnd()
	return clientgateway.InboundKey{
		ClientAddr: client.Addr(), ClientPort: client.Port(), PeerAddr: peer.Addr(), PeerPort: peer.Port(),
	}
}

func outboundUpdate(t *tables.Table[clientgateway.OutboundKey, clientgateway.OutboundAction], op flow.Op) (*p4v1.Update, error) {
	e := clientgateway.OutboundEntry{Key: outboundKey(op.Entry)}
	replica := op.Winner.End()
	if op.Winner.Form == flow.FormC {
		e.Action = clientgateway.IntoTunnel{ReplicaAddr: replica.Addr()}
	} else {
		e.Action = clientgateway.ToReplica{ReplicaAddr: replica.Addr(), ReplicaPort: replica.Port()}
	}
	return change(t, op.Kind, e)
}

func inboundUpdate(t *tables.Table[clientgateway.InboundKey, clientgateway.InboundAction], op flow.Op) (*p4v1.Update, error) {
	e := clientgateway.InboundEntry{Key: inboundKey(op.Entry)}
	if server := op.Flow.ServerEnd(); op.Winner.Form == flow.FormC {
		e.Action = clientgateway.FromTunnel{ReplicaAddr: op.Winner.End().Addr()}
	} else {
		e.Action = clientgateway.FromReplica{ServerAddr: server.Addr(), ServerPort: server.Port()}
	}
	return change(t, op.Kind, e)
}

func change[K any, A tables.Action](t *tables.Table[K, A], kind flow.Kind, e tables.Entry[K, A]) (*p4v1.Update, error) {
	switch kind {
	case flow.Insert:
		return t.Insert(e)
	case flow.Modify:
		return t.Modify(e)
	}
	return t.Delete(e.Key, 0)
}
