package differential

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/tests/vector"
	"github.com/firstack/firstack/tests/vector/bmv2"
	"github.com/firstack/firstack/tests/vector/embedded"
)

var factsOfBMv2 = flag.Bool("facts", false, "try what docs/targets.md says of BMv2, too (a minute)")

// factRows finds the rows of the table "Over P4Runtime" in docs/targets.md: name, BMv2, firstack-switch.
var factRows = regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| ([^|]+?) \\| ([^|]+?) \\|")

// TestFacts tries what docs/targets.md says of each switch; of the reference switch with -facts.
func TestFacts(t *testing.T) {
	page, err := os.ReadFile("../../docs/targets.md")
	if err != nil {
		t.Fatal(err)
	}
	stated := map[string][2]string{}
	for _, m := range factRows.FindAllStringSubmatch(string(page), -1) {
		stated[m[1]] = [2]string{m[2], m[3]}
	}
	_, missing := exec.LookPath(bmv2.Binary)
	if missing != nil {
		t.Logf("NOT COMPARED: what docs/targets.md says of BMv2 (%s is not on PATH)", bmv2.Binary)
	}
	ours, err := embedded.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer closing(t, ours)
	for _, f := range facts {
		t.Run(f.name, func(t *testing.T) {
			want, ok := stated[f.name]
			if !ok {
				t.Errorf("docs/targets.md has no row")
			}
			delete(stated, f.name)
			if got := try(t, f, ours.Session(), func(context.Context) error { return nil }); got != want[1] {
				t.Errorf("firstack-switch: %s; docs/targets.md says %s", got, want[1])
			}
			if missing != nil || !*factsOfBMv2 {
				return
			}
			theirs := reference(t) // each its own: some leave it in a state in which it takes no program
			if got := try(t, f, theirs.Session(), func(ctx context.Context) error { return awake(ctx, theirs) }); got != want[0] {
				t.Errorf("BMv2: %s; docs/targets.md says %s", got, want[0])
			}
		})
	}
	for name := range stated {
		t.Errorf("docs/targets.md has a row %s that nothing tries", name)
	}
}

// reference starts the reference switch with a program, and closes it when the test ends.
func reference(t *testing.T) *bmv2.Target {
	t.Helper()
	target, err := bmv2.Start(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, target) })
	program, err := vector.LoadProgram(clientGateway)
	if err == nil {
		err = target.Load(t.Context(), program)
	}
	if err == nil {
		err = awake(t.Context(), target)
	}
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func closing(t *testing.T, target vector.Target) {
	if err := target.Close(); err != nil {
		t.Error(err)
	}
}

// awake gives the reference switch a frame and waits for what comes of it: a program that was loaded runs from the
// next packet on, and until then no other is taken.
func awake(ctx context.Context, target *bmv2.Target) error {
	events := vector.Events{}
	for ctx.Err() == nil && len(events.PacketIns) == 0 {
		if err := target.Send(1, packet.MustParse("eth aa>bb / ip 10.9.9.9>10.8.8.8 / udp 1>2").Build()); err != nil {
			return err
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		var err error
		events, err = target.Control(short, vector.Count{PacketIns: 1})
		cancel()
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// try tries a fact with the program loaded afresh.
func try(t *testing.T, f fact, session *vector.Session, ready func(context.Context) error) string {
	t.Helper()
	program, err := vector.LoadProgram(f.program)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := session.Load(ctx, program); err != nil {
		t.Fatal(err)
	}
	if err := ready(ctx); err != nil {
		t.Fatal(err)
	}
	return f.try(ctx, &tried{
		client: session.Client(), info: program.Info, schema: vector.NewSchema(program.Info), config: program.Config,
	})
}
