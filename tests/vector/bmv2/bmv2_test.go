package bmv2

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/firstack/firstack/tests/vector"
)

// longest is how far into its time a vector may reach here, where the clock is the real one.
const longest = 200 * time.Millisecond

// reserve is more than one vector takes.
const reserve = 30 * time.Second

func TestVectors(t *testing.T) {
	if os.Getenv("FIRSTACK_BMV2") == "" {
		t.Skip("takes minutes; FIRSTACK_BMV2=1 and -timeout 30m run it")
	}
	if _, err := exec.LookPath(Binary); err != nil {
		t.Skipf("%s is not there", Binary)
	}
	vectors, err := vector.LoadAll(os.DirFS("../data"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			for _, s := range v.Steps {
				if s.At != nil && time.Duration(*s.At) > longest {
					t.Skip("takes too long in real time")
				}
			}
			// A test that is cut off by its time would leave the switch running.
			if end, ok := t.Deadline(); ok && time.Until(end) < reserve {
				t.Fatal("no time left; run with a longer -timeout")
			}
			target, err := Start(t.Context(), t.Output())
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := target.Close(); err != nil {
					t.Error(err)
				}
			}()
			v.Check(t, target)
		})
	}
}
