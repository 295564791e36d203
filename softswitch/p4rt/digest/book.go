// Package digest does the book-keeping between the data plane's digest messages and the lists that
// P4Runtime sends (specification 1.5, chapter "DigestEntry"): messages are collected into lists,
// a message that is in a list not yet sent, or sent and not yet acknowledged, is suppressed, and
// both waits have timeouts.
//
// Add is called by the data plane: it takes one short lock and never waits for a client. Memory is
// bounded whatever the client does: see MaxList, MaxCached.
package digest

import (
	"sync"
	"time"
)

// Limits of one digest.
const (
	MaxList   = 1024  // messages in one list when the client sets no limit
	MaxCached = 65536 // messages sent and not acknowledged; the oldest list is forgotten first
)

// Config is what a DigestEntry sets. The zero value sends each message by itself and never
// suppresses a repeat.
type Config struct {
	MaxTimeout time.Duration // longest time that a message waits for others, 0 = none
	MaxList    int           // messages in a list, 0 = MaxList
	AckTimeout time.Duration // for which a repeat is suppressed, 0 = not at all
}

// List is a list that is due. Messages are the keys given to Add.
type List struct {
	Digest   uint32
	ID       uint64 // never zero, grows by one with each list of a switch
	Messages []string
}

// Book keeps the books of all digests of a switch.
type Book struct {
	send func(List) bool
	now  func() time.Time
	wake chan struct{}

	mu      sync.Mutex
	digests map[uint32]*state
	lastID  uint64
	stats   Stats
}

// Stats counts messages since the book was made.
type Stats struct {
	Sent       uint64 // in lists taken by send
	Suppressed uint64 // repeats
	Dropped    uint64 // in lists that send refused
	Disabled   uint64 // of digests that no client has enabled
}

type state struct {
	cfg    Config
	buffer []string
	since  time.Time // when the buffer's first message came

	known map[string]struct{} // messages in the buffer or in a list not acknowledged
	sent  []sentList          // oldest first
	nSent int                 // messages in sent
}

type sentList struct {
	List
	at time.Time
}

// New makes an empty book. send takes a list that is due and says whether there was room for it; it
// is called with the book locked and must neither block nor call back. now is the clock, nil =
// time.Now.
func New(send func(List) bool, now func() time.Time) *Book {
	if now == nil {
		now = time.Now
	}
	return &Book{send: send, now: now, wake: make(chan struct{}, 1), digests: map[uint32]*state{}}
}

// Wake returns a channel that carries a signal when the time of the next Tick may have come closer.
func (b *Book) Wake() <-chan struct{} { return b.wake }

// Enable starts a digest, or changes its configuration.
func (b *Book) Enable(digest uint32, cfg Config) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cfg.MaxList <= 0 || cfg.MaxList > MaxList {
		cfg.MaxList = MaxList
	}
	s := b.digests[digest]
	if s == nil {
		s = &state{known: map[string]struct{}{}}
		b.digests[digest] = s
	}
	s.cfg = cfg
	if len(s.buffer) >= cfg.MaxList || len(s.buffer) > 0 && cfg.MaxTimeout <= 0 {
		b.flush(digest, s)
	}
	b.signal()
}

// Disable stops a digest and forgets its messages.
func (b *Book) Disable(digest uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.digests, digest)
}

// Enabled says whether the digest is on, and how it is configured.
func (b *Book) Enabled(digest uint32) (Config, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.digests[digest]
	if s == nil {
		return Config{}, false
	}
	return s.cfg, true
}

// Reset forgets all digests, as a new pipeline needs it.
func (b *Book) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.digests = map[uint32]*state{}
}

// Forget empties buffers and caches but keeps the configuration: a client that becomes primary
// hears again of what its predecessor has not acknowledged.
func (b *Book) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.digests {
		s.buffer, s.sent, s.nSent = nil, nil, 0
		s.known = map[string]struct{}{}
	}
}

// Stats returns the counters.
func (b *Book) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stats
}

// Add takes a message from the data plane. It does not keep message.
func (b *Book) Add(digest uint32, message []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.digests[digest]
	if s == nil {
		b.stats.Disabled++
		return
	}
	if _, repeat := s.known[string(message)]; repeat {
		b.stats.Suppressed++
		return
	}
	key := string(message)
	s.known[key] = struct{}{}
	s.buffer = append(s.buffer, key)
	if len(s.buffer) == 1 {
		s.since = b.now()
		b.signal()
	}
	if len(s.buffer) >= s.cfg.MaxList || s.cfg.MaxTimeout <= 0 {
		b.flush(digest, s)
	}
}

// Ack takes the acknowledgement of a list: its messages may be sent again. It says whether the
// list was waiting for one.
func (b *Book) Ack(digest uint32, list uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.digests[digest]
	if s == nil {
		return false
	}
	for i := range s.sent {
		if s.sent[i].ID == list {
			s.forget(s.sent[i])
			s.sent = append(s.sent[:i], s.sent[i+1:]...)
			return true
		}
	}
	return false
}

// Tick sends what has waited long enough and forgets what was not acknowledged in time. It returns
// when it should be called next; ok is false when nothing waits.
func (b *Book) Tick() (next time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	for id, s := range b.digests {
		for len(s.sent) > 0 && now.Sub(s.sent[0].at) >= s.cfg.AckTimeout {
			s.forget(s.sent[0])
			s.sent = s.sent[1:]
		}
		if len(s.buffer) > 0 && now.Sub(s.since) >= s.cfg.MaxTimeout {
			b.flush(id, s)
		}
		if len(s.buffer) > 0 {
			next, ok = earlier(next, ok, s.since.Add(s.cfg.MaxTimeout))
		}
		if len(s.sent) > 0 {
			next, ok = earlier(next, ok, s.sent[0].at.Add(s.cfg.AckTimeout))
		}
	}
	return next, ok
}

func earlier(next time.Time, ok bool, t time.Time) (time.Time, bool) {
	if !ok || t.Before(next) {
		return t, true
	}
	return next, true
}

// flush sends the buffer as a list. A list for which there is no room is dropped and forgotten, so
// that the data plane can report its messages again.
func (b *Book) flush(digest uint32, s *state) {
	b.lastID++
	l := List{Digest: digest, ID: b.lastID, Messages: s.buffer}
	s.buffer = nil
	taken := b.send(l)
	if taken {
		b.stats.Sent += uint64(len(l.Messages))
	} else {
		b.stats.Dropped += uint64(len(l.Messages))
	}
	if !taken || s.cfg.AckTimeout <= 0 {
		for _, m := range l.Messages {
			delete(s.known, m)
		}
		return
	}
	s.sent = append(s.sent, sentList{l, b.now()})
	s.nSent += len(l.Messages)
	for s.nSent > MaxCached {
		s.forget(s.sent[0])
		s.sent = s.sent[1:]
	}
	if len(s.sent) == 1 {
		b.signal()
	}
}

// forget lets the messages of a sent list be reported again.
func (s *state) forget(l sentList) {
	s.nSent -= len(l.Messages)
	for _, m := range l.Messages {
		delete(s.known, m)
	}
}

func (b *Book) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
