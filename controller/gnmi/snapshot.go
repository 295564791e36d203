package gnmi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/model/schema"
	"github.com/firstack/firstack/internal/gnmitree"
)

// content says which parts of the tree a snapshot has.
type content struct {
	config      bool // what is wanted
	effective   bool // the same under state, with defaults
	operational bool // what is told of the controller and its switches
	extras
}

// extras are parts of the state that take much: they are there for who asks for them.
type extras struct {
	decisions bool // the switches' counters, which have to be read from them
	unlisted  bool // steering of services that are not listed, of which there may be thousands
}

// add takes in what a path leads to.
func (e *extras) add(p *gpb.Path) {
	e.decisions = e.decisions || leadsTo(p, "firstack", "switches", "switch", "decisions")
	e.unlisted = e.unlisted || leadsTo(p, "firstack", "policies", "steering", "services")
}

// snapshot is the tree at one moment. It is never changed.
type snapshot struct {
	root     *schema.Root
	leaves   []leaf
	made     time.Time
	revision uint64
}

// take asks the controller for what a snapshot is to have.
func (s *Server) take(ctx context.Context, c content) (*snapshot, error) {
	intent := s.Intent()
	root := &schema.Root{Firstack: &schema.Firstack_Firstack{}}
	if c.config {
		root = model.Copy(intent.root)
	}
	if c.effective || c.operational {
		model.Effective(root, intent.Config)
	}
	if c.operational {
		st, err := s.ask(ctx, intent, c.extras)
		if err != nil {
			return nil, err
		}
		st.Put(root)
	}
	if c.operational && !c.effective {
		model.Operational(root)
	}
	now := time.Now()
	return &snapshot{root: root, leaves: leavesOf(root, now.UnixNano()), made: now, revision: intent.Revision}, nil
}

// ask puts the controller's answers together.
func (s *Server) ask(ctx context.Context, intent *Intent, e extras) (*model.State, error) {
	k := s.options.Controller
	st := &model.State{Revision: intent.Revision, Unlisted: e.unlisted}
	var errs [8]error
	st.Sessions, errs[0] = k.Sessions(ctx)
	st.Learning, errs[1] = k.Learning(ctx)
	st.Services, errs[2] = k.Services(ctx)
	st.Replicas, errs[3] = k.Replicas(ctx)
	page, err := k.Translations(ctx, 0)
	st.Translations, errs[4] = page.Total, err
	st.Steering, errs[5] = k.Steering(ctx)
	st.Cluster, errs[6] = k.Cluster(ctx)
	st.Ports, errs[7] = k.Ports(ctx)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	st.Ready = k.Ready(ctx) == nil
	if e.decisions {
		if st.Counters, err = k.Counters(ctx); err != nil {
			s.options.Logger.Debug("counters of switches not read", "err", err) // the others' are there
		}
	}
	return st, nil
}

// cache keeps the last snapshots for subscriptions, so that many of them cost what one does.
type cache struct {
	mu   sync.Mutex
	last map[extras]*snapshot
}

// recent gives a snapshot of everything that is not older than that, and not of an older configuration.
func (s *Server) recent(ctx context.Context, age time.Duration, e extras) (*snapshot, error) {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	if l := s.cache.last[e]; l != nil && time.Since(l.made) < age && l.revision == s.Intent().Revision {
		return l, nil
	}
	made, err := s.take(ctx, content{config: true, effective: true, operational: true, extras: e})
	if err != nil {
		return nil, err
	}
	if s.cache.last == nil {
		s.cache.last = map[extras]*snapshot{}
	}
	s.cache.last[e] = made
	return made, nil
}

// leadsTo says whether a path leads to a node, given by the names from the root on, or to anything below it.
func leadsTo(p *gpb.Path, node ...string) bool {
	for i, elem := range p.GetElem() {
		if i == len(node) || elem.GetName() == gnmitree.AnyPath {
			return true
		}
		if elem.GetName() != gnmitree.AnyOne && elem.GetName() != node[i] {
			return false
		}
	}
	return true
}
