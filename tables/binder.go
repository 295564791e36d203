package tables

import (
	"errors"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
)

// Binder resolves the objects of one generated program against a P4Info and collects what does not agree.
type Binder struct {
	schema  *Schema
	actions map[*ActionSpec]*boundAction
	errs    []error
}

// NewBinder indexes the P4Info of the pipeline in use.
func NewBinder(info *p4configv1.P4Info) (*Binder, error) {
	s, err := NewSchema(info)
	if err != nil {
		return nil, err
	}
	return &Binder{schema: s, actions: map[*ActionSpec]*boundAction{}}, nil
}

// Schema is the index that the binder works on.
func (b *Binder) Schema() *Schema { return b.schema }

// Err joins everything in which binding and pipeline differ; nil when they agree.
func (b *Binder) Err() error { return errors.Join(b.errs...) }

func (b *Binder) fail(err error) { b.errs = append(b.errs, err) }
