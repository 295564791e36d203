package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// path is a way from clients to a server: through a switch, a proxy, or the kernel.
type path struct {
	name     string
	device   *device // a switch, or a proxy's process; nil for the kernel's own routing
	address  string  // what clients connect to
	offloads bool
}

const (
	connects     = 500
	transferTime = 2 * time.Second
	patience     = 10 * time.Second
)

// pathResult is what clients see.
type pathResult struct {
	connect, firstByte []time.Duration // sorted
	throughput         float64         // bit/s of one connection
}

// origin is a server that answers a byte with a byte, and 'd' with data without end.
type origin struct {
	listener net.Listener
}

func newOrigin(w *world) (*origin, error) {
	o := &origin{}
	err := within(w.server, func() (err error) {
		o.listener, err = net.Listen("tcp4", replicaAddr+":80")
		return err
	})
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := o.listener.Accept()
			if err != nil {
				return // closed
			}
			go serve(conn)
		}
	}()
	return o, nil
}

func serve(conn net.Conn) {
	defer conn.Close()
	b := make([]byte, 256<<10)
	if _, err := io.ReadFull(conn, b[:1]); err != nil {
		return
	}
	if b[0] != 'd' {
		_, _ = conn.Write(b[:1]) // the client misses it
		return
	}
	for {
		if _, err := conn.Write(b); err != nil {
			return // the client has enough
		}
	}
}

// measure lets a client connect again and again, from the ports that are translated, and transfer for a while.
func (p path) measure(w *world) (pathResult, error) {
	var r pathResult
	for i := range connects {
		start := time.Now()
		conn, err := p.connect(w, firstPort+i)
		if err != nil {
			return r, fmt.Errorf("%s: connection %d: %w", p.name, i, err)
		}
		connected := time.Since(start)
		b := []byte{'e'}
		if _, err = conn.Write(b); err == nil {
			_, err = io.ReadFull(conn, b)
		}
		r.connect, r.firstByte = append(r.connect, connected), append(r.firstByte, time.Since(start))
		_ = conn.Close() // with a reset
		if err != nil {
			return r, fmt.Errorf("%s: connection %d: %w", p.name, i, err)
		}
	}
	slices.Sort(r.connect)
	slices.Sort(r.firstByte)
	conn, err := p.connect(w, firstPort+connects)
	if err != nil {
		return r, fmt.Errorf("%s: %w", p.name, err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{'d'}); err != nil {
		return r, fmt.Errorf("%s: %w", p.name, err)
	}
	buf := make([]byte, 256<<10)
	start, bytes := time.Now(), 0
	for time.Since(start) < transferTime {
		n, err := conn.Read(buf)
		if err != nil {
			return r, fmt.Errorf("%s: transfer: %w", p.name, err)
		}
		bytes += n
	}
	r.throughput = float64(bytes) * 8 / time.Since(start).Seconds()
	return r, nil
}

// connect opens a connection from a port.
func (p path) connect(w *world, port int) (conn *net.TCPConn, err error) {
	err = within(w.client, func() error {
		d := net.Dialer{LocalAddr: &net.TCPAddr{Port: port}, Timeout: patience}
		c, err := d.DialContext(context.Background(), "tcp4", p.address)
		if err != nil {
			return err
		}
		conn = c.(*net.TCPConn)
		return nil
	})
	if err != nil {
		return nil, err
	}
	_ = conn.SetLinger(0) // the port is free for the next round at once
	return conn, conn.SetDeadline(time.Now().Add(patience))
}

// routed lets the middle's kernel have addresses, and forward or not.
func (w *world) routed(on bool) error {
	forward := map[bool]string{true: "1", false: "0"}[on]
	err := within(w.middle, func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte(forward), 0o644) })
	for iface, address := range map[string]string{lanIface: lanAddr, wanIface: wanAddr} {
		if err == nil {
			err = ip("-n %s addr flush dev %s", w.middle, iface)
		}
		if err == nil && on {
			err = ip("-n %s addr add %s/24 dev %s", w.middle, address, iface)
		}
	}
	if err == nil && on {
		err = ip("-n %s neigh replace %s lladdr %s dev %s", w.middle, clientAddr, macClient, lanIface)
	}
	return err
}

// proxies are the TCP proxies that are installed; missing says which are not, and why.
func proxies(dir string) (found []path, missing []string, err error) {
	haproxy := fmt.Sprintf(`global
  maxconn 4096
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen web
  bind %s:80
  server origin %s:80
`, lanAddr, replicaAddr)
	nginx := fmt.Sprintf(`daemon off;
pid %[1]s/nginx.pid;
error_log %[1]s/nginx.log;
%[2]s
events {}
stream {
  server {
    listen %[3]s:80;
    proxy_pass %[4]s:80;
  }
}
`, dir, streamModule(), lanAddr, replicaAddr)
	for _, c := range []struct{ name, binary, file, text string }{
		{"haproxy (TCP mode)", "haproxy", "haproxy.cfg", haproxy}, {"nginx (stream)", "nginx", "nginx.conf", nginx},
	} {
		binary, lookErr := exec.LookPath(c.binary)
		if lookErr != nil {
			missing = append(missing, c.binary+" as TCP proxy: not on PATH")
			continue
		}
		file := filepath.Join(dir, c.file)
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			return nil, nil, err
		}
		argv := []string{binary, "-f", file}
		if c.binary == "nginx" {
			argv = []string{binary, "-p", dir, "-c", file}
			// Not in the switch's namespace, it fails in any case: its addresses are not here.
			if out, _ := exec.Command(binary, "-t", "-p", dir, "-c", file).CombinedOutput(); strings.Contains(string(out), `unknown directive "stream"`) {
				missing = append(missing, "nginx as TCP proxy: it has no stream module (apt-get install libnginx-mod-stream)")
				continue
			}
		}
		found = append(found, path{name: c.name, device: &device{name: c.name, argv: argv, listens: lanAddr + ":80"}, address: lanAddr + ":80", offloads: true})
	}
	return found, missing, nil
}

// streamModule loads nginx's module where it is one.
func streamModule() string {
	const file = "/usr/lib/nginx/modules/ngx_stream_module.so"
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return "load_module " + file + ";"
}
