//go:build !linux

package ports

import "fmt"

// Interface is a network interface of the kernel; it exists on Linux only.
type Interface struct{}

// OpenInterface says that interfaces need Linux.
func OpenInterface(name string) (*Interface, error) {
	return nil, fmt.Errorf("interface %s: attaching network interfaces needs Linux (AF_PACKET)", name)
}

// Start implements what Interface does on Linux.
func (*Interface) Start(func([]byte), func(error)) {}

// Name implements Port.
func (*Interface) Name() string { return "" }

// Send implements Port.
func (*Interface) Send([]byte) error { return ErrClosed }

// Close implements Port.
func (*Interface) Close() error { return nil }
