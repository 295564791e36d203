package gnmi

import (
	"context"
	"errors"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/store"
	"github.com/firstack/firstack/internal/gnmitree"
)

// applyWithin is how long the controller may take for a configuration. A Set that began is finished even when who asked
// has gone.
const applyWithin = 30 * time.Second

// setTries is how often a Set starts over because another controller stored something meanwhile:
// each time one of the others got on.
const setTries = 100

// Set implements gNMI: one transaction, all or nothing.
func (s *Server) Set(ctx context.Context, req *gpb.SetRequest) (*gpb.SetResponse, error) {
	if len(req.GetUnionReplace()) > 0 {
		return nil, status.Error(codes.Unimplemented, "union_replace is not offered: replace the paths that are meant, or the whole tree")
	}
	if err := ctx.Err(); err != nil {
		return nil, status.FromContextError(err).Err()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), applyWithin)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	for try := 1; ; try++ {
		next, err := edit(s.Intent(), req)
		if err != nil {
			return nil, refusal(err)
		}
		err = s.commit(ctx, next)
		switch {
		case err == nil:
			return gnmitree.SetResponse(req), nil
		case errors.Is(err, store.ErrConflict) && try < setTries:
			if err := s.catchUp(ctx); err != nil {
				return nil, status.Errorf(codes.Unavailable, "configuration of the store: %v", err)
			}
		case errors.Is(err, store.ErrConflict):
			return nil, status.Error(codes.Aborted, "other controllers keep changing the configuration")
		default:
			return nil, err
		}
	}
}

// Replace puts another intent in the place of the one that counts, as a Set of the whole tree does.
func (s *Server) Replace(ctx context.Context, next *Intent) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), applyWithin)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commit(ctx, next)
}

// edit carries a Set out on a copy: deletes first, then replaces, then updates, each in their order.
func edit(now *Intent, req *gpb.SetRequest) (*Intent, error) {
	d := editor{root: model.Copy(now.root)}
	var errs []error
	each := func(path *gpb.Path, do func(*gpb.Path) error) {
		p, err := join(req.GetPrefix(), path)
		if err == nil {
			err = do(p)
		}
		errs = append(errs, err)
	}
	for _, path := range req.GetDelete() {
		each(path, d.delete)
	}
	for _, u := range req.GetReplace() {
		each(u.GetPath(), func(p *gpb.Path) error { return d.update(p, u.GetVal(), true) })
	}
	for _, u := range req.GetUpdate() {
		each(u.GetPath(), func(p *gpb.Path) error { return d.update(p, u.GetVal(), false) })
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return d.finish()
}

// refusal is the answer to a Set that cannot be carried out.
func refusal(err error) error {
	if st, ok := status.FromError(err); ok {
		return st.Err()
	}
	return status.Error(codes.InvalidArgument, err.Error())
}

// commit stores an intent, then has the controller work by it. s.mu is held.
func (s *Server) commit(ctx context.Context, next *Intent) error {
	before := s.Intent()
	if len(config.Diff(before.Config, next.Config)) == 0 && string(before.value) == string(next.value) {
		return nil // nothing changes
	}
	if err := next.Save(ctx, s.options.Store, before.Revision); err != nil {
		if errors.Is(err, store.ErrConflict) {
			return err
		}
		return status.Errorf(codes.Unavailable, "store: %v", err)
	}
	err := s.apply(ctx, next)
	if err == nil {
		s.options.Logger.Info("configuration set", "revision", next.Revision)
		return nil
	}
	// What the controller cannot work by must not be found in the store by the next one.
	back := *before
	if err2 := back.Save(ctx, s.options.Store, next.Revision); err2 != nil {
		return status.Errorf(codes.Internal, "controller: %v; the store keeps revision %d nevertheless: %v", err, next.Revision, err2)
	}
	if err2 := s.apply(ctx, &back); err2 != nil {
		return status.Errorf(codes.Unavailable, "controller: %v", errors.Join(err, err2))
	}
	return status.Errorf(codes.FailedPrecondition, "controller: %v", err)
}

// catchUp applies what another controller stored. s.mu is held.
func (s *Server) catchUp(ctx context.Context) error {
	v, err := s.options.Store.Load(ctx)
	if err != nil {
		return err
	}
	if v.Revision == 0 {
		// Somebody has emptied the store. What counts is what we have, and a Set stores it again.
		empty := *s.Intent()
		empty.Revision = 0
		s.intent.Store(&empty)
		return nil
	}
	i, err := fromVersion(v)
	if err != nil {
		return err
	}
	return s.apply(ctx, i)
}
