package ports

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// hosts are two namespaces with a third between them, of this test alone.
type hosts struct{ a, middle, b string }

// newHosts joins the namespaces by veth pairs: eth0 of each host is at port-a and port-b of the middle.
// All offloads are on.
func newHosts(t *testing.T) hosts {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: network namespaces need root (sudo)")
	}
	for tool, pkg := range map[string]string{"ip": "iproute2", "ethtool": "ethtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT TESTED: needs %s (apt-get install %s)", tool, pkg)
		}
	}
	at := fmt.Sprintf("fsports-%d-", os.Getpid())
	h := hosts{at + "a", at + "middle", at + "b"}
	for _, ns := range []string{h.a, h.middle, h.b} {
		if out, err := exec.Command("ip", "netns", "add", ns).CombinedOutput(); err != nil {
			t.Skipf("NOT TESTED: needs a kernel with network namespaces (CONFIG_NET_NS) and CAP_SYS_ADMIN: %s", out)
		}
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", ns).Run() })
	}
	// The middle has no addresses of its own, and nothing to say.
	inside(t, h.middle, func() error {
		err := os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0o644)
		if os.IsNotExist(err) {
			return nil
		}
		return err
	})
	for i, host := range []string{h.a, h.b} {
		port := "port-" + string("ab"[i])
		words := strings.Fields(fmt.Sprintf("-n %s link add name eth0 address 02:00:00:00:00:0%d type veth peer name %s netns %s", host, i+1, port, h.middle))
		if out, err := exec.Command("ip", words...).CombinedOutput(); err != nil {
			t.Skipf("NOT TESTED: needs a kernel with veth (CONFIG_VETH, modprobe veth): %s", out)
		}
		run(t, "ip -n %s addr add 10.0.0.%d/24 dev eth0", host, i+1)
		run(t, "ip -n %s addr add fd00::%d/64 dev eth0 nodad", host, i+1)
		run(t, "ip -n %s link set dev eth0 up", host)
		run(t, "ip -n %s link set dev %s up", h.middle, port)
		run(t, "ip netns exec %s ethtool -K eth0 tx on sg on tso on gso on gro on", host)
	}
	return h
}

func run(t *testing.T, format string, args ...any) {
	t.Helper()
	words := strings.Fields(fmt.Sprintf(format, args...))
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(words, " "), err, out)
	}
}

// inside runs f on a thread that is in a namespace; sockets that f opens stay there.
func inside(t *testing.T, namespace string, f func() error) {
	t.Helper()
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		fd, err := unix.Open(filepath.Join("/run/netns", namespace), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			_ = unix.Close(fd) // was only entered
		}
		if err == nil {
			err = f()
		}
		ended <- err
	}()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// openInside opens an interface in a namespace until the test ends.
func openInside(t *testing.T, namespace, name string, opt InterfaceOptions) *Interface {
	t.Helper()
	var p *Interface
	inside(t, namespace, func() (err error) {
		p, err = OpenInterface(name, opt)
		return err
	})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}
