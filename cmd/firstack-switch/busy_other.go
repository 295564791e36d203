//go:build !unix

package main

import "net"

// busyListener polls connections where that is known how to.
type busyListener struct{ net.Listener }
