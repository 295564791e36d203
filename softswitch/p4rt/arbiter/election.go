package arbiter

import (
	"fmt"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
)

// ElectionID is a 128-bit number; an unset one is lower than all and is a nil pointer here.
type ElectionID struct{ High, Low uint64 }

// Less orders election ids as 128-bit unsigned integers.
func (e ElectionID) Less(o ElectionID) bool {
	return e.High < o.High || e.High == o.High && e.Low < o.Low
}

// String writes "high,low", as p4runtime-shell takes it.
func (e ElectionID) String() string { return fmt.Sprintf("%d,%d", e.High, e.Low) }

// Text writes an id as String does; "" when it is unset.
func Text(u *p4v1.Uint128) string {
	if id := fromProto(u); id != nil {
		return id.String()
	}
	return ""
}

func (e ElectionID) proto() *p4v1.Uint128 { return &p4v1.Uint128{High: e.High, Low: e.Low} }

func fromProto(u *p4v1.Uint128) *ElectionID {
	if u == nil {
		return nil
	}
	return &ElectionID{u.GetHigh(), u.GetLow()}
}

// statusOf is the status of a notification to c: OK to the primary, ALREADY_EXISTS to a backup of a
// primary, NOT_FOUND to all when there is none.
func statusOf(c, primary *Client) *spb.Status {
	switch primary {
	case c:
		return &spb.Status{Code: int32(codes.OK), Message: "Is primary"}
	case nil:
		return &spb.Status{Code: int32(codes.NotFound), Message: "Is backup, and there is no primary"}
	default:
		return &spb.Status{Code: int32(codes.AlreadyExists), Message: "Is backup"}
	}
}
