package embedded

import (
	"context"
	"errors"
	"flag"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/tests/vector"
)

func TestMain(m *testing.M) {
	// Rapid prints the seed of what fails; files beside the sources would be committed by mistake.
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// outcomes remembers what came of each vector, for TestVectors and TestPatent both ask.
var outcomes struct {
	sync.Mutex
	of map[string]func() error
}

// outcome runs a vector on a switch of its own, once.
func outcome(v *vector.Vector) error {
	outcomes.Lock()
	run := outcomes.of[v.Name]
	if run == nil {
		run = sync.OnceValue(func() error {
			ctx := context.Background() // outlives the test that asks first
			target, err := Start(ctx)
			if err != nil {
				return err
			}
			return errors.Join(v.Run(ctx, target), target.Close())
		})
		if outcomes.of == nil {
			outcomes.of = map[string]func() error{}
		}
		outcomes.of[v.Name] = run
	}
	outcomes.Unlock()
	return run()
}

func TestVectors(t *testing.T) {
	vectors, err := vector.LoadAll(os.DirFS("../data"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			v.Report(t, outcome(v))
		})
	}
}
