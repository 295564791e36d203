package p4rt

import (
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/softswitch/pipeline"
)

// idleScan is how often tables are searched for idle entries.
const idleScan = 100 * time.Millisecond

// housekeeping sends digest lists whose time has come and looks for idle entries, until Close.
func (s *Server) housekeeping() {
	defer s.running.Done()
	scan := time.NewTicker(idleScan)
	defer scan.Stop()
	digests := time.NewTimer(time.Hour)
	defer digests.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-scan.C:
			s.scanIdle()
			continue
		case <-s.digests.Wake():
		case <-digests.C:
		}
		if next, ok := s.digests.Tick(); ok {
			digests.Reset(max(next.Sub(s.opt.Clock()), time.Millisecond))
		}
	}
}

// maxIdleEntries bounds one idle notification, and so the time for which a scan stops the data
// plane; entries beyond are found by the next scan.
const maxIdleEntries = 4096

// scanIdle notifies the primaries of idle entries, one message a table (P4Runtime specification,
// chapter "Table Idle Timeout Notification").
func (s *Server) scanIdle() {
	b := s.active.Load()
	if b == nil || !b.idleTables {
		return
	}
	found := map[*table][]*p4v1.TableEntry{}
	b.pl.Do(func() {
		b.pl.Expired(func(pt *pipeline.Table, e *pipeline.Entry) {
			t := b.tableByName[pt.Name()]
			if t == nil || len(found[t]) >= maxIdleEntries {
				return
			}
			found[t] = append(found[t], b.idleEntry(t, e))
		})
	})
	for t, entries := range found {
		if !s.primaries.any(t.Role) {
			continue
		}
		sent, dropped := s.primaries.deliver(t.Role, &p4v1.StreamMessageResponse{
			Update: &p4v1.StreamMessageResponse_IdleTimeoutNotification{
				IdleTimeoutNotification: &p4v1.IdleTimeoutNotification{
					TableEntry: entries, Timestamp: s.opt.Clock().UnixNano(),
				},
			},
		})
		s.stats.idle.Add(uint64(sent))
		s.stats.idleDrops.Add(uint64(dropped))
	}
}
