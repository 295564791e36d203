package host

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
)

// MaxContent bounds what a server makes for one request, in bytes.
const MaxContent = 1 << 30

// Content returns n bytes that depend on the seed only: the key stream of ChaCha8 (math/rand/v2). Every
// server gives the same bytes for the same seed, so a client knows what is right without having asked.
func Content(seed uint64, n int64) io.Reader {
	var key [32]byte
	copy(key[:], "firstack content")
	binary.BigEndian.PutUint64(key[24:], seed)
	return io.LimitReader(rand.NewChaCha8(key), n)
}
