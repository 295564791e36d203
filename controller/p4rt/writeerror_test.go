package p4rt

import (
	"errors"
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/firstack/firstack/tables"
)

// Details that do not fit the batch say nothing about single updates: the error stays the batch's.
func TestWriteErrorDetails(t *testing.T) {
	schema, err := tables.NewSchema(&p4configv1.P4Info{})
	if err != nil {
		t.Fatal(err)
	}
	c := &Conn{session: &Session{options: Options{Name: "sw"}, schema: schema}}
	updates := []*p4v1.Update{tables.Insert(MulticastGroup(1)), tables.Delete(MulticastGroup(2))}
	failed, fine := &p4v1.Error{CanonicalCode: int32(codes.NotFound), Space: "bmv2", Code: 7}, &p4v1.Error{}
	for _, test := range []struct {
		name    string
		details []protoadapt.MessageV1
		failed  int // index of the update; -1: the whole batch
	}{
		{"one for each", []protoadapt.MessageV1{protoadapt.MessageV1Of(fine), protoadapt.MessageV1Of(failed)}, 1},
		{"none", nil, -1},
		{"too few", []protoadapt.MessageV1{protoadapt.MessageV1Of(failed)}, -1},
		{"too many", []protoadapt.MessageV1{protoadapt.MessageV1Of(failed), protoadapt.MessageV1Of(fine), protoadapt.MessageV1Of(fine)}, -1},
		{"of another kind", []protoadapt.MessageV1{protoadapt.MessageV1Of(failed), protoadapt.MessageV1Of(&durationpb.Duration{})}, -1},
		{"no failure among them", []protoadapt.MessageV1{protoadapt.MessageV1Of(fine), protoadapt.MessageV1Of(fine)}, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			st := status.New(codes.Unknown, "Write failure.")
			if len(test.details) > 0 {
				var err error
				if st, err = st.WithDetails(test.details...); err != nil {
					t.Fatal(err)
				}
			}
			got := c.decodeWriteError(st.Err(), updates)
			if test.failed < 0 {
				if status.Code(got.Err) != codes.Unknown || len(got.Failed) != 0 {
					t.Errorf("%+v", got)
				}
				return
			}
			if got.Err != nil || len(got.Failed) != 1 {
				t.Fatalf("%+v", got)
			}
			u := got.Failed[0]
			if u.Update != updates[test.failed] || u.Code != codes.NotFound || u.Space != "bmv2" || u.SpaceCode != 7 || u.Object != "multicast group" || u.Key != "2" {
				t.Errorf("%+v", u)
			}
		})
	}
	other := errors.New("no status")
	if got := c.decodeWriteError(other, updates); got.Err != other {
		t.Errorf("%+v", got)
	}
}
