package p4src_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/firstack/firstack/p4src"
)

// includeVariable names the folder of tna.p4 and t2na.p4: p4c's sources have it as backends/tofino/bf-p4c/p4include.
const includeVariable = "P4C_TOFINO_INCLUDE"

// Where p4c's front end and the architecture's declarations are, the programs are type-checked for both Tofinos. That
// they fit is for `make p4-tofino` to show, which needs p4c's Tofino back end.
func TestProgramsTypeCheckForTNA(t *testing.T) {
	include := os.Getenv(includeVariable)
	if _, err := exec.LookPath("p4test"); err != nil || include == "" {
		t.Skipf("NOT CHECKED: TNA needs p4test on PATH and %s naming the folder of tna.p4 (both come with p4c built from source: backends/tofino/bf-p4c/p4include)", includeVariable)
	}
	for _, program := range p4src.Programs {
		for target := 1; target <= 2; target++ {
			t.Run(fmt.Sprintf("%s/tofino%d", program, target), func(t *testing.T) {
				cmd := exec.Command("p4test", fmt.Sprintf("-D__TARGET_TOFINO__=%d", target), "--Wdisable",
					"-I", include, "-I", "arch/tna", "-I", "common", string(program)+".p4")
				out, err := cmd.CombinedOutput()
				if err != nil || strings.Contains(string(out), "error:") {
					t.Fatalf("%v\n%s", err, out)
				}
			})
		}
	}
}
