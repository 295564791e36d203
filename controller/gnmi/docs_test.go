package gnmi_test

import (
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"

	"github.com/firstack/firstack/controller/gnmi"
)

const manual = "../../docs/gnmi.md"

// documented is the address that the manual's commands ask.
const documented = "127.0.0.1:9339"

var (
	yamlBlock    = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")
	pathFlag     = regexp.MustCompile("--path '?([^' \n`]+)'?")
	changing     = regexp.MustCompile(`"(timestamp|time|subscription-name)": ("[^"]*"|\d+)`)
)

// The commands of the manual give what stands below them, where gnmic is installed; the paths in it lead somewhere.
func TestManual(t *testing.T) {
	data, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	config := yamlBlock.FindStringSubmatch(text)
	if config == nil {
		t.Fatal("no configuration in the manual")
	}
	l := newLab(t, t.TempDir(), config[1], "frankfurt", "washington", "london")
	ports, switchAddress := manualSwitch(t)
	for _, found := range pathFlag.FindAllStringSubmatch(text, -1) {
		if strings.HasPrefix(found[1], "/interfaces") {
			if _, err := ports.Get(t.Context(), &gpb.GetRequest{Path: []*gpb.Path{path(t, found[1])}, Encoding: gpb.Encoding_PROTO}); err != nil {
				t.Errorf("--path %s: %v", found[1], err)
			}
			continue
		}
		if _, err := l.Get(t.Context(), &gpb.GetRequest{Path: []*gpb.Path{path(t, found[1])}, Encoding: gpb.Encoding_PROTO}); err != nil {
			t.Errorf("--path %s: %v", found[1], err)
		}
	}
	if _, err := exec.LookPath("gnmic"); err != nil {
		t.Skip("NOT RUN: the commands of docs/gnmi.md: gnmic is not on PATH (packages at https://gnmic.openconfig.net/install)")
	}
	address := listen(t, l.server)
	elsewhere := strings.NewReplacer(documented, address, documentedSwitch, switchAddress)
	asDocumented := strings.NewReplacer(address, documented, switchAddress, documentedSwitch)
	for _, block := range consoleBlock.FindAllStringSubmatch(text, -1) {
		for _, one := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			command, want, _ := strings.Cut(one, "\n")
			out, err := exec.CommandContext(t.Context(), "sh", "-c", elsewhere.Replace(command)).CombinedOutput()
			if err != nil && !strings.Contains(want, "Error:") {
				t.Errorf("%s: %v", command, err)
			}
			got := asDocumented.Replace(string(out))
			if diff := cmp.Diff(masked(want), masked(got)); diff != "" {
				t.Errorf("%s\n(-manual +got)\n%s", command, diff)
			}
		}
	}
}

// masked leaves out what differs from time to time.
func masked(s string) string {
	return strings.TrimSpace(changing.ReplaceAllString(s, `"$1": …`))
}

// listen serves on loopback, and says where.
func listen(t *testing.T, s *gnmi.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer(gnmi.ServerOptions()...)
	s.Register(g)
	served := make(chan struct{})
	go func() { defer close(served); _ = g.Serve(listener) }() // until Stop
	t.Cleanup(func() { g.Stop(); <-served })
	return listener.Addr().String()
}
