//go:build !linux

package lab

import (
	"context"

	"github.com/firstack/firstack/topo/spec"
)

// Lab is a lab that this process has brought up; there is none without Linux.
type Lab struct{ Layout *Layout }

// Up says that labs need Linux.
func Up(context.Context, *spec.Topology, Options) (*Lab, error) { return nil, ErrUnsupported }

// State returns nothing.
func (*Lab) State() State { return State{} }

// Down says that labs need Linux.
func Down(context.Context, string) error { return ErrUnsupported }

// Status says that labs need Linux.
func Status(string) (*State, map[string]bool, error) { return nil, nil, ErrUnsupported }
