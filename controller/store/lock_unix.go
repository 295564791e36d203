//go:build unix

package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// acquire locks a file; the lock ends with the process, however it ends.
func acquire(name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errors.New("another controller has it open")
		}
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
