package p4rt

import (
	"container/list"
	"crypto/sha256"
	"sync"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"
)

// keptPrograms is how many programs are remembered.
const keptPrograms = 4

// programs remembers what the last configurations that loaded were read and compiled to, for all switches of
// the process: a network in one process has several with the same program, and a controller that comes back may
// push what it pushed before. What is remembered never changes.
var programs = programCache{entries: map[[sha256.Size]byte]*list.Element{}, order: list.New()}

type programCache struct {
	mu      sync.Mutex
	entries map[[sha256.Size]byte]*list.Element
	order   *list.List // of remembered, the last used first
}

type remembered struct {
	key [sha256.Size]byte
	*loaded
}

// contents identifies a configuration by all of its P4Info and device config, not by its cookie, which is only
// what a client calls it.
func contents(cfg *p4v1.ForwardingPipelineConfig) ([sha256.Size]byte, error) {
	info, err := proto.MarshalOptions{Deterministic: true}.Marshal(cfg.GetP4Info())
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	h, i := sha256.New(), sha256.Sum256(info)
	h.Write(i[:])
	h.Write(cfg.GetP4DeviceConfig())
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// get returns what was loaded under a key, for cfg.
func (c *programCache) get(key [sha256.Size]byte, cfg *p4v1.ForwardingPipelineConfig) *loaded {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	l := *e.Value.(remembered).loaded
	l.config = cfg
	return &l
}

func (c *programCache) put(key [sha256.Size]byte, l *loaded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[key] != nil {
		return
	}
	c.entries[key] = c.order.PushFront(remembered{key, l})
	if c.order.Len() > keptPrograms {
		last := c.order.Remove(c.order.Back()).(remembered)
		delete(c.entries, last.key)
	}
}
