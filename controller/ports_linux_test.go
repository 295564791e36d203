package controller_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/softswitch/ports"
)

func ip(t *testing.T, format string, args ...any) error {
	t.Helper()
	words := strings.Fields(fmt.Sprintf(format, args...))
	out, err := exec.Command("ip", words...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %v: %w: %s", words, err, out)
	}
	return nil
}

// TestRealLink has a replica behind a real interface, whose peer goes down and comes back: the kernel tells the switch, the
// switch tells the controller, and the replica is withdrawn and raced again.
func TestRealLink(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: making interfaces needs root: sudo -E go test")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("NOT RUN: needs ip (apt-get install iproute2)")
	}
	id := os.Getpid() % 100000
	name, namespace := fmt.Sprintf("fsp%d", id), fmt.Sprintf("fsports-controller-%d", id)
	if err := ip(t, "netns add %s", namespace); err != nil {
		t.Skipf("NOT RUN: no network namespace could be made; a container needs --privileged, a kernel CONFIG_NET_NS: %v", err)
	}
	t.Cleanup(func() { _ = ip(t, "netns del %s", namespace) })
	if err := ip(t, "link add %s type veth peer name eth0 netns %s", name, namespace); err != nil {
		t.Skipf("NOT RUN: no veth pair could be made; modprobe veth, or a kernel with CONFIG_VETH: %v", err)
	}
	t.Cleanup(func() { _ = ip(t, "link del %s", name) })
	_ = os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0o644)
	peer := func(state string) {
		t.Helper()
		if err := ip(t, "-n %s link set dev eth0 %s", namespace, state); err != nil {
			t.Fatal(err)
		}
	}
	if err := ip(t, "link set dev %s up", name); err != nil {
		t.Fatal(err)
	}
	peer("up")

	l := newLab(t)
	c := network(config.OriginStandby, "A", "B")
	followed(c)
	const behind = 3
	rgB, replica := &c.Switches[3], netip.MustParseAddr("198.51.109.10")
	rgB.Ports = append(rgB.Ports, config.Port{Port: behind, Side: config.WAN, MAC: mac(0x33), Addresses: []netip.Prefix{netip.MustParsePrefix("198.51.109.1/24")}})
	rgB.Neighbors = append(rgB.Neighbors, config.Neighbor{Address: replica, Port: behind, MAC: mac(0x34)})
	c.Services[0].Replicas[1].Address = replica
	c.Complete()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	l.build(c)
	sw := l.switches["rgB"].sw
	iface, err := ports.OpenInterface(name, ports.InterfaceOptions{Logger: logger()})
	if errors.Is(err, os.ErrPermission) {
		t.Skipf("NOT RUN: a port on the interface needs AF_PACKET and CAP_NET_RAW; a container needs --privileged: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := sw.AddPort(behind, iface); err != nil {
		t.Fatal(err)
	}
	iface.StartBursts(sw.Receiver(behind).Receive, func(err error) { t.Error(err) })
	if err := iface.WatchLink(func(link ports.Link) { _ = sw.SetPortLink(behind, link) }); err != nil {
		t.Fatal(err)
	}
	k := l.control(c)
	k.untilFollowed(4)
	k.untilRaced("replica-A", "replica-B")
	time.Sleep(1100 * time.Millisecond) // the kernel tells of the first change at once, of others once a second
	began := time.Now()
	peer("down")
	k.untilRaced("replica-A")
	if took := time.Since(began); took > time.Second {
		t.Errorf("withdrawn %v after the link went down", took)
	} else {
		t.Logf("withdrawn %v after the link was told to go down", took)
	}
	peer("up")
	k.untilRaced("replica-A", "replica-B")
}
