//go:build !unix

package store

import "os"

// acquire opens the file only: that one process at a time uses a store is left to the operator here.
func acquire(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
}
