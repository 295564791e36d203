package embedded

import (
	"flag"
	"os"
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

func TestVectors(t *testing.T) {
	vectors, err := vector.LoadAll(os.DirFS("../data"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			target, err := Start(t.Context())
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
