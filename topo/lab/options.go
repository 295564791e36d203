package lab

import (
	"errors"
	"log/slog"

	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

// ErrUnsupported: labs need Linux.
var ErrUnsupported = errors.New("a lab needs Linux: namespaces, veth pairs and packet sockets")

// ErrNotRoot: labs need root.
var ErrNotRoot = errors.New("a lab needs root, for it makes network namespaces (try sudo)")

// Options of a lab.
type Options struct {
	Name   string // 1 to 20 lower-case letters, digits and hyphens; "" = DefaultName
	Switch Switch // "" = Firstack
	// FirstackBinary is the firstack program, which the core and the controller are; "" = the running one.
	FirstackBinary string
	// SwitchBinary is the program of the gateways; "" = firstack-switch beside FirstackBinary, else what PATH has.
	SwitchBinary string
	Logger       *slog.Logger // nil = none
}

// DefaultName is that of a lab that is given none.
const DefaultName = "lab"

func (o Options) withDefaults() (Options, error) {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if o.Switch == "" {
		o.Switch = Firstack
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if !labName.MatchString(o.Name) {
		return o, nameError(o.Name)
	}
	_, err := ParseSwitch(string(o.Switch))
	return o, err
}

// Prepare wires a topology and lays it out.
func Prepare(t *spec.Topology) (*plan.Plan, *Layout, error) {
	p, err := plan.New(t)
	if err != nil {
		return nil, nil, err
	}
	l, err := Lay(p)
	return p, l, err
}
