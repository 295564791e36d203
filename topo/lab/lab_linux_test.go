package lab

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/topo/spec"
)

var (
	switchFlag = flag.String("switch", "", "run the tests on whole labs with this switch: firstack, bmv2 or all (needs root)")
	binFlag    = flag.String("bin", "", "directory of firstack and firstack-switch; empty: they are built")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestLab runs everything on real kernels, with nginx and curl, in each configuration. It needs root, and is asked
// for with -switch; `make lab-test` does.
func TestLab(t *testing.T) {
	if *switchFlag == "" {
		t.Skip("NOT RUN: labs on real kernels; ask with -switch firstack or -switch bmv2, or run `make lab-test`")
	}
	if os.Geteuid() != 0 {
		t.Skip("NOT RUN: labs on real kernels need root")
	}
	switches := Switches
	if *switchFlag != "all" {
		sw, err := ParseSwitch(*switchFlag)
		if err != nil {
			t.Fatal(err)
		}
		switches = []Switch{sw}
	}
	for _, tool := range []string{"curl", "wrk", "tshark"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v (apt-get install curl wrk tshark)", err)
		}
	}
	bin := binaries(t)
	for _, sw := range switches {
		t.Run(string(sw), func(t *testing.T) {
			if _, err := exec.LookPath(sw.binary()); err != nil && sw == BMv2 && *switchFlag == "all" {
				t.Skipf("NOT RUN: %v (%s)", err, howTo[sw.binary()])
			}
			for _, c := range []spec.Configuration{spec.ConfigurationA, spec.ConfigurationB, spec.ConfigurationC} {
				t.Run("configuration "+string(c), func(t *testing.T) { testConfiguration(t, sw, bin, c) })
			}
		})
	}
}

// TestCrash kills `firstack lab up` at several moments: Down removes what is there, and nothing else.
func TestCrash(t *testing.T) {
	if *switchFlag == "" || os.Geteuid() != 0 {
		t.Skip("NOT RUN: labs on real kernels need root and -switch, or `make lab-test`")
	}
	const name = "test-crash"
	firstack := filepath.Join(binaries(t), "firstack")
	for _, after := range []time.Duration{20, 100, 250, 400, 600, 900, 1300, 2500} {
		after *= time.Millisecond
		t.Run(after.String(), func(t *testing.T) {
			up := exec.CommandContext(t.Context(), firstack, "lab", "up", "--name", name)
			if err := up.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(after) // the moment of the crash
			if err := up.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			_ = up.Wait()
			s, _, err := Status(name)
			if errors.Is(err, ErrNoLab) {
				return // it had not begun
			}
			if err != nil {
				t.Fatal(err)
			}
			// Somebody's own process in a namespace of the lab is not the lab's.
			var guest *exec.Cmd
			if len(s.Namespaces) > 0 && inode(s.Namespaces[0]) != 0 {
				guest = exec.Command("ip", "netns", "exec", s.Namespaces[0], "sleep", "600")
				if err := guest.Start(); err != nil {
					t.Fatal(err)
				}
			}
			if err := Down(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			if guest != nil {
				if err := guest.Process.Signal(syscall.Signal(0)); err != nil {
					t.Errorf("somebody's own process is gone: %v", err)
				}
				_ = guest.Process.Kill()
				_ = guest.Wait()
			}
			nothingLeft(t, s)
			if err := Down(t.Context(), name); !errors.Is(err, ErrNoLab) {
				t.Errorf("down again: %v", err)
			}
		})
	}
}

// binaries returns the directory of the programs.
func binaries(t *testing.T) string {
	t.Helper()
	if *binFlag != "" {
		return *binFlag
	}
	dir := t.TempDir()
	root := "github.com/firstack/firstack/cmd/"
	out, err := exec.Command("go", "build", "-o", dir+"/", root+"firstack", root+"firstack-switch").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return dir
}

// bench is one lab under test.
type bench struct {
	*testing.T
	*Lab
	ctx     context.Context
	client  string
	url     string
	origin  string   // site
	serving []string // sites of the replicas
}

func testConfiguration(t *testing.T, sw Switch, bin string, c spec.Configuration) {
	top, err := spec.Default()
	if err != nil {
		t.Fatal(err)
	}
	top.SetConfiguration(c)
	name := "test-" + strings.ToLower(string(c))
	opts := Options{Name: name, Switch: sw, FirstackBinary: filepath.Join(bin, "firstack")}
	if sw == Firstack {
		opts.SwitchBinary = filepath.Join(bin, "firstack-switch")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	start := time.Now()
	l, err := Up(ctx, top, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("up after %.1f s", time.Since(start).Seconds())
	t.Cleanup(func() {
		if err := l.Down(context.Background()); err != nil {
			t.Error(err)
		}
		state := l.State()
		nothingLeft(t, &state)
	})
	service := l.Layout.Services[0]
	b := &bench{T: t, Lab: l, ctx: ctx, client: l.Layout.HostsOf(spec.Client)[0].Name, url: "http://" + service.Server.String() + "/"}
	b.origin = l.Layout.Host(service.Origins[0]).Site
	for _, r := range service.Replicas {
		b.serving = append(b.serving, l.Layout.Host(r.Host).Site)
	}

	stop := b.capture()
	for _, step := range []struct {
		name string
		run  func(*bench)
	}{
		{"every file", (*bench).everyFile},
		{"controller killed", (*bench).controllerKilled},
		{"switches killed", (*bench).switchesKilled},
		{"thousand connections", (*bench).thousandConnections},
	} {
		t.Run(step.name, func(t *testing.T) {
			sub := *b
			sub.T = t
			step.run(&sub)
		})
	}
	t.Run("capture", func(t *testing.T) {
		sub := *b
		sub.T = t
		sub.judgeCapture(stop())
	})
}

// fetched is what curl says of a request.
type fetched struct {
	site    string
	connect time.Duration
}

// fetch gets a file with curl and compares its bytes.
func (b *bench) fetch(file string, args ...string) (fetched, error) {
	var out, errOut bytes.Buffer
	const form = "%{stderr}%{time_connect} %header{x-served-by}"
	argv := append([]string{"curl", "-sS", "--max-time", "60", "-w", form}, args...)
	cmd := b.Command(b.ctx, b.client, append(argv, b.url+file)...)
	hash := sha256.New()
	cmd.Stdout, cmd.Stderr = io.MultiWriter(hash, &out), &errOut
	if err := cmd.Run(); err != nil {
		return fetched{}, fmt.Errorf("curl %s: %w: %s", file, err, errOut.String())
	}
	want, err := Sum(b.Layout.Seed, file)
	if err != nil {
		return fetched{}, err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		return fetched{}, fmt.Errorf("%s: %d bytes with SHA-256 %s, want %s", file, out.Len(), got, want)
	}
	seconds, site, _ := strings.Cut(errOut.String(), " ")
	s, err := strconv.ParseFloat(seconds, 64)
	return fetched{site: site, connect: time.Duration(s * float64(time.Second))}, err
}

// everyFile is won by a replica each time, within the time that its race takes.
func (b *bench) everyFile() {
	for _, f := range Files {
		got, err := b.fetch(f.Name)
		if err != nil {
			b.Error(err)
			continue
		}
		if !slices.Contains(b.serving, got.site) {
			b.Errorf("%s is served by %q, want one of %v", f.Name, got.site, b.serving)
		}
		b.Logf("%s served by %s, connected in %.1f ms", f.Name, got.site, float64(got.connect.Microseconds())/1e3)
	}
	// The quickest of several races is won by the leg that is shortest, and takes as long as that.
	winner, leg := b.shortestLeg()
	best := fetched{connect: time.Hour}
	for range 5 {
		got, err := b.fetch("1k")
		if err != nil {
			b.Fatal(err)
		}
		if got.connect < best.connect {
			best = got
		}
	}
	if best.site != winner || best.connect < leg || best.connect > leg+leg/10+20*time.Millisecond {
		b.Errorf("the quickest race was won by %s after %v; the shortest leg is that over %s with %v", best.site, best.connect, winner, leg)
	}
}

// shortestLeg returns the replica's site over which a SYN-ACK comes first, and when: from the client by the origin
// and the replica back.
func (b *bench) shortestLeg() (site string, leg time.Duration) {
	oneWay := make(map[[2]string]time.Duration)
	for _, p := range b.Layout.Core.Paths {
		oneWay[[2]string{b.Layout.Gateway(p.From).Site, b.Layout.Gateway(p.To).Site}] = p.Shape.Delay
	}
	home := b.Layout.Host(b.client).Site
	for _, r := range b.serving {
		d := oneWay[[2]string{home, b.origin}] + oneWay[[2]string{b.origin, r}] + oneWay[[2]string{r, home}]
		if site == "" || d < leg {
			site, leg = r, d
		}
	}
	return site, leg
}

// slowly starts a transfer that takes about eight seconds; its result comes by the channel.
func (b *bench) slowly() <-chan error {
	result := make(chan error, 1)
	go func() {
		_, err := b.fetch("16m", "--limit-rate", "2M")
		result <- err
	}()
	return result
}

// controllerKilled breaks no connection and keeps none from being opened.
func (b *bench) controllerKilled() {
	old := b.slowly()
	for range 3 { // some are learned, some are young
		if _, err := b.fetch("64k"); err != nil {
			b.Error(err)
		}
	}
	if err := b.Kill(controllerProcess); err != nil {
		b.Fatal(err)
	}
	for range 5 {
		if got, err := b.fetch("64k"); err != nil || !slices.Contains(b.serving, got.site) {
			b.Errorf("without a controller: served by %q, error %v", got.site, err)
		}
	}
	if err := b.Restart(controllerProcess); err != nil {
		b.Fatal(err)
	}
	if err := b.WaitReady(b.ctx); err != nil {
		b.Fatal(err)
	}
	if got, err := b.fetch("64k"); err != nil || !slices.Contains(b.serving, got.site) {
		b.Errorf("after the controller came back: served by %q, error %v", got.site, err)
	}
	if err := <-old; err != nil {
		b.Errorf("the transfer that was running: %v", err)
	}
}

// learned waits until the controller has learned a connection that is open.
func (b *bench) learned() error {
	return b.poll(b.ctx, func(ctx context.Context) error {
		text, err := b.Ask(ctx, "/v1/translations")
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte(`"state": "open"`)) {
			return errors.New("no translation is open")
		}
		return nil
	})
}

// afresh is how long new connections may take to work after a switch has come back.
const afresh = 5 * time.Second

// switchesKilled takes each kind of gateway away in turn. Its program and entries come back by themselves, and with
// them the connections that ran through it: the controller remembers.
func (b *bench) switchesKilled() {
	for _, role := range []spec.Role{spec.ClientGateway, spec.ServerGateway, spec.ReplicaGateway} {
		i := slices.IndexFunc(b.Layout.Gateways, func(g Gateway) bool { return g.Role == role })
		name := b.Layout.Gateways[i].Name
		old := b.slowly()
		if err := b.learned(); err != nil {
			b.Fatal(err)
		}
		if err := b.Kill(name); err != nil {
			b.Fatal(err)
		}
		if err := b.Restart(name); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		for {
			got, err := b.fetch("1k", "--connect-timeout", "1")
			if err == nil && slices.Contains(b.serving, got.site) {
				break
			}
			if time.Since(start) > afresh {
				b.Errorf("%s: no raced connection %v after it came back: served by %q, error %v", name, afresh, got.site, err)
				break
			}
		}
		b.Logf("%s: connections are raced %.1f s after it came back", name, time.Since(start).Seconds())
		if err := b.WaitReady(b.ctx); err != nil {
			b.Fatal(err)
		}
		if err := <-old; err != nil {
			b.Errorf("%s: the transfer that was running: %v", name, err)
		}
	}
}

var (
	wrkErrors   = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
)

// thousandConnections opens as many at once, and uses each.
func (b *bench) thousandConnections() {
	out, err := b.Command(b.ctx, b.client, "wrk", "-t", "2", "-c", "1000", "-d", "8s", "--timeout", "15s", b.url+"1k").CombinedOutput()
	if err != nil {
		b.Fatalf("wrk: %v\n%s", err, out)
	}
	b.Logf("%s", out)
	if m := wrkErrors.FindStringSubmatch(string(out)); m != nil {
		b.Errorf("%s", m[0])
	}
	if strings.Contains(string(out), "Non-2xx") {
		b.Error("not every answer is 200")
	}
	m := wrkRequests.FindStringSubmatch(string(out))
	if m == nil {
		b.Fatal("wrk does not say how many requests there were")
	}
	if n, err := strconv.Atoi(m[1]); err != nil || n < 1000 {
		b.Errorf("%s requests on 1000 connections", m[1])
	}
}

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
// tunnel.
func (b *bench) judgeCapture(file string) {
	client := b.Layout.Host(b.client).Addresses[0].Addr()
	server := b.Layout.Services[0].Server.Addr()
	gateway := b.Layout.Host(b.client).Via
	unseen := []struct{ what, filter string }{
		{"wrong IP checksum", `ip.checksum.status == "Bad"`},
		// Linux sends a checksum of 0xffff where 0 is due, which is the same number; tshark calls it bad.
		{"wrong TCP checksum", `tcp.checksum.status == "Bad" and not tcp.checksum == 0xffff`},
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
	if n, _ := b.search(file, "tcp"); n < 1000 {
		b.Errorf("only %d TCP packets were captured", n)
	} else {
		b.Logf("%d TCP packets looked at", n)
	}
}

// oneAnswer looks for connections whose SYN was answered by two different servers.
func (b *bench) oneAnswer(file string) {
	out := b.tshark(file, "tcp.flags.syn == 1 and tcp.flags.ack == 1", "-T", "fields", "-e", "tcp.dstport", "-e", "tcp.ack_raw", "-e", "tcp.seq_raw")
	answers := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		i := strings.LastIndex(line, "\t")
		if other, ok := answers[line[:i]]; ok && other != line[i:] {
			b.Errorf("connection %q has two answers: %q and %q", line[:i], other, line[i:])
		}
		answers[line[:i]] = line[i:]
	}
	b.Logf("%d connections were answered", len(answers))
}

// search counts the packets that a display filter finds.
func (b *bench) search(file, filter string) (n int, first string) {
	out := b.tshark(file, filter, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
	n = bytes.Count(out, []byte("\n"))
	first, _, _ = strings.Cut(string(out), "\n")
	return n, first
}

// tshark prints the packets that a display filter finds. Only headers are looked at: putting streams together would
// take minutes.
func (b *bench) tshark(file, filter string, options ...string) []byte {
	argv := append([]string{"-n", "-r", file, "-Y", filter, "--disable-protocol", "http", "-o", "tcp.desegment_tcp_streams:FALSE",
		"-o", "tcp.analyze_sequence_numbers:FALSE"}, options...)
	out, err := exec.CommandContext(b.ctx, "tshark", argv...).Output()
	if err != nil {
		b.Fatalf("tshark -Y %q: %v", filter, err)
	}
	return out
}

// nothingLeft looks for what a lab that is down has left behind.
func nothingLeft(t *testing.T, s *State) {
	t.Helper()
	for _, ns := range s.Namespaces {
		if inode(ns) != 0 {
			t.Errorf("namespace %s is left", ns)
		}
	}
	for _, path := range []string{s.file(), s.dir()} {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left", path)
		}
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if carries(pid, s.Name) || bytes.Contains(line, []byte(s.dir()+"/")) {
			t.Errorf("process %d is left: %q", pid, line)
		}
	}
}
