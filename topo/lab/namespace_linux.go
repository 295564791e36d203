package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// namespaceDir is where iproute2 keeps the namespaces that have names.
const namespaceDir = "/run/netns"

// command runs a program and makes an error of what it says.
func command(ctx context.Context, argv ...string) error {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err == nil {
		return nil
	}
	text := strings.TrimSpace(string(out))
	if text == "" {
		text = err.Error()
	}
	return fmt.Errorf("%s: %s%s", strings.Join(argv, " "), text, hint(text))
}

// hint says what a message of iproute2 is about.
func hint(text string) string {
	switch {
	case strings.Contains(text, "Unknown device type"), strings.Contains(text, "Operation not supported"):
		return " (the kernel lacks this kind of interface: veth and bridge are needed, CONFIG_VETH and CONFIG_BRIDGE)"
	case strings.Contains(text, "Operation not permitted"):
		return " (root is needed, in a container also the capability CAP_SYS_ADMIN)"
	}
	return ""
}

// builder runs ip commands until one fails.
type builder struct {
	ctx context.Context
	err error
}

func (b *builder) run(argv ...string) {
	if b.err == nil {
		b.err = command(b.ctx, argv...)
	}
}

// in runs "ip -n NAMESPACE …"; the words are separated by blanks.
func (b *builder) in(namespace, format string, args ...any) {
	words := strings.Fields(fmt.Sprintf(format, args...))
	b.run(append([]string{"ip", "-n", namespace}, words...)...)
}

// addNamespace makes a namespace without IPv6, whose own traffic would only be in the way.
func (b *builder) addNamespace(name string) {
	b.run("ip", "netns", "add", name)
	b.in(name, "link set lo up")
	b.sysctl(name, "net.ipv6.conf.all.disable_ipv6", "1")
	b.sysctl(name, "net.ipv6.conf.default.disable_ipv6", "1")
}

// sysctl sets a value of a namespace; one that the kernel does not have is passed over.
func (b *builder) sysctl(namespace, key, value string) {
	if b.err != nil {
		return
	}
	err := within(namespace, func() error {
		return os.WriteFile(filepath.Join("/proc/sys", strings.ReplaceAll(key, ".", "/")), []byte(value), 0o644)
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		b.err = fmt.Errorf("namespace %s: sysctl %s: %w", namespace, key, err)
	}
}

// within runs f on a thread inside the namespace. What f starts on other goroutines is outside.
func within(namespace string, f func() error) error {
	runtime.LockOSThread()
	own, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("namespace %s: %w", namespace, err)
	}
	defer own.Close()
	other, err := os.Open(filepath.Join(namespaceDir, namespace))
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("namespace %s: %w", namespace, err)
	}
	defer other.Close()
	if err := unix.Setns(int(other.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("namespace %s: enter: %w", namespace, err)
	}
	err = f()
	if back := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET); back != nil {
		// The thread stays locked, so that it ends with its goroutine and runs nothing else.
		return errors.Join(err, fmt.Errorf("namespace %s: leave: %w", namespace, back))
	}
	runtime.UnlockOSThread()
	return err
}

// dial connects from inside a namespace to an address and port, by numbers.
func dial(ctx context.Context, namespace, address string) (net.Conn, error) {
	var conn net.Conn
	err := within(namespace, func() (err error) {
		var d net.Dialer
		conn, err = d.DialContext(ctx, "tcp4", address)
		return err
	})
	return conn, err
}

// inode identifies a namespace that has a name; 0 when there is none.
func inode(namespace string) uint64 {
	var st unix.Stat_t
	if unix.Stat(filepath.Join(namespaceDir, namespace), &st) != nil {
		return 0
	}
	return st.Ino
}
