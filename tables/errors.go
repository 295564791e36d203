package tables

import (
	"errors"
	"fmt"
)

// Causes that an *Error wraps; test for them with errors.Is.
var (
	ErrWidth    = errors.New("value does not fit")
	ErrAbsent   = errors.New("not in this pipeline")
	ErrKind     = errors.New("match kind differs from the pipeline's")
	ErrMissing  = errors.New("value is missing")
	ErrUnknown  = errors.New("unknown to the binding")
	ErrAction   = errors.New("action is not permitted here")
	ErrPriority = errors.New("priority does not suit the table")
	ErrValue    = errors.New("invalid value")
)

// Error tells which object and field of a program could not be encoded, decoded or resolved.
type Error struct {
	Object string // "table outbound", "action to_replica", "digest flow_event_t"
	Field  string // key field, parameter or member; empty when the object as a whole is meant
	Value  any    // the value at fault; nil when there is none
	Detail string // what would have been right; may be empty
	Err    error  // one of the causes above
}

func (e *Error) Error() string {
	s := e.Object
	if e.Field != "" {
		s += ", field " + e.Field
	}
	s += ": " + e.Err.Error()
	if e.Value != nil {
		if b, ok := e.Value.([]byte); ok {
			s += fmt.Sprintf(": 0x%x", b)
		} else {
			s += fmt.Sprintf(": %v", e.Value)
		}
	}
	if e.Detail != "" {
		s += " (" + e.Detail + ")"
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
