package p4rt

import (
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/softswitch/pipeline"
)

// idleScan is how often tables are searched for idle entries.
const idleScan = 100 * time.Millisecond

const (
	// maxIdleMessage bounds the entries of one notification, which must stay below the 4 MiB that
	// clients take.
	maxIdleMessage = 4096
	// maxRepeats bounds the entries that are remembered to be reported again.
	maxRepeats = 1 << 16
)

// idler finds idle entries. The pipeline reports an entry once; the specification wants it again
// after each further timeout for as long as it is not hit, so the idler remembers what was
// reported. Only housekeeping uses it.
type idler struct {
	of      *bound
	repeats []repeat
}

// repeat is an entry that was reported and may be again.
type repeat struct {
	t       *table
	key     pipeline.Key
	timeout uint64 // microseconds
	lastHit uint64
	due     uint64
}

// scan gives the entries of b that are to be reported now, by table.
func (i *idler) scan(b *bound) map[*table][]*p4v1.TableEntry {
	if i.of != b {
		i.of, i.repeats = b, nil
	}
	found := map[*table][]*p4v1.TableEntry{}
	report := func(t *table, e *pipeline.Entry) { found[t] = append(found[t], b.idleEntry(t, e)) }
	now := b.now()
	i.repeatDue(b, now, report)
	b.pl.Expired(func(pt *pipeline.Table, e *pipeline.Entry) {
		t := b.tableByName[pt.Name()]
		if t == nil {
			return
		}
		report(t, e)
		if timeout := uint64(e.IdleTimeout.Microseconds()); timeout > 0 && len(i.repeats) < maxRepeats {
			i.repeats = append(i.repeats, repeat{t: t, key: e.KeyOf(), timeout: timeout, lastHit: e.LastHit, due: now + timeout})
		}
	})
	return found
}

// repeatDue reports again what is due, and forgets what was hit or is gone.
func (i *idler) repeatDue(b *bound, now uint64, report func(*table, *pipeline.Entry)) {
	kept := i.repeats[:0]
	for start := 0; start < len(i.repeats); start += updatesPerStop {
		part := i.repeats[start:min(start+updatesPerStop, len(i.repeats))]
		b.pl.Do(func() {
			for _, r := range part {
				if r.due > now {
					kept = append(kept, r)
					continue
				}
				e, ok := r.t.pt.Get(r.key)
				if !ok || e.LastHit != r.lastHit || uint64(e.IdleTimeout.Microseconds()) != r.timeout {
					continue
				}
				report(r.t, e)
				r.due = now + r.timeout
				kept = append(kept, r)
			}
		})
	}
	i.repeats = kept
}

// notifyIdle tells the primaries of idle entries (P4Runtime specification, chapter "Table Idle
// Timeout Notification").
func (s *Server) notifyIdle(i *idler) {
	b := s.active.Load()
	if b == nil || !b.idleTables {
		return
	}
	for t, entries := range i.scan(b) {
		for len(entries) > 0 {
			n := min(len(entries), maxIdleMessage)
			sent, dropped := s.primaries.deliver(t.Role, &p4v1.StreamMessageResponse{
				Update: &p4v1.StreamMessageResponse_IdleTimeoutNotification{
					IdleTimeoutNotification: &p4v1.IdleTimeoutNotification{
						TableEntry: entries[:n], Timestamp: s.opt.Clock().UnixNano(),
					},
				},
			})
			s.stats.idle.Add(uint64(sent))
			s.stats.idleDrops.Add(uint64(dropped))
			entries = entries[n:]
		}
	}
}
