package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// stateDir is where labs are noted: NAME.json, and the directory NAME.
var stateDir = "/run/firstack"

// ErrNoLab: no lab has this name.
var ErrNoLab = errors.New("no such lab")

// ErrExists: a lab has this name already.
var ErrExists = errors.New("lab exists")

// namespacePrefix is how the names of all labs' namespaces begin.
const namespacePrefix = "fsl-"

var labName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,19}$`)

// State is what is known of a lab from outside. It is written before anything is made, so that what a crash leaves
// behind can be removed.
type State struct {
	Name       string      `json:"name"`
	Topology   string      `json:"topology"`
	Switch     Switch      `json:"switch"`
	Started    time.Time   `json:"started"`
	Ready      bool        `json:"ready"` // false while it is built, and after Up has crashed
	Namespaces []string    `json:"namespaces"`
	Processes  []Process   `json:"processes"`
	RoundTrips []RoundTrip `json:"round_trips"`
}

// Process is one of a lab. It leads a session of its own: nginx, which writes over its environment, and the workers
// of nginx are known by that.
type Process struct {
	Name      string   `json:"name"` // of the node; the controller is called "controller"
	Namespace string   `json:"namespace"`
	Argv      []string `json:"argv"`
	Log       string   `json:"log"`
	PID       int      `json:"pid"`
}

// RoundTrip is one that was measured between two gateways.
type RoundTrip struct {
	From     string        `json:"from"`
	To       string        `json:"to"`
	Planned  time.Duration `json:"planned_ns"`
	Measured time.Duration `json:"measured_ns"` // the least of several
}

func (s *State) file() string { return filepath.Join(stateDir, s.Name+".json") }

// dir holds the lab's files; see WriteFiles.
func (s *State) dir() string { return filepath.Join(stateDir, s.Name) }

// Namespace names the network namespace of a node: a host, a gateway, or "core".
func (s *State) Namespace(node string) string { return namespacePrefix + s.Name + "-" + node }

// claim writes the state of a new lab, unless there is one of this name.
func (s *State) claim() error {
	if err := os.MkdirAll(stateDir, 0o755); err != nil {
		return fmt.Errorf("lab %s: %w", s.Name, err)
	}
	f, err := os.OpenFile(s.file(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("lab %s: %w (`firstack lab down --name %s` removes it)", s.Name, ErrExists, s.Name)
	}
	if err != nil {
		return fmt.Errorf("lab %s: %w", s.Name, err)
	}
	return errors.Join(f.Close(), s.save())
}

// save replaces the state file at once, so that a reader never sees half of it.
func (s *State) save() error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("lab %s: %w", s.Name, err)
	}
	temporary := s.file() + ".new"
	if err := os.WriteFile(temporary, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("lab %s: %w", s.Name, err)
	}
	if err := os.Rename(temporary, s.file()); err != nil {
		return fmt.Errorf("lab %s: %w", s.Name, err)
	}
	return nil
}

// readState reads the state of a lab; ErrNoLab when there is none.
func readState(name string) (*State, error) {
	if !labName.MatchString(name) {
		return nil, nameError(name)
	}
	s := &State{Name: name}
	data, err := os.ReadFile(s.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("lab %s: %w", name, ErrNoLab)
	}
	if err != nil {
		return nil, fmt.Errorf("lab %s: %w", name, err)
	}
	if len(data) == 0 {
		return s, nil // a crash between claim and save: nothing was made yet
	}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("%s: %w", s.file(), err)
	}
	if s.Name != name {
		return nil, fmt.Errorf("%s: is about lab %q", s.file(), s.Name)
	}
	for _, ns := range s.Namespaces {
		if !strings.HasPrefix(ns, s.Namespace("")) {
			return nil, fmt.Errorf("%s: namespace %q is not the lab's", s.file(), ns)
		}
	}
	return s, nil
}

func nameError(name string) error {
	return fmt.Errorf("lab name %q: want 1 to 20 lower-case letters, digits and hyphens", name)
}

// Names lists the labs that are noted, in alphabetical order.
func Names() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(stateDir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("labs: %w", err)
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".json"))
	}
	return names, nil
}
