package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A selection is the first test of each path, as many as are to be kept.
type selection struct {
	keep, seen, written int
	paths               map[string]bool
	tests               []*test
}

func newSelection(keep int) *selection { return &selection{keep: keep, paths: map[string]bool{}} }

// takeAll takes the tests of a folder in the order in which they were derived.
func (s *selection) takeAll(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.stf"))
	if err != nil {
		return err
	}
	number := func(name string) int {
		name = strings.TrimSuffix(name, ".stf")
		n, _ := strconv.Atoi(name[strings.LastIndexByte(name, '_')+1:])
		return n
	}
	slices.SortFunc(names, func(a, b string) int { return number(a) - number(b) })
	for _, name := range names {
		if err := s.take(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (s *selection) take(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := readTest(f)
	if err != nil {
		return err
	}
	s.seen++
	if !s.paths[t.path] && !(t.bypass && t.egress) {
		s.paths[t.path] = true
		s.tests = append(s.tests, t)
	}
	return nil
}

// write writes the tests that are kept, evenly spread over those there are.
// sources is the digest of what they were derived from.
func (s *selection) write(name, sources string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "# Written by make p4-testgen from the program for TNA. Not to be edited.")
	fmt.Fprintln(w, "# sources", sources)
	s.written = min(s.keep, len(s.tests))
	for i := range s.written {
		if err := s.tests[i*len(s.tests)/s.written].Write(w); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(w.Flush(), f.Close())
}
