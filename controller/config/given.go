package config

import (
	"fmt"
	"os"

	"github.com/firstack/firstack/controller/config/internal/strict"
)

// Given lists the paths of a tree that somebody wrote down, as in services[0].replicas[1].port, elements of lists and
// mappings included. What is left out has its default, so a zero that is written down is told from one that is not.
type Given map[string]bool

// ParseGiven is Parse, and tells what the file has. The controller's other forms of the tree keep no more than that, so
// that a default which follows another value keeps following it.
func ParseGiven(name string, data []byte) (*Config, Given, error) {
	c, positions, err := parse(name, data)
	if err != nil {
		return nil, nil, err
	}
	given := make(Given, len(positions))
	for path := range positions {
		given[path] = true
	}
	return c, given, nil
}

// LoadGiven is ParseGiven on a file.
func LoadGiven(path string) (*Config, Given, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read configuration: %w", err)
	}
	return ParseGiven(path, data)
}

// Finish completes and validates a tree of which given says what was written down: Complete and Validate for trees that
// come from elsewhere than Go or a file. What is wrong comes joined, each an *Error with its path.
func (c *Config) Finish(given Given) error {
	r := &report{given: make(map[string]strict.Position, len(given))}
	for path := range given {
		r.given[path] = strict.Position{}
	}
	c.complete(r)
	c.validate(r)
	return r.err()
}
