package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// capture records what the client's interface sees; the function it returns ends that and gives the file.
func (b *bench) capture() (stop func() string) {
	file := filepath.Join(b.Dir(), "client.pcap")
	cmd := b.Command(b.ctx, b.client, "tshark", "-i", b.Layout.Host(b.client).Interface, "-B", "64", "-F", "pcap", "-w", file)
	said, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	var text []byte
	one := make([]byte, 1)
	for !bytes.Contains(text, []byte("Capturing on")) {
		if _, err := said.Read(one); err != nil {
			b.Fatalf("tshark: %v\n%s", err, text)
		}
		text = append(text, one...)
	}
	for ctx := b.ctx; ; { // it says so before it does
		if _, err := os.Stat(file); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			b.Fatal("tshark does not begin")
		case <-time.After(pollInterval):
		}
	}
	return func() string {
		if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, said)
		if err := cmd.Wait(); err != nil {
			b.Errorf("tshark: %v", err)
		}
		return file
	}
}

// judgeCapture looks for what a client must not see: a wrong checksum, a packet from anybody but the server, a tag, a
// tunnel. After other failures it shows the resets, too.
func (b *bench) judgeCapture(file string, broken bool) {
	client := b.Layout.Host(b.client).Addresses[0].Addr()
	server := b.Layout.Services[0].Server.Addr()
	gateway := b.Layout.Host(b.client).Via
	// What the client sends is seen before the switch finishes it, when it may leave that to others.
	finished := ""
	if b.state.Switch.offloads() {
		finished = fmt.Sprintf(" and ip.dst == %s", client)
	}
	unseen := []struct{ what, filter string }{
		{"wrong IP checksum", `ip.checksum.status == "Bad"`},
		// Linux sends a checksum of 0xffff where 0 is due, which is the same number; tshark calls it bad.
		{"wrong TCP checksum", `tcp.checksum.status == "Bad" and not tcp.checksum == 0xffff` + finished},
		{"packet from a stranger", fmt.Sprintf("ip.dst == %s and not ip.src == %s and not (icmp and ip.src == %s)", client, server, gateway)},
		{"packet to a stranger", fmt.Sprintf("ip.src == %s and not ip.dst == %s", client, server)},
		{"packet of others", fmt.Sprintf("ip and not ip.addr == %s", client)},
		{"tunnelled packet", "ip.proto == 4"},
		{"tag", "tcp.option_kind == 253"},
	}
	var all []string
	for _, u := range unseen {
		all = append(all, "("+u.filter+")")
	}
	if n, _ := b.search(file, strings.Join(all, " or ")); n > 0 { // one pass where nothing is wrong
		for _, u := range unseen {
			if n, first := b.search(file, u.filter); n > 0 {
				b.Errorf("%s: %d times, the first:\n%s", u.what, n, first)
			}
		}
	}
	b.oneAnswer(file)
	if broken || b.Failed() {
		if n, first := b.search(file, "tcp.flags.reset == 1"); n > 0 {
			b.Logf("%d resets, the first:\n%s", n, first)
		}
	}
	if n, _ := b.search(file, "tcp"); n < 1000 {
		b.Errorf("only %d TCP packets were captured", n)
	} else {
		b.Logf("%d TCP packets looked at", n)
	}
}

// oneAnswer looks for connections whose SYN was answered by two different servers. What comes when the client has closed
// the connection does not count: a SYN that it sent twice may reach a server that has forgotten the connection by then,
// which answers it as it would any old duplicate (RFC 9293 section 3.5), and is reset.
func (b *bench) oneAnswer(file string) {
	client := b.Layout.Host(b.client).Addresses[0].Addr()
	out := b.tshark(file, fmt.Sprintf("tcp.flags.syn == 1 and tcp.flags.ack == 1 or ip.src == %s and (tcp.flags.fin == 1 or tcp.flags.reset == 1)", client),
		"-T", "fields", "-e", "tcp.flags.syn", "-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "tcp.ack_raw", "-e", "tcp.seq_raw")
	type answer struct{ acknowledged, number string }
	answers := make(map[string][]answer) // by the client's port
	closed := make(map[string]bool)
	count, late := 0, 0
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 5 {
			b.Fatalf("tshark prints %q", line)
		}
		if f[0] != "1" && f[0] != "True" {
			closed[f[1]] = true
			continue
		}
		port, this := f[2], answer{f[3], f[4]}
		known := false
		for _, other := range answers[port] {
			if other.acknowledged != this.acknowledged {
				continue
			}
			known = true
			switch {
			case other.number == this.number:
			case closed[port]:
				late++
			default:
				b.Errorf("connection from port %s, acknowledged %s, has two answers: %s and %s", port, this.acknowledged, other.number, this.number)
			}
		}
		if !known {
			count++
			closed[port] = false
			answers[port] = append(answers[port], this)
		}
	}
	b.Logf("%d connections were answered; %d answers came to closed ones", count, late)
}

// shown is how many packets are shown of a kind.
const shown = 5

// search counts the packets that a display filter finds.
func (b *bench) search(file, filter string) (n int, first string) {
	out := b.tshark(file, filter, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
	n = bytes.Count(out, []byte("\n"))
	lines := strings.SplitAfterN(string(out), "\n", shown+1)
	return n, strings.Join(lines[:min(shown, len(lines))], "")
}

// tshark prints the packets that a display filter finds. Only headers are looked at: putting streams together would
// take minutes.
func (b *bench) tshark(file, filter string, options ...string) []byte {
	argv := append([]string{"-n", "-r", file, "-t", "ud", "-Y", filter, "--disable-protocol", "http", "-o", "tcp.desegment_tcp_streams:FALSE",
		"-o", "tcp.analyze_sequence_numbers:FALSE"}, options...)
	out, err := exec.CommandContext(b.ctx, "tshark", argv...).Output()
	if err != nil {
		b.Fatalf("tshark -Y %q: %v", filter, err)
	}
	return out
}
