package ports

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// TestInterface sends through a veth pair of its own.
func TestInterface(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("making interfaces needs root")
	}
	ip, err := exec.LookPath("ip")
	if err != nil {
		t.Skip("needs the ip command (iproute2)")
	}
	const a, b = "fsport-a", "fsport-b"
	if out, err := exec.Command(ip, "link", "add", a, "type", "veth", "peer", "name", b).CombinedOutput(); err != nil {
		t.Skipf("no veth here: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command(ip, "link", "del", a).Run() })
	for _, dev := range []string{a, b} {
		_ = os.WriteFile("/proc/sys/net/ipv6/conf/"+dev+"/disable_ipv6", []byte("1"), 0o644)
		if out, err := exec.Command(ip, "link", "set", dev, "up").CombinedOutput(); err != nil {
			t.Fatalf("%s", out)
		}
	}
	awaitUp(t, a)
	awaitUp(t, b)
	pa, err := OpenInterface(a, InterfaceOptions{})
	if errors.Is(err, syscall.EPERM) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	pb, err := OpenInterface(b, InterfaceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan []byte, 16)
	fail := func(err error) { t.Error(err) }
	pa.Start(func([]byte) {}, fail)
	pb.Start(func(f []byte) {
		if len(f) > 13 && f[12] == 0x88 && f[13] == 0xb5 {
			got <- bytes.Clone(f)
		}
	}, fail)
	frame := append([]byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x88\xb5"), bytes.Repeat([]byte("x"), 50)...)
	if err := pa.Send(frame); err != nil {
		t.Fatal(err)
	}
	select {
	case f := <-got:
		if !bytes.Equal(f, frame) {
			t.Errorf("got %x", f)
		}
	case <-time.After(5 * time.Second):
		t.Error("nothing arrived")
	}
	if err := errors.Join(pa.Close(), pb.Close(), pb.Close()); err != nil {
		t.Fatal(err)
	}
	if err := pa.Send(frame); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// awaitUp waits until the kernel has seen the link come up: before that it drops what is sent.
func awaitUp(t *testing.T, dev string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if state, err := os.ReadFile("/sys/class/net/" + dev + "/operstate"); err == nil && string(bytes.TrimSpace(state)) == "up" {
			return
		}
	}
	t.Fatalf("%s did not come up", dev)
}

func TestNoInterface(t *testing.T) {
	if _, err := OpenInterface("no-such-thing", InterfaceOptions{}); err == nil {
		t.Error("an interface that does not exist was opened")
	}
}
