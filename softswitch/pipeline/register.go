package pipeline

import "fmt"

// Register is a running register array. Use it inside Pipeline.Do.
type Register struct {
	name  string
	width int // bits
	words int // 64-bit words a cell
	size  int
	cells []uint64
}

func newRegister(name string, size, width int) *Register {
	words := (width + 63) / 64
	return &Register{name: name, width: width, words: words, size: size, cells: make([]uint64, size*words)}
}

// Name is the register's name in the JSON.
func (r *Register) Name() string { return r.name }

// Size is the number of cells.
func (r *Register) Size() int { return r.size }

// Width is the width of a cell in bits.
func (r *Register) Width() int { return r.width }

// Read gives a cell, big endian, padded to the width. Errors wrap ErrNotFound.
func (r *Register) Read(i int) ([]byte, error) {
	if i < 0 || i >= r.size {
		return nil, fmt.Errorf("register %s: index %d of %d: %w", r.name, i, r.size, ErrNotFound)
	}
	return wordsToBytes(r.cells[i*r.words:(i+1)*r.words], r.width), nil
}

// Write sets a cell. Errors wrap ErrNotFound or ErrInvalid.
func (r *Register) Write(i int, v []byte) error {
	if i < 0 || i >= r.size {
		return fmt.Errorf("register %s: index %d of %d: %w", r.name, i, r.size, ErrNotFound)
	}
	if err := bytesToWords(r.cells[i*r.words:(i+1)*r.words], v, r.width); err != nil {
		return fmt.Errorf("register %s[%d]: %w", r.name, i, err)
	}
	return nil
}

// Reset sets all cells to zero.
func (r *Register) Reset() { clear(r.cells) }
