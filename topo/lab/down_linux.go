package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Down removes a lab by its name: processes, namespaces with all that is in them, files. What is not the lab's stays.
// It is fit for what a crash has left, and for being called again.
func Down(ctx context.Context, name string) error {
	s, err := readState(name)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return ErrNotRoot
	}
	if err := s.stopAll(ctx); err != nil {
		return err
	}
	var errs []error
	for _, ns := range s.Namespaces {
		if inode(ns) == 0 {
			continue
		}
		if err := command(ctx, "ip", "netns", "del", ns); err != nil {
			errs = append(errs, fmt.Errorf("lab %s: %w", name, err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...) // the state file stays, so that Down can be tried again
	}
	// One that a crash overtook while it was being started may have shown itself only now.
	if err := s.stopAll(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(s.dir()); err != nil {
		return fmt.Errorf("lab %s: %w", name, err)
	}
	if err := os.Remove(s.file()); err != nil {
		return fmt.Errorf("lab %s: %w", name, err)
	}
	return nil
}

// Status returns what is noted of a lab, and which of its processes run.
func Status(name string) (*State, map[string]bool, error) {
	s, err := readState(name)
	if err != nil {
		return nil, nil, err
	}
	alive := make(map[int]bool)
	for _, pid := range s.owned() {
		alive[pid] = true
	}
	runs := make(map[string]bool)
	for _, p := range s.Processes {
		runs[p.Name] = alive[p.PID]
	}
	return s, runs, nil
}
