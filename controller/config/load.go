package config

import (
	"fmt"
	"os"

	"github.com/firstack/firstack/controller/config/internal/strict"
)

// Load reads, completes and validates the configuration in a file. What is wrong with it comes joined, each an
// *Error.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data)
}

// Parse is Load on what a file of that name holds.
func Parse(name string, data []byte) (*Config, error) {
	c, _, err := parse(name, data)
	return c, err
}

func parse(name string, data []byte) (*Config, map[string]strict.Position, error) {
	c := new(Config)
	given, problems := strict.Decode(data, c)
	r := &report{file: name, given: given}
	for _, p := range problems {
		r.errors = append(r.errors, &Error{File: name, Line: p.Line, Column: p.Column, Path: p.Path, Message: p.Message})
	}
	if len(problems) > 0 {
		return nil, nil, r.err()
	}
	c.complete(r)
	c.validate(r)
	if err := r.err(); err != nil {
		return nil, nil, err
	}
	return c, given, nil
}
