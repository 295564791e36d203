package gnmi_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gnmi"
	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/store"
)

var killSets = flag.Int("kill-sets", 100, "Sets of TestKill; make sets has 500")

// childStore names the folder of the store that a process of this test serves.
const childStore = "FIRSTACK_TEST_GNMI_STORE"

// serveChild serves a store until the process is killed, and says where on its first line of output.
func serveChild() bool {
	dir := os.Getenv(childStore)
	if dir == "" {
		return false
	}
	if err := serveStore(dir); err != nil {
		fmt.Println("error:", err)
	}
	return true
}

func serveStore(dir string) error {
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	ctx := context.Background()
	intent, err := gnmi.Load(ctx, s)
	if err == nil && intent == nil {
		var c *config.Config
		var given config.Given
		if c, given, err = config.ParseGiven("base", []byte(base)); err == nil {
			if intent, err = gnmi.NewIntent(model.FromConfig(c, given)); err == nil {
				err = intent.Save(ctx, s, 0)
			}
		}
	}
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	g := grpc.NewServer(gnmi.ServerOptions()...)
	gnmi.New(gnmi.Options{Controller: &fake{}, Store: s, Intent: intent, Logger: slog.New(slog.DiscardHandler)}).Register(g)
	fmt.Println(listener.Addr())
	return g.Serve(listener)
}

// child is such a process, as its client sees it.
type child struct {
	gpb.GNMIClient
	cmd  *exec.Cmd
	conn *grpc.ClientConn
}

func startChild(t *testing.T, dir string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), childStore+"="+dir)
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || strings.HasPrefix(line, "error:") {
		c.kill()
		t.Fatalf("child: %s%v", line, err)
	}
	c.conn, err = grpc.NewClient("passthrough:"+strings.TrimSpace(line), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		c.kill()
		t.Fatal(err)
	}
	c.GNMIClient = gpb.NewGNMIClient(c.conn)
	return c
}

// kill ends the process as a crash would; it has no say in it.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have ended
	_ = c.cmd.Wait()
	if c.conn != nil {
		c.conn.Close()
	}
}

// TestKill kills the server at random moments while one Set follows another. What was acknowledged is there
// afterwards; the one that was under way is there or not, but never by half.
func TestKill(t *testing.T) {
	const perLife = 60
	sets := *killSets
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	acknowledged, lives, unacknowledged := 0, 0, 0
	typical := 5 * time.Millisecond // of a Set, on this machine
	for n := 1; n <= sets; lives++ {
		c := startChild(t, dir)
		if lives > 0 {
			at := c.level(t)
			if at < acknowledged || at > n {
				c.kill()
				t.Fatalf("life %d: the store is at %d; acknowledged was %d, tried %d", lives, at, acknowledged, n)
			}
			if at == n {
				n++ // it had got through
				acknowledged = at
			}
		}
		began := time.Now()
		end := time.AfterFunc(time.Duration(random.Int64N(int64(40*typical))), func() { _ = c.cmd.Process.Kill() })
		for last := n + perLife; n <= sets && n < last; n++ {
			sent := time.Now()
			if _, err := c.Set(t.Context(), level(t, n)); err != nil {
				unacknowledged++
				break
			}
			acknowledged = n
			typical = (typical + time.Since(sent)) / 2
		}
		end.Stop()
		c.kill()
		if time.Since(began) > time.Minute {
			t.Fatal("a life takes for ever")
		}
	}
	c := startChild(t, dir)
	defer c.kill()
	if at := c.level(t); at < acknowledged {
		t.Errorf("at last the store is at %d, acknowledged was %d", at, acknowledged)
	}
	if unacknowledged == 0 {
		t.Error("no Set was under way when the server was killed")
	}
	t.Logf("%d Sets in %d lives, %d cut off", sets, lives, unacknowledged)
}

// leaves that change together.
var levels = []string{replica + "[name=a]/config/weight", replica + "[name=b]/config/weight", replica + "[name=b]/config/burst"}

// level changes them all.
func level(t *testing.T, n int) *gpb.SetRequest {
	t.Helper()
	var list []string
	for _, leaf := range levels {
		list = append(list, fmt.Sprintf("update %s = %d", leaf, n))
	}
	return ops(t, list...)
}

// level reads them, and that they are the same.
func (c *child) level(t *testing.T) int {
	t.Helper()
	req := &gpb.GetRequest{Encoding: gpb.Encoding_PROTO}
	for _, leaf := range levels {
		req.Path = append(req.Path, path(t, leaf))
	}
	r, err := c.Get(t.Context(), req)
	if err != nil {
		if acknowledgedNothing(err) {
			return 0
		}
		c.kill()
		t.Fatal(err)
	}
	values := map[int]bool{}
	n := 0
	for _, one := range r.GetNotification() {
		v := one.GetUpdate()[0].GetVal()
		n = int(v.GetUintVal()) + int(v.GetIntVal())
		values[n] = true
	}
	if len(values) != 1 {
		c.kill()
		t.Fatalf("half applied: %v", r)
	}
	return n
}

// acknowledgedNothing: the first configuration has not got these leaves.
func acknowledgedNothing(err error) bool { return strings.Contains(err.Error(), "has no data") }
