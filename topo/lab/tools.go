package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// howTo says how a missing program is got, on Debian and its like.
var howTo = map[string]string{
	"ip":                 "apt-get install iproute2",
	"ping":               "apt-get install iputils-ping",
	"ethtool":            "apt-get install ethtool",
	"nginx":              "apt-get install nginx-light",
	"firstack":           "make build",
	"firstack-switch":    "make build",
	"simple_switch_grpc": "p4lang's packages, see docs/quickstart.md",
}

// tools are the programs that a lab runs, as paths.
type tools struct{ firstack, gateway, nginx string }

// findTools looks for everything a lab needs, and names all that is missing at once.
func findTools(opts Options) (tools, error) {
	var errs []error
	find := func(name, given string) string {
		if given != "" {
			if _, err := os.Stat(given); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
			return given
		}
		path, err := exec.LookPath(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s is not on PATH: %s", name, howTo[name]))
		}
		return path
	}
	for _, name := range []string{"ip", "ping", "ethtool"} {
		find(name, "")
	}
	t := tools{nginx: find("nginx", "")}
	if opts.FirstackBinary != "" {
		t.firstack = find("firstack", opts.FirstackBinary)
	} else {
		self, err := os.Executable()
		if err != nil {
			errs = append(errs, fmt.Errorf("own program: %w", err))
		}
		t.firstack = self
	}
	given := opts.SwitchBinary
	if given == "" && opts.Switch == Firstack {
		// What was built together stands side by side.
		beside := filepath.Join(filepath.Dir(t.firstack), opts.Switch.binary())
		if _, err := os.Stat(beside); err == nil {
			given = beside
		}
	}
	t.gateway = find(opts.Switch.binary(), given)
	return t, errors.Join(errs...)
}
