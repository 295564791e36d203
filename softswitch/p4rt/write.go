package p4rt

import (
	"context"
	"log/slog"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/p4rt/arbiter"
	"github.com/firstack/firstack/softswitch/p4rt/schema"
	"github.com/firstack/firstack/softswitch/pipeline"
)

// updatesPerStop is how many updates of a batch are made at a time while the data plane stands
// still, when the batch need not be atomic.
const updatesPerStop = 128

// Write carries out a batch of updates (P4Runtime specification, chapter "Write RPC").
func (s *Server) Write(_ context.Context, req *p4v1.WriteRequest) (*p4v1.WriteResponse, error) {
	if req.GetRoleId() != 0 { //nolint:staticcheck // refused because it is deprecated
		return nil, status.Error(codes.InvalidArgument, "role_id is deprecated: name the role with role")
	}
	done, err := s.arbiter.Admit(req.GetDeviceId(), req.GetRole(), req.GetElectionId())
	if err != nil {
		s.logWrite("write not admitted", req, err)
		return nil, err
	}
	defer done()
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.current()
	if err != nil {
		return nil, err
	}
	w := &writer{s: s, b: b, role: req.GetRole()}
	switch req.GetAtomicity() {
	case p4v1.WriteRequest_CONTINUE_ON_ERROR:
		err = w.each(req.GetUpdates())
	case p4v1.WriteRequest_ROLLBACK_ON_ERROR, p4v1.WriteRequest_DATAPLANE_ATOMIC:
		err = w.allOrNone(req.GetUpdates())
	default:
		return nil, status.Errorf(codes.InvalidArgument, "atomicity %v is not known", req.GetAtomicity())
	}
	s.logWrite("write", req, err)
	if err != nil {
		return nil, err
	}
	return &p4v1.WriteResponse{}, nil
}

// logWrite tells whose writes came, and with s.mu held in which order they were carried out.
func (s *Server) logWrite(message string, req *p4v1.WriteRequest, err error) {
	if ctx := context.Background(); s.log.Enabled(ctx, slog.LevelDebug) {
		s.log.DebugContext(ctx, message, "role", req.GetRole(), "election", arbiter.Text(req.GetElectionId()), "updates", len(req.GetUpdates()), "error", err)
	}
}

// writer carries out the updates of one request. It works with the pipeline locked.
type writer struct {
	s       *Server
	b       *bound
	role    string
	atomic  bool
	undoing []func() // last done is last in the list

	key  []pipeline.Field // scratch, valid until the next update
	args [][]byte
}

// each makes every update, whatever becomes of the others.
func (w *writer) each(updates []*p4v1.Update) error {
	var errs []error // nil while all is well
	failed := 0
	for start := 0; start < len(updates); start += updatesPerStop {
		end := min(start+updatesPerStop, len(updates))
		w.b.pl.Do(func() {
			for i := start; i < end; i++ {
				if err := w.update(updates[i]); err != nil {
					if errs == nil {
						errs = make([]error, len(updates))
					}
					errs[i] = asStatus(err)
					failed++
				}
			}
		})
	}
	w.s.stats.writes.Add(uint64(len(updates) - failed))
	w.s.stats.writeErrors.Add(uint64(failed))
	return batchError("Write", errs)
}

// allOrNone makes all updates while the data plane stands still, and takes them back if one fails.
func (w *writer) allOrNone(updates []*p4v1.Update) error {
	var errs []error
	w.atomic = true
	w.b.pl.Do(func() {
		for i, u := range updates {
			err := w.update(u)
			if err == nil {
				continue
			}
			for j := len(w.undoing) - 1; j >= 0; j-- {
				w.undoing[j]()
			}
			errs = make([]error, len(updates))
			for j := range errs {
				errs[j] = status.Error(codes.Aborted, "rolled back")
			}
			errs[i] = asStatus(err)
			return
		}
	})
	if errs != nil {
		w.s.stats.writeErrors.Add(uint64(len(updates)))
	} else {
		w.s.stats.writes.Add(uint64(len(updates)))
	}
	return batchError("Write", errs)
}

// undo remembers how to take back what was just done.
func (w *writer) undo(f func()) {
	if w.atomic {
		w.undoing = append(w.undoing, f)
	}
}

// update makes one update. An error leaves everything as it was.
func (w *writer) update(u *p4v1.Update) error {
	op := u.GetType()
	switch op {
	case p4v1.Update_INSERT, p4v1.Update_MODIFY, p4v1.Update_DELETE:
	default:
		return status.Errorf(codes.InvalidArgument, "update type %v is not known", op)
	}
	switch e := u.GetEntity().GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		return w.writeTable(op, e.TableEntry)
	case *p4v1.Entity_ActionProfileMember:
		return w.writeMember(op, e.ActionProfileMember)
	case *p4v1.Entity_ActionProfileGroup:
		return w.writeGroup(op, e.ActionProfileGroup)
	case *p4v1.Entity_CounterEntry:
		return w.writeCounter(op, e.CounterEntry)
	case *p4v1.Entity_DirectCounterEntry:
		return w.writeDirectCounter(op, e.DirectCounterEntry)
	case *p4v1.Entity_MeterEntry:
		return w.writeMeter(op, e.MeterEntry)
	case *p4v1.Entity_DirectMeterEntry:
		return w.writeDirectMeter(op, e.DirectMeterEntry)
	case *p4v1.Entity_RegisterEntry:
		return w.writeRegister(op, e.RegisterEntry)
	case *p4v1.Entity_PacketReplicationEngineEntry:
		return w.writePRE(op, e.PacketReplicationEngineEntry)
	case *p4v1.Entity_ValueSetEntry:
		return w.writeValueSet(op, e.ValueSetEntry)
	case *p4v1.Entity_DigestEntry:
		return w.writeDigest(op, e.DigestEntry)
	case nil:
		return status.Error(codes.InvalidArgument, "update has no entity")
	default:
		return status.Errorf(codes.Unimplemented, "entity %T is not supported", e)
	}
}

// allowed says whether the client's role may write an object.
func (w *writer) allowed(o schema.Object, kind string) error {
	if mayUse(w.role, o.Role) {
		return nil
	}
	return status.Errorf(codes.PermissionDenied, "%s %q is reserved for role %q", kind, o.Name, o.Role)
}

// modifyOnly refuses insertion and deletion of things that are always there.
func modifyOnly(op p4v1.Update_Type, kind, name string) error {
	if op != p4v1.Update_MODIFY {
		return status.Errorf(codes.InvalidArgument, "%s %q can only be modified, not changed by %v", kind, name, op)
	}
	return nil
}
