package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gnmi"
	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/store"
)

// openStore opens the store in a folder; without one the configuration lives as long as the process.
func openStore(dir string) (store.Store, error) {
	if dir == "" {
		return store.NewMemory(), nil
	}
	return store.Open(dir)
}

// firstIntent gives the configuration to start with: what the store has, else the file's, which the store has from then
// on. Either may be missing, but not both.
func firstIntent(ctx context.Context, s store.Store, file string, logger *slog.Logger) (*gnmi.Intent, error) {
	stored, err := gnmi.Load(ctx, s)
	if err != nil {
		return nil, err
	}
	if file == "" {
		if stored == nil {
			return nil, errors.New("no configuration: name a file with --config, or a store that has one with --store or --etcd")
		}
		return stored, nil
	}
	given, err := readIntent(file)
	if err != nil {
		return nil, err
	}
	if stored == nil {
		switch err := given.Save(ctx, s, 0); {
		case err == nil:
			return given, nil
		case !errors.Is(err, store.ErrConflict):
			return nil, err
		}
		if stored, err = gnmi.Load(ctx, s); err != nil { // another controller was faster
			return nil, err
		}
	}
	if changes := config.Diff(stored.Config, given.Config); len(changes) > 0 {
		logger.Warn("the store's configuration counts, not the file's; see firstack config diff",
			"file", file, "revision", stored.Revision, "differences", len(changes), "first", changes[0].String())
	}
	return stored, nil
}

// readIntent reads a file as `firstack run` does.
func readIntent(file string) (*gnmi.Intent, error) {
	c, given, err := config.LoadGiven(file)
	if err != nil {
		return nil, err
	}
	intent, err := gnmi.NewIntent(model.FromConfig(c, given))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return intent, nil
}
