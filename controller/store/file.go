package store

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// Names in the folder of a store.
const (
	fileName = "configuration"
	lockName = "lock"
)

// header is the first line of a store's file: its format, the revision, and the value's length and CRC-32C. The value
// follows as it is, so that people can read it.
const header = "firstack-store 1 revision %d bytes %d crc32c %08x\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// File is a store in a folder: one file, replaced as a whole. A new version is written to another file and synced,
// which then takes the old one's name, and the folder is synced too: so after a crash at any moment the one or the other is there.
type File struct {
	*Memory
	dir  string
	lock *os.File
}

var _ Store = (*File)(nil)

// Open opens the store in a folder, which it makes if there is none. One process at a time has it open.
func Open(dir string) (*File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	lock, err := acquire(filepath.Join(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", dir, err)
	}
	f := &File{Memory: NewMemory(), dir: dir, lock: lock}
	data, err := os.ReadFile(filepath.Join(dir, fileName))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	} else if err == nil {
		f.version, err = decode(data)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store %s: %w", filepath.Join(dir, fileName), err), lock.Close())
	}
	f.save = f.write
	return f, nil
}

func encode(v Version) []byte {
	head := fmt.Sprintf(header, v.Revision, len(v.Value), crc32.Checksum(v.Value, castagnoli))
	return append([]byte(head), v.Value...)
}

func decode(data []byte) (Version, error) {
	var v Version
	var length int
	var sum uint32
	head, value, _ := bytes.Cut(data, []byte("\n"))
	if n, err := fmt.Sscanf(string(head)+"\n", header, &v.Revision, &length, &sum); n != 3 || err != nil {
		return v, fmt.Errorf("is no store: it begins with %.60q", head)
	}
	if len(value) != length || crc32.Checksum(value, castagnoli) != sum {
		return v, fmt.Errorf("is damaged: %d bytes with CRC-32C %08x, want %d with %08x",
			len(value), crc32.Checksum(value, castagnoli), length, sum)
	}
	if v.Revision == 0 {
		return v, errors.New("is damaged: revision 0 has no value")
	}
	v.Value = value
	return v, nil
}

func (f *File) write(v Version) error {
	name := filepath.Join(f.dir, fileName)
	if err := writeSynced(name+".new", encode(v)); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := syncFolder(f.dir); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

func writeSynced(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(file, bytes.NewReader(data)); err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func syncFolder(name string) error {
	folder, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Close implements Store, and lets others open the folder.
func (f *File) Close() error {
	return errors.Join(f.Memory.Close(), f.lock.Close())
}
