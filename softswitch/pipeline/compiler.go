package pipeline

import (
	"errors"
	"fmt"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// ErrUnsupported: the program uses a construct that this target cannot carry
// out. The error names it and its place.
var ErrUnsupported = errors.New("not supported by this target")

// compiler turns one program into closures.
type compiler struct {
	src    *bmv2json.Program
	l      *layout
	out    *code
	strict bool

	params   []param  // of the action being compiled
	sharing  *sharing // of the expression being compiled, nil = none
	tmpWords int
}

// unsupported makes an error that names a construct.
func unsupported(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrUnsupported)
}

// place prefixes an error with where it is.
func place(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}

// scratch reserves words in packet.tmp. Each user has its own, so that nested
// expressions never share.
func (c *compiler) scratch(n int) int {
	off := c.tmpWords
	c.tmpWords += n
	return off
}
