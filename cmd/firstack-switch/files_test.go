package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// capture makes a capture file of frames, a second apart from an offset.
func capture(t *testing.T, path string, offset int64, frames ...string) {
	t.Helper()
	f, err := createPcap(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, frame := range frames {
		err = errors.Join(err, appendPcap(f, time.Unix(1000+offset+2*int64(i), 5000), []byte(frame)))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// frames reads a capture file.
func frames(t *testing.T, path string) (list []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := newPcapReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, frame, err := r.next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(frame))
	}
}

// TestUseFiles: frames come from files in the order of their times, and go to files.
func TestUseFiles(t *testing.T) {
	dir := t.TempDir()
	const header = "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x06"
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	capture(t, a+"_in.pcap", 0, header+"first", header+"third")
	capture(t, b+"_in.pcap", 1, header+"second", header+"fourth")
	var order []string
	l := start(t, "--use-files", "0", "-i", "7@"+a, "-i", "8@"+b, "--p4info", p4info, "--dump-packet-data", "64", program, "--", "--grpc-server-addr", "127.0.0.1:0")
	l.wait(t, "all files are read\" frames=4")
	for _, line := range bytes.Split([]byte(l.String()), []byte("\n")) {
		if bytes.Contains(line, []byte("msg=packet")) && bytes.Contains(line, []byte("way=in ")) {
			order = append(order, string(line[bytes.Index(line, []byte("port="))+5]))
		}
	}
	if got := len(order); got != 4 || order[0]+order[1]+order[2]+order[3] != "7878" {
		t.Errorf("frames came on ports %q, want 7, 8, 7, 8", order)
	}
	// The test program sends from 7 to 8 and back.
	if got := frames(t, b+"_out.pcap"); len(got) != 2 || got[0] != header+"first" || got[1] != header+"third" {
		t.Errorf("port 8 sent %q", got)
	}
	if got := frames(t, a+"_out.pcap"); len(got) != 2 || got[1] != header+"fourth" {
		t.Errorf("port 7 sent %q", got)
	}
}

// TestPcapReader reads both byte orders and both units of time.
func TestPcapReader(t *testing.T) {
	for _, c := range []struct {
		name  string
		order binary.ByteOrder
		magic uint32
		want  time.Time
	}{
		{"little, microseconds", binary.LittleEndian, pcapMicroseconds, time.Unix(7, 9000)},
		{"big, microseconds", binary.BigEndian, pcapMicroseconds, time.Unix(7, 9000)},
		{"little, nanoseconds", binary.LittleEndian, pcapNanoseconds, time.Unix(7, 9)},
		{"big, nanoseconds", binary.BigEndian, pcapNanoseconds, time.Unix(7, 9)},
	} {
		file := make([]byte, pcapHeader+pcapRecord)
		for at, v := range map[int]uint32{0: c.magic, 20: pcapEthernet, 24: 7, 28: 9, 32: 3, 36: 100} {
			c.order.PutUint32(file[at:], v)
		}
		r, err := newPcapReader(bytes.NewReader(append(file, "abc"...)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		at, frame, err := r.next()
		if err != nil || !at.Equal(c.want) || string(frame) != "abc" {
			t.Errorf("%s: %v, %q, %v", c.name, at, frame, err)
		}
		if _, _, err := r.next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: after the last: %v", c.name, err)
		}
	}
}

// FuzzPcap gives the reader any bytes.
func FuzzPcap(f *testing.F) {
	var b bytes.Buffer
	h := make([]byte, pcapHeader)
	binary.LittleEndian.PutUint32(h, pcapMicroseconds)
	h[20] = pcapEthernet
	b.Write(h)
	f.Add(bytes.Clone(b.Bytes()))
	_ = appendPcap(&b, time.Unix(1, 0), []byte("frame")) // to memory
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:30])
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := newPcapReader(bytes.NewReader(data))
		for err == nil {
			var frame []byte
			if _, frame, err = r.next(); len(frame) > len(data) {
				t.Errorf("a frame of %d bytes in %d", len(frame), len(data))
			}
		}
	})
}
