package top

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// asker answers from samples: the first at the first round of questions, and so on; nil fails.
func asker(samples ...*Sample) Ask {
	round := -1
	return func(_ context.Context, path string) ([]byte, error) {
		if path == "/v1/sessions" {
			round = min(round+1, len(samples)-1)
		}
		s := samples[round]
		if s == nil {
			return nil, errors.New("nobody there")
		}
		return json.Marshal(map[string]any{
			"/v1/sessions": s.Sessions, "/v1/services": s.Services, "/v1/replicas": s.Replicas, "/v1/steering": s.Steering,
			"/v1/learning": s.Learning, "/v1/counters": s.Counters,
		}[path])
	}
}

// screen is a terminal that keeps what is written, and presses a key when the text has come often enough.
type screen struct {
	mu      sync.Mutex
	written bytes.Buffer
	when    string
	times   int
	key     string
	keys    *io.PipeWriter
	raw     int
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.written.Write(p)
	if s.key != "" && strings.Count(s.written.String(), s.when) >= s.times {
		key := s.key
		s.key = ""
		go func() {
			io.WriteString(s.keys, key)
			s.keys.Close()
		}()
	}
	return n, err
}

func live(t *testing.T, s *screen, ask Ask) string {
	t.Helper()
	in, keys := io.Pipe()
	s.keys = keys
	err := View{Title: "here", Colour: true, Help: true}.Live(t.Context(), Terminal{
		In: in, Out: s, Size: func() (int, int) { return 80, 24 },
		Raw: func() (func() error, error) { s.raw++; return func() error { s.raw--; return nil }, nil },
	}, ask, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	if s.raw != 0 {
		t.Error("the terminal stays raw")
	}
	got := s.written.String()
	if !strings.HasPrefix(got, enter) || !strings.HasSuffix(got, leave) {
		t.Errorf("begins %.20q, ends %q", got, got[max(0, len(got)-20):])
	}
	if strings.Contains(strings.ReplaceAll(got, "\r\n", ""), "\n") {
		t.Error("a newline without a return")
	}
	return got
}

func TestLive(t *testing.T) {
	for _, key := range []string{"q", "xQ", "\x03"} {
		got := live(t, &screen{when: home, times: 3, key: key}, asker(calm(0), calm(1)))
		if !strings.Contains(got, "london") || !strings.Contains(got, "q or Ctrl-C") {
			t.Errorf("%q: shown: %q", key, got)
		}
	}
}

// TestLiveWithoutController tells of it, keeps what it last knew, and goes on.
func TestLiveWithoutController(t *testing.T) {
	got := live(t, &screen{when: "london", times: 12, key: "q"}, asker(nil, calm(0), nil, calm(1)))
	frames := strings.Split(got, home)
	if !strings.Contains(frames[1], "nobody there") || strings.Contains(frames[1], "london") {
		t.Errorf("first frame: %q", frames[1])
	}
	if !strings.Contains(frames[3], "nobody there") || !strings.Contains(frames[3], "london") {
		t.Errorf("third frame: %q", frames[3])
	}
	if strings.Contains(frames[4], "nobody there") {
		t.Errorf("fourth frame: %q", frames[4])
	}
}

func TestTakeFails(t *testing.T) {
	if _, err := Take(t.Context(), asker(nil)); err == nil {
		t.Error("took nothing")
	}
	_, err := Take(t.Context(), func(context.Context, string) ([]byte, error) { return []byte("x"), nil })
	if err == nil || !strings.Contains(err.Error(), "/v1/sessions") {
		t.Errorf("took x: %v", err)
	}
}
