package gnmi_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gnmi"
	"github.com/firstack/firstack/controller/model"
)

var (
	setSeed = flag.Uint64("set-seed", 0, "seed of TestThousandSets; 0 takes the time")
	setRuns = flag.Int("sets", 200, "Sets of TestThousandSets; make sets has a thousand")
)

// TestThousandSets does valid and invalid Sets in turn, at random. What is invalid is refused with its path and changes
// nothing, in the store or in a switch; what is valid gets into the switches. In the end tree, store and tables agree.
func TestThousandSets(t *testing.T) {
	seed := *setSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), next: 20}
	dir := t.TempDir()
	l := newLab(t, dir, labConfig, "cg", "sg", "rg")
	var good, bad int
	var slowest time.Duration
	for i := range *setRuns {
		g.config = l.server.Intent().Config
		before, updates := l.server.Intent(), l.updates()
		if g.IntN(2) == 0 {
			bad++
			list, culprit := g.invalid()
			_, err := l.Set(t.Context(), ops(t, list...))
			if st := status.Convert(err); st.Code() != codes.InvalidArgument || !strings.Contains(st.Message(), culprit+": ") {
				t.Fatalf("Set %d\n%s\ngives\n%v\nwant the path %s", i, strings.Join(list, "\n"), err, culprit)
			}
			if v, err := l.store.Load(t.Context()); err != nil || v.Revision != before.Revision || l.server.Intent() != before || l.updates() != updates {
				t.Fatalf("refused Set %d changed something: revision %d, %v, %d updates\n%s", i, v.Revision, err, l.updates()-updates, strings.Join(list, "\n"))
			}
			continue
		}
		good++
		list := g.valid()
		began := time.Now()
		if _, err := l.Set(t.Context(), ops(t, list...)); err != nil {
			t.Fatalf("Set %d\n%s\ngives\n%v", i, strings.Join(list, "\n"), err)
		}
		l.settle()
		slowest = max(slowest, time.Since(began))
		if diff := cmp.Diff(wanted(l.server.Intent().Config), l.tables()); diff != "" {
			t.Fatalf("after Set %d\n%s\nthe tables are wrong (-want +got)\n%s", i, strings.Join(list, "\n"), diff)
		}
	}
	stored, err := gnmi.Load(t.Context(), l.store)
	if err != nil {
		t.Fatal(err)
	}
	values, err := l.get("/", gpb.Encoding_JSON_IETF, gpb.GetRequest_CONFIG)
	if err != nil {
		t.Fatal(err)
	}
	root, err := model.Decode(values["/"].GetJsonIetfVal())
	if err != nil {
		t.Fatal(err)
	}
	tree, err := model.ToConfig(root)
	if err != nil {
		t.Fatal(err)
	}
	if d := config.Diff(tree, stored.Config); len(d) > 0 {
		t.Errorf("tree and store differ: %v", d)
	}
	if diff := cmp.Diff(wanted(tree), l.tables()); diff != "" {
		t.Errorf("tree and tables differ\n%s", diff)
	}
	t.Logf("%d valid, %d refused; %d services at the end; the slowest was in all switches after %v", good, bad, len(tree.Services), slowest)
}

// generator makes Sets for the configuration at hand.
type generator struct {
	*rand.Rand
	config *config.Config
	next   int // makes names and addresses new
}

func (g *generator) service() *config.Service {
	return &g.config.Services[g.IntN(len(g.config.Services))]
}

func (g *generator) fresh() int {
	g.next++
	return g.next
}

func at(s *config.Service) string { return "/firstack/services/service[name=" + s.Name + "]" }

// aReplica is one that there is, or one that comes with the operations before.
func (g *generator) aReplica(more string) (path string, before []string) {
	s := g.service()
	if len(s.Replicas) > 0 {
		return at(s) + "/replicas/replica[name=" + s.Replicas[g.IntN(len(s.Replicas))].Name + "]", nil
	}
	n := g.fresh()
	path = fmt.Sprintf("%s/replicas/replica[name=r%d]", at(s), n)
	return path, []string{"update " + path + fmt.Sprintf(`/config = {"address": "198.51.%d.%d"%s}`, 100+n/200, n%200+20, more)}
}

// valid gives one to three changes that go together.
func (g *generator) valid() []string {
	list := g.change()
	for range g.IntN(3) {
		list = append(list, fmt.Sprintf(`update /firstack/policies/timers/config/linger-reset = "%dms"`, g.fresh()))
	}
	return list
}

func (g *generator) change() []string {
	s := g.service()
	r, list := g.aReplica(`, "gateway": "rg"`)
	n := g.fresh()
	switch g.IntN(14) {
	case 0, 1, 2:
		if len(s.Replicas) < 8 {
			return []string{fmt.Sprintf(`update %s/replicas/replica[name=r%d] = {"config": {"address": "198.51.%d.%d", "gateway": "rg", "configuration": "%c"}}`, at(s), n, 100+n/200, n%200+20, 'A'+g.IntN(3))}
		}
		return []string{"delete " + at(s) + "/replicas"}
	case 3:
		if list == nil {
			return []string{"delete " + r}
		}
		return list
	case 4, 5:
		return append(list, "update "+r+`/config/admin-state = "`+[]string{"up", "drain", "down"}[g.IntN(3)]+`"`)
	case 6:
		return append(list, fmt.Sprintf(`replace %s/config/configuration = "%c"`, r, 'A'+g.IntN(3)))
	case 7:
		return append(list, fmt.Sprintf("update %s/config = {\"max-connection-rate\": %d, \"burst\": %d}", r, n, 2*n))
	case 8:
		return append(list, fmt.Sprintf("update %s/config/port = %d", r, 8000+g.IntN(100)))
	case 9:
		if len(g.config.Services) < 6 {
			return []string{fmt.Sprintf(`update /firstack/services/service[name=s%d]/config = {"server": "192.0.2.%d", "port": %d, "gateway": "sg", "replicatable": %v}`, n, 20+n%200, 1000+n, g.IntN(2) == 0)}
		}
		if s.Name != "s0" {
			return []string{"delete " + at(s)}
		}
		return []string{"delete " + at(s) + "/replicas/replica[name=*]"}
	case 10:
		return []string{"update " + at(s) + `/config/origin-policy = "` + []string{"race", "standby"}[g.IntN(2)] + `"`}
	case 11:
		if len(g.config.Redirections) > 4 {
			return []string{"delete /firstack/policies/redirections"}
		}
		return []string{fmt.Sprintf(`update /firstack/policies/redirections/redirection[sequence=%d]/config = {"servers": "192.0.2.%d/32", "ports": [%d, 80], "action": "pass"}`, n, n%250, 9000+n)}
	case 12:
		return []string{fmt.Sprintf(`replace /firstack/switches/switch[name=rg]/routes = {"route": [{"prefix": "0.0.0.0/0", "config": {"port": 1, "via": "192.168.0.9"}}, {"prefix": "172.16.%d.0/24", "config": {"port": 1, "via": "192.168.0.8"}}]}`, n%250)}
	}
	return []string{fmt.Sprintf(`update /firstack/switches/switch[name=rg]/config/direct = ["10.%d.0.0/16", "10.251.0.0/16"]`, n%250)}
}

// invalid gives operations of which one is wrong, and the path that the error has to name. Most often others, which
// would be right, come along.
func (g *generator) invalid() (list []string, culprit string) {
	s := g.service()
	r, list := g.aReplica("")
	if g.IntN(3) > 0 {
		list = append(list, fmt.Sprintf(`update /firstack/policies/timers/config/linger-reset = "%dms"`, g.fresh()))
	}
	bad := func(op, path, value string) ([]string, string) {
		if value != "" {
			op, value = op+" ", " = "+value
		} else {
			op += " "
		}
		list = slices.Insert(list, g.IntN(len(list)+1), op+path+value)
		return list, path
	}
	kind := []string{"update", "replace"}[g.IntN(2)]
	switch g.IntN(17) {
	case 0:
		return bad(kind, r+"/config/port", `"80"`)
	case 1:
		return bad(kind, r+"/config/weight", []string{"0", "65536", "-1", "1.5", "true", "null"}[g.IntN(6)])
	case 2:
		return bad(kind, r+"/config/configuration", `"D"`)
	case 3:
		return bad(kind, r+"/config/address", []string{`"198.51.100"`, `"::1"`, "7", `"198.51.100.300"`, "{}"}[g.IntN(5)])
	case 4:
		return bad(kind, at(s)+"/config/colour", `"red"`)
	case 5:
		list, _ = bad(kind, r, `{"config": {"address": "198.51.100.9", "colour": 1}}`)
		return list, r + "/config/colour"
	case 6:
		return bad(kind, r+"/config/gateway", `"nowhere"`)
	case 7:
		return bad(kind, r+"/config/gateway", `"sg"`)
	case 8:
		return bad(kind, r+"/config/address", `"`+s.Server.String()+`.1"`)
	case 9: // two web servers of one service at one address
		path := at(s) + "/replicas"
		return append(list, "update "+path+` = {"replica": [{"name": "zy", "config": {"address": "198.51.100.9"}}, {"name": "zz", "config": {"address": "198.51.100.9"}}]}`),
			path + "/replica[name=zz]/config/address"
	case 10: // another service's server; of the two the later name is told
		path := "/firstack/services/service[name=zz]/config"
		return append(list, fmt.Sprintf(`update %s = {"server": "%s", "port": %d, "gateway": "sg"}`, path, s.Server, s.Port)), path + "/server"
	case 11:
		list, _ = bad("delete", "/firstack/switches/switch[name=sg]", "")
		return list, "/firstack/services/service[name=" + g.config.Services[0].Name + "]/config/gateway"
	case 12:
		path := at(s) + "/replicas/replica[name=zz]"
		list, _ = bad("update", path+"/config/weight", "3")
		return list, path + "/config/address"
	case 13:
		list, _ = bad(kind, r+"/state/wins", "0")
		return list, r + "/state"
	case 14:
		return bad(kind, "/firstack/policies/timers/config/idle", []string{`"2d"`, `"-1s"`, `"601h"`, `"1ns"`}[g.IntN(4)])
	case 15:
		return bad("delete", "/firstack/policies/weather", "")
	}
	return bad(kind, at(s)+"/config/port", []string{"", "{", "[80]", `{"port": 80}`}[g.IntN(3)+1])
}
