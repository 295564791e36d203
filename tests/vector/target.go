package vector

import (
	"context"
	"fmt"
	"sync"
	"time"

	configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/firstack/firstack/p4src"
)

// A Target is a switch that vectors run on. Each vector gets a fresh one.
type Target interface {
	// Load starts the program; the switch's clock is at 0.
	Load(ctx context.Context, p *Program) error
	// Write applies updates over P4Runtime.
	Write(ctx context.Context, updates []*p4v1.Update) error
	// Read reads entities over P4Runtime.
	Read(ctx context.Context, entities ...*p4v1.Entity) ([]*p4v1.Entity, error)
	// Send gives the switch a frame.
	Send(port uint32, frame []byte) error
	// PacketOut gives the switch a frame from its controller.
	PacketOut(p *p4v1.PacketOut) error
	// Advance moves the switch's clock to a time since its start; it never moves back.
	Advance(since time.Duration) error
	// Collect returns what came out of the switch since the last call. It waits until want has come, or
	// until nothing more can be expected, and never longer than ctx lasts.
	Collect(ctx context.Context, want Count) (Events, error)
	// Limits says what vectors must not ask of the target.
	Limits() Limits
	// Close ends the switch.
	Close() error
}

// Limits is what a target can't do, and vectors therefore don't see on it.
type Limits struct {
	RealTime          bool // its clock can't be moved: values with ~ match anything
	NoDefaultCounters bool // it has no direct counters for default actions
}

// Count is how many events of each kind are expected.
type Count struct{ Frames, PacketIns, Digests int }

// Events is what came out of a switch, each kind in its order.
type Events struct {
	Frames    []Frame
	PacketIns []*p4v1.PacketIn
	Digests   []*p4v1.DigestList
}

// A Program is what a target loads.
type Program struct {
	Name   string
	Info   *configv1.P4Info
	Config []byte // BMv2 JSON
}

// parsed holds the programs by name: parsing a P4Info takes longer than most vectors.
var parsed sync.Map

// LoadProgram returns one of p4src.Programs. The program is shared and must not be changed.
func LoadProgram(name string) (*Program, error) {
	if p, ok := parsed.Load(name); ok {
		return p.(*Program), nil
	}
	for _, p := range p4src.Programs {
		if string(p) == name {
			info := &configv1.P4Info{}
			if err := prototext.Unmarshal(p.P4Info(), info); err != nil {
				return nil, fmt.Errorf("program %s: %w", name, err)
			}
			program, _ := parsed.LoadOrStore(name, &Program{Name: name, Info: info, Config: p.JSON()})
			return program.(*Program), nil
		}
	}
	return nil, fmt.Errorf("unknown program %q", name)
}
