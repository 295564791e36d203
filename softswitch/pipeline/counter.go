package pipeline

import "fmt"

// CounterData is one counter: packets, and bytes of the frames as received.
type CounterData struct {
	Packets, Bytes uint64
}

// Counter is a running array of indirect counters. Use it inside Pipeline.Do.
type Counter struct {
	name  string
	cells []CounterData
}

// Name is the counter's name in the JSON.
func (c *Counter) Name() string { return c.name }

// Size is the number of cells.
func (c *Counter) Size() int { return len(c.cells) }

// Read gives a cell. Errors wrap ErrNotFound.
func (c *Counter) Read(i int) (CounterData, error) {
	if i < 0 || i >= len(c.cells) {
		return CounterData{}, fmt.Errorf("counter %s: index %d of %d: %w", c.name, i, len(c.cells), ErrNotFound)
	}
	return c.cells[i], nil
}

// Write sets a cell. Errors wrap ErrNotFound.
func (c *Counter) Write(i int, d CounterData) error {
	if i < 0 || i >= len(c.cells) {
		return fmt.Errorf("counter %s: index %d of %d: %w", c.name, i, len(c.cells), ErrNotFound)
	}
	c.cells[i] = d
	return nil
}
