package gnmi

import (
	"context"
	"fmt"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/model/schema"
	"github.com/firstack/firstack/controller/store"
)

// Intent is what is wanted: a tree that is valid, the configuration it stands for, and its place in the store. It is
// never changed, but replaced.
type Intent struct {
	Revision uint64
	Config   *config.Config // complete
	root     *schema.Root
	value    []byte // as stored
}

// NewIntent checks a tree and prepares it for the store.
func NewIntent(root *schema.Root) (*Intent, error) {
	c, err := model.ToConfig(root)
	if err != nil {
		return nil, err
	}
	value, err := model.Encode(root)
	if err != nil {
		return nil, fmt.Errorf("encode tree: %w", err)
	}
	return &Intent{Config: c, root: root, value: value}, nil
}

// Load gives what the store has; nil when it has nothing yet.
func Load(ctx context.Context, s store.Store) (*Intent, error) {
	v, err := s.Load(ctx)
	if err != nil || v.Revision == 0 {
		return nil, err
	}
	return fromVersion(v)
}

func fromVersion(v store.Version) (*Intent, error) {
	root, err := model.Decode(v.Value)
	if err != nil {
		return nil, fmt.Errorf("store, revision %d: %w", v.Revision, err)
	}
	i, err := NewIntent(root)
	if err != nil {
		return nil, fmt.Errorf("store, revision %d: %w", v.Revision, err)
	}
	i.Revision, i.value = v.Revision, v.Value
	return i, nil
}

// Save puts an intent into the store in place of a revision; it fails with store.ErrConflict when there is another.
func (i *Intent) Save(ctx context.Context, s store.Store, revision uint64) error {
	v, err := s.Swap(ctx, revision, i.value)
	if err != nil {
		return err
	}
	i.Revision = v.Revision
	return nil
}
