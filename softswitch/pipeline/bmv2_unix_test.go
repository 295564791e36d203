//go:build unix

package pipeline

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestAgainstBMv2 sends random frames through simple_switch, from capture file
// to capture file, and through this package. FIRSTACK_SIMPLE_SWITCH names the
// program; it is asked for expressly because its Thrift server listens on all
// addresses.
func TestAgainstBMv2(t *testing.T) {
	exe := os.Getenv("FIRSTACK_SIMPLE_SWITCH")
	if exe == "" {
		t.Skip("FIRSTACK_SIMPLE_SWITCH names no simple_switch")
	}
	r := randomised(t)
	for _, c := range []struct {
		program string
		allow   func(f []byte) bool // what BMv2 can stand
	}{
		// Round for ever; a select on a lookahead beyond the frame reads what is
		// behind it, and so does a length of more than the frame.
		{"parse", func(f []byte) bool { return len(f) > 60 && f[0] != 10 }},
		{"actions", func(f []byte) bool { return len(f) > 40 }},
		// Nor do clocks agree.
		{"traffic", func(f []byte) bool { return len(f) > 10 && f[0] != 12 && f[0] != 0x11 }},
		{"externs", func(f []byte) bool { // indices are not checked, random numbers are random
			// Nor does BMv2 take a register cell as signed.
			return len(f) > 40 && f[0] != 0x16 && f[0] != 0x06 && f[1] < 4
		}},
		{"match", func(f []byte) bool { return len(f) > 30 }},
	} {
		t.Run(c.program, func(t *testing.T) {
			var frames [][]byte
			for len(frames) < 1500 {
				f := make([]byte, 1+r.IntN(90))
				for i := range f {
					f[i] = byte(r.Uint32())
					if r.IntN(3) == 0 {
						f[i] = 0
					}
				}
				if r.IntN(8) > 0 {
					f[0] %= 0x60
				}
				if r.IntN(2) == 0 && len(f) > 1 {
					f[1] %= 8
				}
				if c.allow(f) {
					frames = append(frames, f)
				}
			}
			want := bmv2(t, exe, c.program, frames)
			got := map[uint32][][]byte{}
			pl := newPipeline(t, c.program, Env{Transmit: func(port uint32, f []byte) {
				got[port] = append(got[port], bytes.Clone(f))
			}})
			for _, f := range frames {
				pl.Process(0, f)
			}
			// What BMv2 sends must leave here too. Its order is not compared, for
			// recirculated packets overtake each other in its queues, and what its
			// queues dropped on a busy machine is not missed, within reason.
			for port := range uint32(2) {
				left := map[string]int{}
				for _, f := range got[port] {
					left[string(f)]++
				}
				for i, f := range want[port] {
					if left[string(f)]--; left[string(f)] < 0 {
						t.Errorf("port %d frame %d: only BMv2 sends %x", port, i, f)
					}
				}
				if len(want[port]) < len(got[port])/2 {
					t.Errorf("port %d: BMv2 sends %d frames of %d", port, len(want[port]), len(got[port]))
				}
			}
		})
	}
}

// bmv2 gives what leaves simple_switch by ports 0 and 1 for frames that arrive
// on port 0.
func bmv2(t *testing.T, exe, program string, frames [][]byte) map[uint32][][]byte {
	dir := t.TempDir()
	json, err := filepath.Abs("testdata/" + program + ".json")
	must(t, err)
	// A pipe, not a file: the switch reads as fast as it can, and its queues drop
	// silently what is too much for them.
	fifo := filepath.Join(dir, "p0_in.pcap")
	must(t, syscall.Mkfifo(fifo, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "p1_in.pcap"), capture(nil), 0o600))
	l, err := net.Listen("tcp", "127.0.0.1:0") // a free port for Thrift, which cannot be turned off
	must(t, err)
	thrift := l.Addr().(*net.TCPAddr).Port
	must(t, l.Close())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, "--use-files", "0", "-i", "0@p0", "-i", "1@p1", "--thrift-port", fmt.Sprint(thrift), json)
	cmd.Dir = dir
	must(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	in, err := os.OpenFile(fifo, os.O_RDWR, 0) // so that opening does not wait
	must(t, err)
	b := capture(frames)
	const chunk = 2048
	for len(b) > 0 {
		n := min(chunk, len(b))
		_, err := in.Write(b[:n])
		must(t, err)
		b = b[n:]
		time.Sleep(6 * time.Millisecond)
	}
	must(t, in.Close())
	// Every frame that is not dropped comes out within the deadline; when
	// nothing more has come for a while it is done.
	out := map[uint32][][]byte{}
	last, quiet := -1, 0
	for quiet < 8 {
		time.Sleep(250 * time.Millisecond)
		n := 0
		for port := range uint32(2) {
			out[port] = uncapture(filepath.Join(dir, fmt.Sprintf("p%d_out.pcap", port)))
			n += len(out[port])
		}
		if quiet++; n != last {
			last, quiet = n, 0
		}
		if ctx.Err() != nil {
			t.Fatal("simple_switch does not come to an end")
		}
	}
	return out
}

// capture writes a pcap file.
func capture(frames [][]byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, 2, 0, 4, 0)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, 65535)
	b = binary.LittleEndian.AppendUint32(b, 1)
	for i, f := range frames {
		us := uint32(i)
		for _, v := range []uint32{us / 1e6, us % 1e6, uint32(len(f)), uint32(len(f))} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		b = append(b, f...)
	}
	return b
}

// uncapture reads as much of a pcap file as is whole.
func uncapture(file string) (frames [][]byte) {
	b, err := os.ReadFile(file)
	if err != nil || len(b) < 24 {
		return nil
	}
	for b = b[24:]; len(b) >= 16; {
		n := int(binary.LittleEndian.Uint32(b[8:]))
		if len(b) < 16+n {
			break
		}
		frames = append(frames, b[16:16+n])
		b = b[16+n:]
	}
	return frames
}
