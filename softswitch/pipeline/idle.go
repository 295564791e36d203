package pipeline

import "time"

// Idle entries. Whoever asks gets each idle entry once, and again only when it
// was hit in between and went idle anew. A scan takes the lock for a slice of
// records at a time and looks at a bounded number in all, so that packets are
// not held up by tables of a million entries.

const (
	idleSlice = 1 << 11 // records looked at under one lock
	idleScan  = 1 << 16 // records of one table looked at in one call
)

// Expired calls f with every entry whose idle timeout has run out since its
// last hit and that was not reported since. In tables of more than 65,536
// entries one call looks at as many and the next goes on from there. f is
// called without the lock; the entry is a copy. Call it from one goroutine.
func (pl *Pipeline) Expired(f func(t *Table, e *Entry)) {
	var found []*Entry
	for _, t := range pl.tables {
		if !t.def.timeout {
			continue
		}
		for seen, more := 0, true; more && seen < idleScan; seen += idleSlice {
			found, more = t.scanIdle(found[:0])
			for _, e := range found {
				f(t, e)
			}
		}
	}
}

// scanIdle looks at the next slice of records; more is false when it came to
// the end.
func (t *Table) scanIdle(found []*Entry) (_ []*Entry, more bool) {
	t.pl.mu.Lock()
	defer t.pl.mu.Unlock()
	now := t.pl.now()
	end := min(t.idleAt+idleSlice, t.recs.high)
	for ; t.idleAt < end; t.idleAt++ {
		rec := t.recs.at(t.idleAt)
		timeout := time.Duration(rec[t.def.offHit+1])
		if timeout == 0 || rec[t.def.offAct]&refLive == 0 {
			continue
		}
		hit := rec[t.def.offHit]
		if hit&notified != 0 || now < hit || time.Duration(now-hit)*time.Microsecond < timeout {
			continue
		}
		rec[t.def.offHit] = hit | notified
		found = append(found, t.entry(t.maskOf(rec), t.idleAt))
	}
	if t.idleAt >= t.recs.high {
		t.idleAt = 0
		return found, false
	}
	return found, true
}

// maskOf finds the mask of a record's group.
func (t *Table) maskOf(rec []uint64) []uint64 {
	if t.def.exact {
		return t.def.full
	}
	key := rec[:t.def.words]
	h := t.pl.seed.hash(key)
	for _, g := range t.groups {
		for r := t.probe(g, h, key); r != noRecord; r = t.chain(t.recs.at(r)) {
			if &t.recs.at(r)[0] == &rec[0] {
				return g.mask
			}
		}
	}
	return t.def.full
}
