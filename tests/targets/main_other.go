//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "targets: measuring on interfaces needs Linux")
	os.Exit(1)
}
