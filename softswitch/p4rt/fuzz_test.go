package p4rt_test

import (
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch"
)

// FuzzWrite sends arbitrary write requests to a switch with a program, and reads what they name:
// nothing panics, and all state can be read afterwards.
func FuzzWrite(f *testing.F) {
	r, _ := ready(f, softswitch.Options{})
	add := func(mode p4v1.WriteRequest_Atomicity, list ...string) {
		req := r.request(r.batch(list)...)
		req.Atomicity = mode
		b, err := proto.Marshal(req)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range append(state, changes...) {
		add(p4v1.WriteRequest_CONTINUE_ON_ERROR, s)
	}
	add(p4v1.WriteRequest_ROLLBACK_ON_ERROR, append(append([]string(nil), state...), changes...)...)
	add(p4v1.WriteRequest_DATAPLANE_ATOMIC, append(state, "delete "+aclEntry(9))...)
	f.Fuzz(func(t *testing.T, data []byte) {
		req := &p4v1.WriteRequest{}
		if proto.Unmarshal(data, req) != nil {
			return
		}
		req.DeviceId, req.Role, req.RoleId, req.ElectionId = device, "", 0, &p4v1.Uint128{Low: 1}
		_, _ = r.sw.P4Runtime().Write(t.Context(), req) // any answer is right
		query := &p4v1.ReadRequest{DeviceId: device}
		for _, u := range req.GetUpdates() {
			query.Entities = append(query.Entities, u.GetEntity())
		}
		stream := &sink{}
		_ = r.sw.P4Runtime().Read(query, stream)
		query.Entities = nil
		for _, q := range everything {
			query.Entities = append(query.Entities, r.p.entity(t, q))
		}
		if err := r.sw.P4Runtime().Read(query, stream); err != nil {
			t.Errorf("read everything: %v", err)
		}
	})
}

// FuzzConfig loads a program with an arbitrary P4Info: what is accepted can be read from end to end.
func FuzzConfig(f *testing.F) {
	r, _ := ready(f, softswitch.Options{})
	good, err := proto.Marshal(r.p.info)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		info := &p4configv1.P4Info{}
		if proto.Unmarshal(data, info) != nil || r.sw.Load(r.p.json, info) != nil {
			return
		}
		query := &p4v1.ReadRequest{DeviceId: device}
		for _, q := range everything {
			query.Entities = append(query.Entities, r.p.entity(t, q))
		}
		if err := r.sw.P4Runtime().Read(query, &sink{}); err != nil {
			t.Errorf("read everything: %v", err)
		}
	})
}

// sink takes the responses of a read.
type sink struct {
	p4v1.P4Runtime_ReadServer
}

func (*sink) Send(m *p4v1.ReadResponse) error {
	_, err := proto.Marshal(m)
	return err
}
