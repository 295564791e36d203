package p4rt

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// UpdateError is one update that the switch refused.
type UpdateError struct {
	Update  *p4v1.Update
	Object  string // "table outbound"
	Key     string // "client_addr=10.0.0.1 ..."
	Code    codes.Code
	Message string // the switch's words
	Space   string // of SpaceCode, the target's own error numbers; often empty
	// SpaceCode is 0 when the target gave none.
	SpaceCode int32
}

func (e *UpdateError) Error() string {
	s := strings.ToLower(e.Update.GetType().String()) + " " + e.Object
	if e.Key != "" {
		s += ", " + e.Key
	}
	s += ": " + e.Code.String()
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// WriteError is what became of a Write that did not succeed in whole.
type WriteError struct {
	Switch string
	Failed []UpdateError // refused one by one; all others of their batches were carried out
	Err    error         // a batch was refused, or lost, as a whole; nil when only single updates failed
	Unsent int           // updates that were not sent after that
}

func (e *WriteError) Error() string {
	s := "switch " + e.Switch + ": write"
	if e.Err != nil {
		s += ": " + e.Err.Error()
		if e.Unsent > 0 {
			s += fmt.Sprintf(" (%d updates not sent)", e.Unsent)
		}
	}
	if len(e.Failed) > 0 {
		s += ": " + e.Failed[0].Error()
		if more := len(e.Failed) - 1; more > 0 {
			s += fmt.Sprintf(" (and %d more)", more)
		}
	}
	return s
}

// Unwrap gives the batch's error and every update's.
func (e *WriteError) Unwrap() []error {
	var out []error
	if e.Err != nil {
		out = append(out, e.Err)
	}
	for i := range e.Failed {
		out = append(out, &e.Failed[i])
	}
	return out
}

// orNil avoids an error that holds none.
func (e *WriteError) orNil() error {
	if e.Err == nil && len(e.Failed) == 0 {
		return nil
	}
	return e
}

// Tolerate drops single updates that failed with one of these codes from a Write's error: inserting what exists,
// deleting what is gone. What is left, if anything, is returned.
func Tolerate(err error, tolerated ...codes.Code) error {
	var w *WriteError
	if !errors.As(err, &w) {
		return err
	}
	left := *w
	left.Failed = slices.DeleteFunc(slices.Clone(w.Failed), func(u UpdateError) bool {
		return slices.Contains(tolerated, u.Code)
	})
	return left.orNil()
}

// decodeWriteError reads the details of a failed write (section "Error Reporting"): one p4.v1.Error for each
// update, in order, OK for those that succeeded.
func (c *Conn) decodeWriteError(err error, updates []*p4v1.Update) *WriteError {
	out := &WriteError{Switch: c.Switch()}
	st, ok := status.FromError(err)
	details := st.Details()
	if !ok || len(details) != len(updates) {
		out.Err = err
		return out
	}
	for i, d := range details {
		e, is := d.(*p4v1.Error)
		if !is {
			out.Err, out.Failed = err, nil
			return out
		}
		if code := codes.Code(e.GetCanonicalCode()); code != codes.OK {
			object, key := c.session.schema.Describe(updates[i].GetEntity())
			out.Failed = append(out.Failed, UpdateError{
				Update: updates[i], Object: object, Key: key, Code: code,
				Message: e.GetMessage(), Space: e.GetSpace(), SpaceCode: e.GetCode(),
			})
		}
	}
	if len(out.Failed) == 0 {
		out.Err = err // a failure that no update admits to
	}
	return out
}
