package lab

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/topo/spec"
)

// fetched is what curl says of a request.
type fetched struct {
	site    string
	connect time.Duration
}

// slow are files that come slowly.
const slow = "slow/"

// fetch gets a file with curl and compares its bytes.
func (b *bench) fetch(file string, args ...string) (fetched, error) {
	var out, errOut bytes.Buffer
	const form = "%{stderr}%{time_connect} %header{x-served-by}"
	argv := append([]string{"curl", "-sS", "--max-time", "60", "-w", form}, args...)
	cmd := b.Command(b.ctx, b.client, append(argv, b.url+file)...)
	hash := sha256.New()
	cmd.Stdout, cmd.Stderr = io.MultiWriter(hash, &out), &errOut
	if err := cmd.Run(); err != nil {
		return fetched{}, fmt.Errorf("curl %s: %w at %s: %s", file, err, time.Now().UTC().Format("15:04:05.000"), errOut.String())
	}
	want, err := Sum(b.Layout.Seed, strings.TrimPrefix(file, slow))
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

// again is when a SYN that was lost is sent again (RFC 6298).
const again = time.Second

// raced tells whether a replica answered, or the origin to a SYN that was sent again, as policy standby has it.
func (b *bench) raced(f fetched) bool {
	return slices.Contains(b.serving, f.site) || f.site == b.origin && f.connect >= again
}

// everyFile is won by a replica each time, within the time that its race takes.
func (b *bench) everyFile() {
	for _, f := range Files {
		got, err := b.fetch(f.Name)
		if err != nil {
			b.Error(err)
			continue
		}
		if !b.raced(got) {
			b.Errorf("%s is served by %q, want one of %v", f.Name, got.site, b.serving)
		}
		b.Logf("%s served by %s, connected in %.1f ms", f.Name, got.site, float64(got.connect.Microseconds())/1e3)
	}
}

// quickestRace is won, of several, by the replica that is nearest once the client gateway knows that, or else by the
// leg that is shortest, and takes as long as that.
func (b *bench) quickestRace() {
	winner, leg := b.shortestLeg()
	nearest, direct := b.nearest()
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
	as := func(site string, way time.Duration) bool {
		return best.site == site && best.connect >= way && best.connect <= way+way/10+20*time.Millisecond
	}
	if !as(nearest, direct) && !as(winner, leg) {
		b.Errorf("the quickest race was won by %s after %v; the shortest leg is that over %s with %v, and %s is nearest with %v",
			best.site, best.connect, winner, leg, nearest, direct)
	}
}

// oneWays are the delays between sites.
func (b *bench) oneWays() map[[2]string]time.Duration {
	delays := make(map[[2]string]time.Duration)
	for _, p := range b.Layout.Core.Paths {
		delays[[2]string{b.Layout.Gateway(p.From).Site, b.Layout.Gateway(p.To).Site}] = p.Shape.Delay
	}
	return delays
}

// nearest returns the replica's site with the shortest round trip from the client, and that.
func (b *bench) nearest() (site string, trip time.Duration) {
	oneWay, home := b.oneWays(), b.Layout.Host(b.client).Site
	for _, r := range b.serving {
		if d := oneWay[[2]string{home, r}] + oneWay[[2]string{r, home}]; site == "" || d < trip {
			site, trip = r, d
		}
	}
	return site, trip
}

// shortestLeg returns the replica's site over which a SYN-ACK comes first, and when: from the client by the origin
// and the replica back.
func (b *bench) shortestLeg() (site string, leg time.Duration) {
	oneWay, home := b.oneWays(), b.Layout.Host(b.client).Site
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
		_, err := b.fetch(slow + "1m")
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
		if got, err := b.fetch("64k"); err != nil || !b.raced(got) {
			b.Errorf("without a controller: served by %q, error %v", got.site, err)
		}
	}
	if err := b.Restart(controllerProcess); err != nil {
		b.Fatal(err)
	}
	if err := b.WaitReady(b.ctx); err != nil {
		b.Fatal(err)
	}
	if got, err := b.fetch("64k"); err != nil || !b.raced(got) {
		b.Errorf("after the controller came back: served by %q, error %v", got.site, err)
	}
	if err := <-old; err != nil {
		b.Errorf("the transfer that was running: %v", err)
	}
}

// tells is longer than a switch waits until it tells again of a connection that is not learned.
const tells = 600 * time.Millisecond

// settled waits until the controller has learned what there is: the connection that is open, and no other for a while.
// What it has not learned is lost with a switch, and goes on as plain routing has it.
func (b *bench) settled() error {
	last, since := -1, time.Now()
	return b.poll(b.ctx, func(ctx context.Context) error {
		text, err := b.Ask(ctx, "/v1/translations")
		if err != nil {
			return err
		}
		var known state.Translations
		if err := json.Unmarshal(text, &known); err != nil {
			return err
		}
		learning := slices.ContainsFunc(known.List, func(t state.Translation) bool { return t.State == "learning" })
		if known.Total != last || learning {
			last, since = known.Total, time.Now()
		}
		if known.Total == 0 || time.Since(since) < tells {
			return fmt.Errorf("%d translations since %v", known.Total, time.Since(since))
		}
		return nil
	})
}

// afresh is how long new connections may take to work after a switch has come back.
const afresh = 5 * time.Second

// switchesKilled takes each kind of gateway away in turn. Its program and entries come back by themselves, and with
// them the connections that ran through it: the controller remembers.
func (b *bench) switchesKilled() {
	roles := []spec.Role{spec.ClientGateway, spec.ServerGateway, spec.ReplicaGateway}
	if *briefFlag {
		roles = roles[:1]
	}
	for _, role := range roles {
		i := slices.IndexFunc(b.Layout.Gateways, func(g Gateway) bool { return g.Role == role })
		name := b.Layout.Gateways[i].Name
		old := b.slowly()
		if err := b.settled(); err != nil {
			b.Fatal(err)
		}
		if err := b.Kill(name); err != nil {
			b.Fatal(err)
		}
		if err := b.Restart(name); err != nil {
			b.Fatal(err)
		}
		if err := b.poll(b.ctx, func(ctx context.Context) error {
			conn, err := b.Dial(ctx, b.Layout.Control.Host, b.Layout.Gateways[i].P4Runtime)
			if err == nil {
				err = conn.Close()
			}
			return err
		}); err != nil {
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

// Connections of wrk: by several of them, one after the other, so that it is not one burst that a switch's queue has no
// room for, and with a pause between requests, so that no switch is asked for more than it has to give.
const (
	wrks        = 8
	wrkEach     = 125
	wrkStagger  = 500 * time.Millisecond
	wrkScript   = "function delay() return 2000 end\n" // ms
	wrkAtMost   = 45 * time.Second                     // enough for a SYN to be sent six times
	wrkTogether = 5 * time.Second                      // from when all are open
)

var (
	wrkErrors   = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
)

// thousandConnections are open at once, and each is used.
func (b *bench) thousandConnections() {
	script := filepath.Join(b.TempDir(), "pause.lua")
	if err := os.WriteFile(script, []byte(wrkScript), 0o644); err != nil {
		b.Fatal(err)
	}
	requests := make(chan int, wrks)
	stop := make(chan struct{})
	for range wrks {
		cmd := b.Command(b.ctx, b.client, "wrk", "-t", "1", "-c", strconv.Itoa(wrkEach), "-d", fmt.Sprintf("%.0fs", wrkAtMost.Seconds()),
			"--timeout", "40s", "-s", script, b.url+"1k")
		go func() { requests <- b.wrk(cmd, stop) }()
		time.Sleep(wrkStagger) // the ramp
	}
	const want = wrks * wrkEach
	most, total := 0, 0
	for begun := time.Now(); most < want && time.Since(begun) < wrkAtMost-wrkTogether-wrks*wrkStagger; time.Sleep(pollInterval) {
		most = max(most, b.established())
	}
	time.Sleep(wrkTogether)
	close(stop)
	for range wrks {
		n := <-requests
		if n < wrkEach {
			b.Errorf("%d requests on %d connections", n, wrkEach)
		}
		total += n
	}
	b.Logf("%d connections were open at once, with %d requests", most, total)
	if most < want {
		b.Errorf("want %d connections at once", want)
	}
}

// wrk runs one until it is stopped, and returns how many requests were answered.
func (b *bench) wrk(cmd *exec.Cmd, stop <-chan struct{}) int {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		b.Errorf("wrk: %v", err)
		return 0
	}
	<-stop
	if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) { // it tells, then ends
		b.Errorf("wrk: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		b.Errorf("wrk: %v\n%s", err, out.Bytes())
	}
	if m := wrkErrors.FindSubmatch(out.Bytes()); m != nil {
		b.Errorf("%s", m[0])
	}
	if bytes.Contains(out.Bytes(), []byte("Non-2xx")) {
		b.Error("not every answer is 200")
	}
	m := wrkRequests.FindSubmatch(out.Bytes())
	if m == nil {
		b.Errorf("wrk does not say how many requests there were:\n%s", out.Bytes())
		return 0
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

// established counts the client's TCP connections that are open (RFC 2012, tcpCurrEstab).
func (b *bench) established() int {
	text, err := within1(b.Namespace(b.client), func() ([]byte, error) { return os.ReadFile("/proc/thread-self/net/snmp") })
	if err != nil {
		b.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); words[0] == "Tcp:" {
			if names == nil {
				names = words
				continue
			}
			if i := slices.Index(names, "CurrEstab"); i > 0 {
				n, _ := strconv.Atoi(words[i])
				return n
			}
		}
	}
	b.Fatal("the kernel does not count connections")
	return 0
}
