package lab

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"testing"

	"gvisor.dev/gvisor/pkg/log"
)

// The hosts' stacks warn on the standard error of segments that come twice, which in a network that duplicates is often.
func init() { log.SetTarget(log.GoogleEmitter{Writer: &log.Writer{Next: io.Discard}}) }

// maxLog bounds what is kept of a test's log, in bytes.
const maxLog = 64 << 10

// logOf returns a logger whose text is shown when the test fails.
func logOf(tb testing.TB) *slog.Logger {
	w := &memory{}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("the log:\n%s", w.text())
		}
	})
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// memory keeps the end of what is written to it.
type memory struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (m *memory) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if over := m.lines.Len() + len(p) - maxLog; over > 0 {
		m.lines.Next(over)
	}
	return m.lines.Write(p)
}

func (m *memory) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lines.String()
}
