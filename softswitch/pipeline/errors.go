package pipeline

import "errors"

// Errors of control-plane operations. They come wrapped with the table (or
// other object) and the key they are about; test with errors.Is.
var (
	// ErrExists: an entry, member or group with this key is there already.
	ErrExists = errors.New("already exists")
	// ErrNotFound: no entry, member, group or index of that name.
	ErrNotFound = errors.New("not found")
	// ErrFull: the table, profile or group holds as many as it was declared for.
	ErrFull = errors.New("full")
	// ErrConst: the table's entries, or its default action, are constant.
	ErrConst = errors.New("constant in the program")
	// ErrInvalid: the key, action or value does not fit the declaration.
	ErrInvalid = errors.New("invalid")
	// ErrInUse: the member or group is still referred to.
	ErrInUse = errors.New("in use")
)
