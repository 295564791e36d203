package packet

import (
	stdflag "flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	// Rapid prints the seed of what fails; files beside the sources would be committed by mistake.
	if err := stdflag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
