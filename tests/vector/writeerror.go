package vector

import (
	"errors"
	"fmt"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/status"
)

// describe turns a failed Write's details, one p4.v1.Error per update ("Error Reporting"), into one error
// that shows the updates that failed.
func describe(err error, updates []*p4v1.Update) error {
	st, ok := status.FromError(err)
	if err == nil || !ok {
		return err
	}
	var faults []error
	for i, detail := range st.Details() {
		e, ok := detail.(*p4v1.Error)
		if !ok || e.CanonicalCode == 0 || i >= len(updates) {
			continue
		}
		faults = append(faults, fmt.Errorf("%s (code %d): %v", e.Message, e.CanonicalCode, updates[i]))
	}
	if len(faults) == 0 {
		return err
	}
	return errors.Join(append([]error{err}, faults...)...)
}
