package lab

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/firstack/firstack/topo/host"
)

// nginxConfig is that of a host's web server. It names its site in a header, as the web servers of the network in
// one process do, answers probes at /health and gives every file at 128 KiB a second below /slow/, for connections that
// last. Everything it writes is below dir.
func nginxConfig(h *Host, dir string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Web server of %[1]s.
daemon off;
worker_processes 1;
pid %[2]s/nginx/%[1]s.pid;
error_log %[2]s/log/nginx-%[1]s.log warn;
events { worker_connections 8192; }
http {
	access_log %[2]s/log/nginx-%[1]s.access.log;
	client_body_temp_path %[2]s/nginx/%[1]s.body;
	proxy_temp_path %[2]s/nginx/%[1]s.proxy;
	fastcgi_temp_path %[2]s/nginx/%[1]s.fastcgi;
	uwsgi_temp_path %[2]s/nginx/%[1]s.uwsgi;
	scgi_temp_path %[2]s/nginx/%[1]s.scgi;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 100000;
	types { text/html html; }
	default_type application/octet-stream;
	server {
`, h.Name, dir)
	for _, at := range h.Listen {
		fmt.Fprintf(&b, "\t\tlisten %s backlog=4096;\n", at)
	}
	fmt.Fprintf(&b, `		root %s;
		add_header %s "%s" always;
		add_header %s "$remote_addr:$remote_port" always;
		location = /health { return 200; }
		location /slow/ { alias %s/; limit_rate 128k; }
	}
}
`, filepath.Join(dir, "www"), host.HeaderServedBy, h.Site, host.HeaderClient, filepath.Join(dir, "www"))
	return b.String()
}
