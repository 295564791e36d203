package p4rt

import (
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"

	"github.com/firstack/firstack/tables"
)

// FuzzNormal gives reconciliation any entity: normal form is final, and neither it nor the reduction to the key
// changes which entity it is.
func FuzzNormal(f *testing.F) {
	for _, e := range []*p4v1.Entity{
		MulticastGroup(3, Replica{Port: 2, Instance: 1}, Replica{Port: 1}),
		CloneSession(1, 10, Replica{Port: 5}),
		{Entity: &p4v1.Entity_TableEntry{TableEntry: &p4v1.TableEntry{TableId: 1, Match: []*p4v1.FieldMatch{
			{FieldId: 2, FieldMatchType: &p4v1.FieldMatch_Exact_{Exact: &p4v1.FieldMatch_Exact{Value: []byte{0, 1}}}},
			{FieldId: 1, FieldMatchType: &p4v1.FieldMatch_Lpm{Lpm: &p4v1.FieldMatch_LPM{Value: []byte{0}, PrefixLen: 1}}},
		}}}},
		{Entity: &p4v1.Entity_ActionProfileGroup{ActionProfileGroup: &p4v1.ActionProfileGroup{GroupId: 1}}},
	} {
		b, err := proto.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e := &p4v1.Entity{}
		if proto.Unmarshal(data, e) != nil {
			return
		}
		n := normal(e)
		if again := normal(n); !proto.Equal(n, again) {
			t.Fatalf("%v\nbecame %v", n, again)
		}
		if keyOf(n) != keyOf(bare(n)) {
			t.Fatalf("%v\nhas another key than %v", n, bare(n))
		}
		kindOf(n)
		modifyOnly(n)
		Scope{Multicast: true, Clones: true}.covers(n)
	})
}

// FuzzWriteError gives the decoder of failed writes any status at all.
func FuzzWriteError(f *testing.F) {
	detail := &p4v1.Error{CanonicalCode: 6, Message: "Entity already exists"}
	good, err := status.New(2, "Write failure.").WithDetails(detail, &p4v1.Error{})
	if err != nil {
		f.Fatal(err)
	}
	b, err := proto.Marshal(good.Proto())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	schema, err := tables.NewSchema(&p4configv1.P4Info{})
	if err != nil {
		f.Fatal(err)
	}
	c := &Conn{session: &Session{options: Options{Name: "sw"}, schema: schema}}
	updates := []*p4v1.Update{tables.Insert(MulticastGroup(1)), tables.Delete(MulticastGroup(2))}
	f.Fuzz(func(t *testing.T, data []byte) {
		st := &rpcstatus.Status{}
		if proto.Unmarshal(data, st) != nil || st.GetCode() == 0 {
			return
		}
		failure := c.decodeWriteError(status.ErrorProto(st), updates)
		if failure.orNil() == nil {
			t.Fatalf("%v: a failed write without an error", st)
		}
		_ = failure.Error()
	})
}
