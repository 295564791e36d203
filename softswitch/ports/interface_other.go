//go:build !linux

package ports

import (
	"fmt"
	"log/slog"
)

// Interface is a network interface of the kernel; it exists on Linux only.
type Interface struct{}

// InterfaceOptions configure an Interface.
type InterfaceOptions struct {
	Queue  int
	Logger *slog.Logger
}

// OpenInterface says that interfaces need Linux.
func OpenInterface(name string, _ InterfaceOptions) (*Interface, error) {
	return nil, fmt.Errorf("interface %s: attaching network interfaces needs Linux (AF_PACKET)", name)
}

// Start implements what Interface does on Linux.
func (*Interface) Start(func([]byte), func(error)) {}

// StartBursts implements what Interface does on Linux.
func (*Interface) StartBursts(func([][]byte), func(error)) {}

// WatchLink implements what Interface does on Linux.
func (*Interface) WatchLink(func(Link)) error { return ErrClosed }

// Name implements Port.
func (*Interface) Name() string { return "" }

// Send implements Port.
func (*Interface) Send([]byte) error { return ErrClosed }

// Close implements Port.
func (*Interface) Close() error { return nil }
