package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// tap watches the frames of all ports: for --pcap and --dump-packet-data.
type tap struct {
	dir   string // "" = no pcap
	dump  int
	log   logger
	names map[uint32]string

	mu     sync.Mutex
	files  map[string]*os.File
	failed bool
}

// newTap gives the function that sees frames, nil if the flags ask for nothing.
func newTap(c config, log logger) (see func(port uint32, out bool, frame []byte), closeTap func() error, err error) {
	if c.pcap == "" && c.dump <= 0 {
		return nil, func() error { return nil }, nil
	}
	t := &tap{dir: c.pcap, dump: c.dump, log: log, names: map[uint32]string{}, files: map[string]*os.File{}}
	for _, p := range c.interfaces {
		t.names[p.number] = p.iface
	}
	if t.dir != "" {
		if info, err := os.Stat(t.dir); err != nil || !info.IsDir() {
			return nil, nil, fmt.Errorf("--pcap %s is not a directory", t.dir)
		}
	}
	return t.see, t.close, nil
}

func (t *tap) see(port uint32, out bool, frame []byte) {
	way := "in"
	if out {
		way = "out"
	}
	if t.dump > 0 {
		t.log.Info("packet", "port", port, "way", way, "bytes", len(frame), "data", hex.EncodeToString(frame[:min(len(frame), t.dump)]))
	}
	if t.dir == "" {
		return
	}
	name := t.names[port]
	if name == "" {
		name = fmt.Sprintf("port%d", port)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.write(filepath.Join(t.dir, name+"_"+way+".pcap"), frame); err != nil && !t.failed {
		t.failed = true
		t.log.Error("write capture", "error", err)
	}
}

// write appends a record to a file, and makes the file when it is the first.
func (t *tap) write(path string, frame []byte) error {
	f := t.files[path]
	if f == nil {
		var err error
		if f, err = createPcap(path); err != nil {
			return err
		}
		t.files[path] = f
	}
	return appendPcap(f, time.Now(), frame)
}

func (t *tap) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var err error
	for _, f := range t.files {
		err = errors.Join(err, f.Close())
	}
	return err
}
