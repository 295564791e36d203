package p4rt

import (
	"errors"
	"fmt"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/firstack/firstack/softswitch/pipeline"
	"github.com/firstack/firstack/softswitch/pre"
)

// asStatus gives an error of the data plane the canonical code that P4Runtime has for it.
func asStatus(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	code := codes.Internal
	switch {
	case errors.Is(err, pipeline.ErrExists), errors.Is(err, pre.ErrExists):
		code = codes.AlreadyExists
	case errors.Is(err, pipeline.ErrNotFound), errors.Is(err, pre.ErrNotFound):
		code = codes.NotFound
	case errors.Is(err, pipeline.ErrFull):
		code = codes.ResourceExhausted
	case errors.Is(err, pipeline.ErrConst):
		code = codes.PermissionDenied
	case errors.Is(err, pipeline.ErrInvalid), errors.Is(err, pre.ErrInvalid):
		code = codes.InvalidArgument
	case errors.Is(err, pipeline.ErrInUse):
		code = codes.FailedPrecondition
	}
	return status.Error(code, err.Error())
}

// batchError makes the status of a batch in which some elements failed: one p4.v1.Error for each
// element, in order (P4Runtime specification, chapter "Error Reporting"). errs holds nil for those
// that succeeded; what is their common name. nil if none failed.
func batchError(what string, errs []error) error {
	failed, first := 0, -1
	for i, err := range errs {
		if err != nil {
			failed++
			if first < 0 {
				first = i
			}
		}
	}
	if failed == 0 {
		return nil
	}
	st := &spb.Status{
		Code:    int32(codes.Unknown),
		Message: fmt.Sprintf("%s failure: %d of %d failed, the first is number %d: %s", what, failed, len(errs), first+1, status.Convert(errs[first]).Message()),
	}
	budget := detailBudget(len(errs))
	for _, err := range errs {
		e := &p4v1.Error{}
		if err != nil {
			s := status.Convert(err)
			e.CanonicalCode = int32(s.Code())
			if budget -= len(s.Message()); budget > 0 {
				e.Message = s.Message()
			}
		}
		detail, err := anypb.New(e)
		if err != nil {
			return status.Errorf(codes.Internal, "encode error details: %v", err)
		}
		st.Details = append(st.Details, detail)
	}
	return status.ErrorProto(st)
}

// detailBudget is how many bytes of text may go with a batch of n. Details travel in a trailer,
// for which clients that follow the specification's guidelines leave 8192 + 100·n bytes, base64
// included; a code and its type take some 42 bytes of each 100 before that.
func detailBudget(n int) int { return 4096 + 30*n }
