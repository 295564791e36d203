package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	namespaceDir    = "/run/netns"
	namespacePrefix = "fstargets-"
)

// world is three namespaces in a row: client - switch - server, each pair joined by veth.
type world struct {
	client, middle, server string // namespaces
}

// Interfaces, and the addresses of the hosts. Those of the client gateway's ports are the vectors'.
const (
	clientIface = "client0"
	lanIface    = "lan0" // the middle's, towards the client
	wanIface    = "wan0"
	serverIface = "server0"

	clientAddr  = "10.1.0.2"
	lanAddr     = "10.1.0.1"
	serviceAddr = "198.51.100.10" // the server that clients connect to
	replicaAddr = "192.0.2.1"     // where connections are translated to
	wanAddr     = "192.0.2.254"
)

// newWorld builds the namespaces. What an earlier run left behind, after a crash, is removed first.
func newWorld() (w *world, err error) {
	removeStale()
	at := fmt.Sprintf("%s%d-", namespacePrefix, os.Getpid())
	w = &world{at + "client", at + "switch", at + "server"}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	for _, ns := range []string{w.client, w.middle, w.server} {
		if err := ip("netns add %s", ns); err != nil {
			return nil, err
		}
		if err := within(ns, quietIPv6); err != nil {
			return nil, err
		}
		if err := ip("-n %s link set lo up", ns); err != nil {
			return nil, err
		}
	}
	for _, c := range []struct{ nsA, a, macA, nsB, b, macB string }{
		{w.client, clientIface, macClient, w.middle, lanIface, macLAN},
		{w.server, serverIface, macNobody, w.middle, wanIface, macWAN},
	} {
		if err := errors.Join(
			ip("-n %s link add name %s address %s type veth peer name %s address %s netns %s", c.nsA, c.a, c.macA, c.b, c.macB, c.nsB),
			ip("-n %s link set dev %s up", c.nsA, c.a), ip("-n %s link set dev %s up", c.nsB, c.b),
		); err != nil {
			return nil, err
		}
	}
	return w, errors.Join(
		ip("-n %s addr add %s/24 dev %s", w.client, clientAddr, clientIface),
		ip("-n %s neigh add %s lladdr %s dev %s", w.client, lanAddr, macLAN, clientIface),
		ip("-n %s route add default via %s dev %s", w.client, lanAddr, clientIface),
		ip("-n %s addr add %s/24 dev %s", w.server, replicaAddr, serverIface),
		ip("-n %s addr add %s/32 dev %s", w.server, serviceAddr, serverIface),
		ip("-n %s neigh add %s lladdr %s dev %s", w.server, wanAddr, macWAN, serverIface),
		ip("-n %s route add default via %s dev %s", w.server, wanAddr, serverIface),
		w.offload(true),
	)
}

// offload sets whether the hosts leave checksums and segments to a network card.
func (w *world) offload(on bool) error {
	state := map[bool]string{true: "on", false: "off"}[on]
	for ns, iface := range map[string]string{w.client: clientIface, w.server: serverIface} {
		args := []string{"netns", "exec", ns, "ethtool", "-K", iface}
		for _, f := range []string{"tx", "sg", "tso", "gso", "gro"} {
			args = append(args, f, state)
		}
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// answer lets the server's kernel take what is sent to it. Otherwise it is for another machine, as the
// kernel sees it, and the generator's packets get no resets.
func (w *world) answer(on bool) error {
	mac := macNobody
	if on {
		mac = macNextHop
	}
	return ip("-n %s link set dev %s address %s", w.server, serverIface, mac)
}

func (w *world) close() {
	for _, ns := range []string{w.client, w.middle, w.server} {
		_ = ip("netns del %s", ns) // one that was not made yet
	}
}

// removeStale removes namespaces of runs that have ended.
func removeStale() {
	names, _ := filepath.Glob(filepath.Join(namespaceDir, namespacePrefix+"*"))
	for _, path := range names {
		name := filepath.Base(path)
		pid, _, _ := strings.Cut(strings.TrimPrefix(name, namespacePrefix), "-")
		n, err := strconv.Atoi(pid)
		if err == nil && errors.Is(unix.Kill(n, 0), unix.ESRCH) {
			_ = ip("netns del %s", name)
		}
	}
}

func quietIPv6() error {
	for _, which := range []string{"all", "default"} {
		err := os.WriteFile("/proc/sys/net/ipv6/conf/"+which+"/disable_ipv6", []byte("1"), 0o644)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ip runs the ip command.
func ip(format string, args ...any) error {
	words := strings.Fields(fmt.Sprintf(format, args...))
	if out, err := exec.Command("ip", words...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(words, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// within runs f on a thread that is inside a namespace. Sockets that f opens stay there.
func within(namespace string, f func() error) error {
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		fd, err := unix.Open(filepath.Join(namespaceDir, namespace), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			_ = unix.Close(fd) // was only read
		}
		if err == nil {
			// /proc/sys/net is the thread's own namespace's.
			err = f()
		}
		ended <- err
	}()
	return <-ended
}

// dial connects from inside a namespace.
func dial(ctx context.Context, namespace, address string) (conn net.Conn, err error) {
	err = within(namespace, func() error {
		var d net.Dialer
		conn, err = d.DialContext(ctx, "tcp4", address)
		return err
	})
	return conn, err
}
