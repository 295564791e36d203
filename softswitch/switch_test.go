package softswitch_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/ports"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kitchen reads the program that the P4Runtime tests use: a frame without flow header goes from
// port 7 to 8 and back, and from any other port to the CPU.
func kitchen(t testing.TB) ([]byte, *p4configv1.P4Info) {
	t.Helper()
	json, err := os.ReadFile("p4rt/testdata/kitchen.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("p4rt/testdata/kitchen.p4info.txtpb")
	if err != nil {
		t.Fatal(err)
	}
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(text, info); err != nil {
		t.Fatal(err)
	}
	return json, info
}

// sink is a port that keeps what it is sent.
type sink struct {
	mu     sync.Mutex
	frames []string
	fail   error
	closed bool
}

func (s *sink) Name() string { return "sink" }
func (s *sink) Send(f []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		s.frames = append(s.frames, string(f))
	}
	return s.fail
}
func (s *sink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
func (s *sink) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frames
}

const frame = "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x06payload"

func TestForward(t *testing.T) {
	var tapped []string
	sw := softswitch.New(softswitch.Options{CPUPort: 255, MaxFrame: 100, Tap: func(port uint32, out bool, f []byte) {
		tapped = append(tapped, map[bool]string{false: "in", true: "out"}[out])
	}})
	in, out := &sink{}, &sink{}
	for id, p := range map[uint32]*sink{7: in, 8: out} {
		if err := sw.AddPort(id, p); err != nil {
			t.Fatal(err)
		}
	}
	sw.Receive(7, []byte(frame)) // no program yet
	json, info := kitchen(t)
	if err := sw.Load(json, info); err != nil {
		t.Fatal(err)
	}
	sw.Receive(7, []byte(frame))
	sw.Receive(7, nil)
	sw.Receive(7, bytes.Repeat([]byte("x"), 101))
	sw.Receive(9, []byte(frame))
	if got := out.got(); len(got) != 1 || got[0] != frame {
		t.Errorf("port 8 sent %q", got)
	}
	out.fail = ports.ErrFull
	sw.Receive(7, []byte(frame))
	out.fail = errors.New("broken")
	sw.Receive(7, []byte(frame))
	l := sw.Lost()
	if l.NoProgram.Load() != 1 || l.Empty.Load() != 1 || l.TooLong.Load() != 1 || l.NoPort.Load() != 1 {
		t.Errorf("losses: program %d, empty %d, long %d, port %d", l.NoProgram.Load(), l.Empty.Load(), l.TooLong.Load(), l.NoPort.Load())
	}
	info8 := sw.Ports()[1]
	if info8.ID != 8 || info8.Name != "sink" || info8.OutFrames != 1 || info8.OutBytes != uint64(len(frame)) || info8.OutDiscards != 1 || info8.OutErrors != 1 {
		t.Errorf("port 8: %+v", info8)
	}
	if p := sw.Ports()[0]; p.InFrames != 3 || p.InBytes != 3*uint64(len(frame)) || p.InDiscards != 3 {
		t.Errorf("port 7: %+v", p)
	}
	if got := strings.Join(tapped, " "); got != "in out in out in out" {
		t.Errorf("tapped %s", got)
	}
	if err := sw.RemovePort(8); err != nil || !out.closed {
		t.Errorf("remove: %v", err)
	}
	sw.Receive(7, []byte(frame)) // to a port that is gone
	if l.NoPort.Load() != 2 {
		t.Error("a frame to a port that is gone is not counted")
	}
	if err := errors.Join(sw.Close(), sw.Close()); err != nil || !in.closed {
		t.Errorf("close: %v", err)
	}
}

func TestPortNumbers(t *testing.T) {
	sw := softswitch.New(softswitch.Options{CPUPort: 255})
	defer sw.Close()
	if err := sw.AddPort(255, &sink{}); err == nil {
		t.Error("the CPU port's number was given away")
	}
	if err := sw.AddPort(0, &sink{}); err != nil {
		t.Error(err)
	}
	if err := sw.AddPort(0, &sink{}); err == nil {
		t.Error("a number was given twice")
	}
	if err := sw.RemovePort(1); err == nil {
		t.Error("a port that does not exist was removed")
	}
}

// TestInputQueue: with a queue, Receive does not run the pipeline, and what finds no room is lost.
func TestInputQueue(t *testing.T) {
	var once sync.Once
	entered, block := make(chan struct{}), make(chan struct{})
	sw := softswitch.New(softswitch.Options{InputQueue: 2, Tap: func(_ uint32, out bool, _ []byte) {
		if out {
			return
		}
		once.Do(func() {
			close(entered)
			<-block
		})
	}})
	out := &waited{sent: make(chan struct{}, 16)}
	for id, p := range map[uint32]ports.Port{7: &sink{}, 8: out} {
		if err := sw.AddPort(id, p); err != nil {
			t.Fatal(err)
		}
	}
	json, info := kitchen(t)
	if err := sw.Load(json, info); err != nil {
		t.Fatal(err)
	}
	buf := []byte(frame)
	sw.Receive(7, buf)
	<-entered
	for range 3 {
		sw.Receive(7, buf)
	}
	clear(buf) // the queue must have copies
	close(block)
	for range 3 {
		<-out.sent
	}
	if err := sw.Close(); err != nil {
		t.Fatal(err)
	}
	if got := out.got(); len(got) != 3 || got[2] != frame || sw.Lost().QueueFull.Load() != 1 {
		t.Errorf("sent %q, %d lost", got, sw.Lost().QueueFull.Load())
	}
}

func TestLoadErrors(t *testing.T) {
	sw := softswitch.New(softswitch.Options{})
	defer sw.Close()
	json, info := kitchen(t)
	if err := sw.Load([]byte("{"), info); err == nil {
		t.Error("broken JSON was loaded")
	}
	if err := sw.Load(json, nil); err == nil {
		t.Error("a program without P4Info was loaded")
	}
	if err := sw.LoadJSON([]byte("{")); err == nil {
		t.Error("broken JSON was loaded")
	}
	if err := sw.Inject([]byte(frame)); err == nil {
		t.Error("a packet was injected without CPU port")
	}
	if err := sw.LoadJSON(json); err != nil || sw.Pipeline() == nil {
		t.Errorf("a program without P4Info: %v", err)
	}
}

// TestProjectPrograms loads the compiled programs of this repository.
func TestProjectPrograms(t *testing.T) {
	programs, err := filepath.Glob("../p4src/build/*.json")
	if err != nil || len(programs) == 0 {
		t.Fatalf("no compiled programs: %v", err)
	}
	for _, path := range programs {
		t.Run(filepath.Base(path), func(t *testing.T) {
			json, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(strings.TrimSuffix(path, ".json") + ".p4info.txtpb")
			if err != nil {
				t.Fatal(err)
			}
			info := &p4configv1.P4Info{}
			if err := prototext.Unmarshal(text, info); err != nil {
				t.Fatal(err)
			}
			sw := softswitch.New(softswitch.Options{CPUPort: 255})
			if err := errors.Join(sw.Load(json, info), sw.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}
