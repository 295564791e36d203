package p4rt

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch/pipeline"
)

// responseBytes is about how long a response of Read gets; clients take 4 MiB by default.
const responseBytes = 1 << 20

// maxAnswer bounds the memory that one request can take: some ten million table entries.
const maxAnswer = 1 << 30

// Read answers with the entities that the request selects (P4Runtime specification, chapter "Read
// RPC"). What is read is collected before it is sent, so that a client that fetches slowly holds up
// nobody.
func (s *Server) Read(req *p4v1.ReadRequest, stream p4v1.P4Runtime_ReadServer) error {
	if err := s.arbiter.CheckDevice(req.GetDeviceId()); err != nil {
		return err
	}
	responses, err := s.collect(req)
	for _, r := range responses {
		// The entities are encoded already: as unknown fields they go out as they are.
		m := &p4v1.ReadResponse{}
		m.ProtoReflect().SetUnknown(r)
		if err := stream.Send(m); err != nil {
			return err
		}
	}
	return err
}

// collect reads everything the request selects, as encoded responses, and gives the status that
// follows them.
func (s *Server) collect(req *p4v1.ReadRequest) ([][]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b, err := s.current()
	if err != nil {
		return nil, err
	}
	r := &reader{b: b, role: req.GetRole()}
	errs := make([]error, len(req.GetEntities()))
	for i, e := range req.GetEntities() {
		if !r.full {
			errs[i] = asStatus(r.read(e))
		}
		if r.full && errs[i] == nil {
			errs[i] = status.Errorf(codes.ResourceExhausted, "the answer is longer than %d bytes: read less at a time", maxAnswer)
		}
	}
	if len(r.response) > 0 {
		r.responses = append(r.responses, r.response)
	}
	return r.responses, batchError("Read", errs)
}

// reader collects the entities of one request. Server.mu keeps writers away, so that the data plane
// needs to be stopped only for moments: it changes counters, meters, registers and the time of the
// last hit, and nothing else.
type reader struct {
	b    *bound
	role string

	response  []byte // under way
	responses [][]byte
	total     int  // bytes in all responses
	full      bool // maxAnswer was reached; what came after is missing
}

// cellsPerStop is how many entries or cells are copied at a time while the data plane stands still.
const cellsPerStop = 256

// entries calls f with copies of all entries of a table, outside of the pipeline's lock.
func (r *reader) entries(t *table, f func(e *pipeline.Entry)) {
	// Range runs in the iterator's own coroutine, which goes on only within Do.
	next, stop := iter.Pull(func(yield func(*pipeline.Entry) bool) { t.pt.Range(yield) })
	defer r.b.pl.Do(stop)
	batch := make([]*pipeline.Entry, 0, cellsPerStop)
	for more := true; more; {
		batch = batch[:0]
		r.b.pl.Do(func() {
			for more && len(batch) < cellsPerStop {
				var e *pipeline.Entry
				if e, more = next(); more {
					batch = append(batch, e)
				}
			}
		})
		for _, e := range batch {
			f(e)
		}
	}
}

// entry finds one entry.
func (r *reader) entry(t *table, k pipeline.Key) (e *pipeline.Entry, ok bool) {
	r.b.pl.Do(func() { e, ok = t.pt.Get(k) })
	return e, ok
}

// cells reads the cells from (included) to (excluded) of an array and gives each to f, outside of
// the pipeline's lock.
func cells[T any](r *reader, from, to int, read func(i int) (T, error), f func(i int, v T)) error {
	var batch [cellsPerStop]T
	for start := from; start < to; start += cellsPerStop {
		end := min(start+cellsPerStop, to)
		var err error
		r.b.pl.Do(func() {
			for i := start; i < end && err == nil; i++ {
				batch[i-start], err = read(i)
			}
		})
		if err != nil {
			return err
		}
		for i := start; i < end; i++ {
			f(i, batch[i-start])
		}
	}
	return nil
}

// add encodes an entity into the responses.
func (r *reader) add(e *p4v1.Entity) {
	size := proto.Size(e)
	if r.total += size; r.total > maxAnswer {
		r.full = true
		return
	}
	if len(r.response) > 0 && len(r.response)+size > responseBytes {
		r.responses = append(r.responses, r.response)
		r.response = make([]byte, 0, responseBytes)
	}
	r.response = protowire.AppendTag(r.response, 1, protowire.BytesType)
	r.response = protowire.AppendVarint(r.response, uint64(size))
	r.response, _ = proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(r.response, e)
}

// read answers one element of a request.
func (r *reader) read(e *p4v1.Entity) error {
	switch e := e.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		return r.readTable(e.TableEntry)
	case *p4v1.Entity_ActionProfileMember:
		return r.readMember(e.ActionProfileMember)
	case *p4v1.Entity_ActionProfileGroup:
		return r.readGroup(e.ActionProfileGroup)
	case *p4v1.Entity_CounterEntry:
		return r.readCounter(e.CounterEntry)
	case *p4v1.Entity_DirectCounterEntry:
		return r.readDirectCounter(e.DirectCounterEntry)
	case *p4v1.Entity_MeterEntry:
		return r.readMeter(e.MeterEntry)
	case *p4v1.Entity_DirectMeterEntry:
		return r.readDirectMeter(e.DirectMeterEntry)
	case *p4v1.Entity_RegisterEntry:
		return r.readRegister(e.RegisterEntry)
	case *p4v1.Entity_PacketReplicationEngineEntry:
		return r.readPRE(e.PacketReplicationEngineEntry)
	case *p4v1.Entity_ValueSetEntry:
		return r.readValueSet(e.ValueSetEntry)
	case *p4v1.Entity_DigestEntry:
		return r.readDigest(e.DigestEntry)
	case *p4v1.Entity_ExternEntry:
		// v1model has no externs beyond those above, so a wildcard read finds none.
		if e.ExternEntry.GetExternTypeId() == 0 {
			return nil
		}
		return status.Errorf(codes.InvalidArgument, "extern type %d does not exist", e.ExternEntry.GetExternTypeId())
	case nil:
		return status.Error(codes.InvalidArgument, "read request has an empty entity")
	default:
		return status.Errorf(codes.Unimplemented, "entity %T is not supported", e)
	}
}

// sortedKeys makes the order of wildcard reads the same each time.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
