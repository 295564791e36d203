package gnmi_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gnmi"
	"github.com/firstack/firstack/controller/store"
)

const (
	web     = "/firstack/services/service[name=web]"
	replica = web + "/replicas/replica"
)

// op is an operation on a path; a delete has no value.
func ops(t *testing.T, list ...string) *gpb.SetRequest {
	t.Helper()
	req := &gpb.SetRequest{}
	for _, one := range list {
		kind, rest, _ := strings.Cut(one, " ")
		at, json, _ := strings.Cut(rest, " = ")
		u := &gpb.Update{Path: path(t, at), Val: ietf(json)}
		switch kind {
		case "delete":
			req.Delete = append(req.Delete, u.Path)
		case "replace":
			req.Replace = append(req.Replace, u)
		case "update":
			req.Update = append(req.Update, u)
		default:
			t.Fatalf("%q is no operation", kind)
		}
	}
	return req
}

// What a Set changes is what the controller gets, and what the store has.
func TestSet(t *testing.T) {
	for name, test := range map[string]struct {
		ops  []string
		want []string // changes of the configuration
	}{
		"leaf":             {[]string{"update " + replica + `[name=a]/config/admin-state = "drain"`}, []string{"services[web].replicas[a].admin-state: up -> drain"}},
		"replaced leaf":    {[]string{"replace " + replica + `[name=a]/config/weight = 9`}, []string{"services[web].replicas[a].weight: 1 -> 9"}},
		"deleted leaf":     {[]string{"delete " + replica + "[name=b]/config/port"}, []string{"services[web].replicas[b].port: 8080 -> 80"}},
		"port of all":      {[]string{"update " + web + "/config/port = 81"}, []string{"services[web].port: 80 -> 81", "services[web].origins[origin].port: 80 -> 81", "services[web].replicas[a].port: 80 -> 81", "services[web].replicas[a].health-port: 80 -> 81"}},
		"entry":            {[]string{"update " + replica + `[name=c] = {"config": {"address": "198.51.100.3", "gateway": "rg"}}`}, []string{"services[web].replicas[c]: added"}},
		"entry, by module": {[]string{"update " + replica + `[name=c] = {"firstack:name": "c", "firstack:config": {"firstack:name": "c", "firstack:address": "198.51.100.3"}}`}, []string{"services[web].replicas[c]: added"}},
		"leaf of an entry": {[]string{"update " + replica + `[name=c]/config/address = "198.51.100.3"`}, []string{"services[web].replicas[c]: added"}},
		"list":             {[]string{"update " + web + `/replicas = {"replica": [{"name": "c", "config": {"address": "198.51.100.3"}}, {"config": {"name": "a", "weight": 2}}]}`}, []string{"services[web].replicas[a].weight: 1 -> 2", "services[web].replicas[c]: added"}},
		"replaced list":    {[]string{"replace " + web + `/replicas = {"replica": [{"name": "c", "config": {"address": "198.51.100.3"}}]}`}, []string{"services[web].replicas[a]: removed", "services[web].replicas[b]: removed", "services[web].replicas[c]: added"}},
		"deleted entry":    {[]string{"delete " + replica + "[name=a]"}, []string{"services[web].replicas[a]: removed"}},
		"deleted entries":  {[]string{"delete " + replica + "[name=*]"}, []string{"services[web].replicas[a]: removed", "services[web].replicas[b]: removed"}},
		"deleted leaves":   {[]string{"delete " + web + "/replicas/replica/config/gateway", "delete " + replica + "[name=b]/config/max-connection-rate"}, []string{"services[web].replicas[a].gateway: rg -> none", "services[web].replicas[b].gateway: rg -> none", "services[web].replicas[b].max-connection-rate: 7 -> 0", "services[web].replicas[b].burst: 7 -> 0"}},
		"deleted nothing":  {[]string{"delete " + replica + "[name=z]", "delete /firstack/policies/timers"}, nil},
		"deletes first": {[]string{"update " + replica + `[name=a]/config/address = "198.51.100.9"`, "delete " + replica + "[name=a]"},
			[]string{"services[web].replicas[a].address: 198.51.100.1 -> 198.51.100.9", "services[web].replicas[a].gateway: rg -> none"}},
		"whole tree":    {[]string{`replace / = {"firstack": {"controller": {"config": {"listen": "off"}}}}`}, []string{"controller.listen: 127.0.0.1:9561 -> off", "switches[cg]: removed", "switches[rg]: removed", "switches[sg]: removed", "services[web]: removed", "health.interval: 0s -> 2s", "health.off: true -> false"}},
		"duration":      {[]string{`update /firstack/policies/timers/config/slot-claimed = "90s"`}, []string{"timers.slot-claimed: 5m -> 1m30s"}},
		"written zero":  {[]string{`update /firstack/switches/switch[name=cg]/config/device-id = "0"`}, []string{"switches[cg].device-id: 1 -> 0"}},
		"64 bits bare":  {[]string{`update /firstack/switches/switch[name=cg]/config/device-id = 17`}, []string{"switches[cg].device-id: 1 -> 17"}},
		"leaf-list":     {[]string{`update /firstack/switches/switch[name=rg]/config/direct = ["10.8.0.0/24", "10.9.0.0/24"]`}, []string{"switches[rg].direct: [10.9.0.0/24] -> [10.8.0.0/24, 10.9.0.0/24]"}},
		"TLS":           {[]string{`update /firstack/switches/switch[name=rg]/config/insecure = false`, `update /firstack/switches/switch[name=rg]/tls/config/ca = "/ca.pem"`}, []string{"switches[rg].tls: added", "switches[rg].insecure: true -> false"}},
		"rules":         {[]string{`update /firstack/policies/redirections/redirection[sequence=5] = {"config": {"ports": [8080], "action": "forbid"}}`}, []string{"redirections[10]: removed", "redirections[5]: added"}},
		"no rules":      {[]string{`update /firstack/policies/redirections/config/default-rule = false`}, []string{"redirections[10]: removed"}},
		"new switch":    {[]string{`update /firstack/switches/switch[name=aa] = {"config": {"role": "replica-gateway", "address": "d:1"}}`}, []string{"switches[aa]: added"}},
		"key again":     {[]string{"update " + web + `/name = "web"`}, nil},
		"both together": {[]string{"delete " + replica + "[name=a]", "replace " + replica + `[name=b]/config = {"address": "198.51.100.7"}`, "update " + web + `/config/origin-policy = "race"`}, []string{"services[web].origin-policy: standby -> race", "services[web].replicas[a]: removed", "services[web].replicas[b].address: 198.51.100.2 -> 198.51.100.7", "services[web].replicas[b].port: 8080 -> 80", "services[web].replicas[b].configuration: B -> A", "services[web].replicas[b].gateway: rg -> none", "services[web].replicas[b].max-connection-rate: 7 -> 0", "services[web].replicas[b].burst: 7 -> 0", "services[web].replicas[b].health-port: 81 -> 80"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			before := b.server.Intent()
			r, err := b.Set(t.Context(), ops(t, test.ops...))
			if err != nil {
				t.Fatal(err)
			}
			if len(r.GetResponse()) != len(test.ops) {
				t.Errorf("response %v", r)
			}
			now := b.server.Intent()
			var got []string
			for _, c := range config.Diff(before.Config, now.Config) {
				got = append(got, c.String())
			}
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("changes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			if len(test.want) == 0 {
				if now.Revision != before.Revision || b.k.last() != nil {
					t.Errorf("nothing changed, but there is revision %d", now.Revision)
				}
				return
			}
			if b.k.last() != now.Config || now.Revision != before.Revision+1 {
				t.Errorf("the controller has another configuration, or revision %d is wrong", now.Revision)
			}
			stored, err := gnmi.Load(t.Context(), b.store)
			if err != nil || len(config.Diff(stored.Config, now.Config)) > 0 || stored.Revision != now.Revision {
				t.Errorf("stored: %v, %v", stored, err)
			}
		})
	}
}

// What is refused is told with its path, and changes nothing.
func TestSetRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		ops  []string
		want string // all errors
	}{
		"unknown node":         {[]string{"update " + web + "/config/colour = 1"}, web + "/config/colour: is not in the model"},
		"unknown key in JSON":  {[]string{"update " + web + `/config = {"colour": 1}`}, web + "/config/colour: is not in the model"},
		"deep unknown key":     {[]string{"update " + web + `/replicas = {"replica": [{"name": "a", "config": {"x": 1}}]}`}, replica + "[name=a]/config/x: is not in the model"},
		"wrong type":           {[]string{"update " + web + `/config/port = "80"`}, web + `/config/port: "80" is not a whole number`},
		"fraction":             {[]string{"update " + web + `/config/port = 80.5`}, web + `/config/port: 80.5 is not a whole number`},
		"range":                {[]string{"update " + web + `/config/port = 65536`}, web + "/config/port: 65536 is outside 1 to 65535"},
		"text":                 {[]string{"update " + web + `/config/server = 7`}, web + "/config/server: 7 is not text"},
		"pattern":              {[]string{"update " + web + `/config/server = "192.0.2.256"`}, web + `/config/server: "192.0.2.256" is not of type ipv4-address`},
		"enumeration":          {[]string{"update " + replica + `[name=a]/config/admin-state = "off"`}, replica + `[name=a]/config/admin-state: "off" is not one of down, drain, up`},
		"boolean":              {[]string{"update " + web + `/config/replicatable = "true"`}, web + `/config/replicatable: "true" is neither true nor false`},
		"duration":             {[]string{`update /firstack/policies/timers/config/idle = "2d"`}, `/firstack/policies/timers/config/idle: "2d" is not of type duration`},
		"huge duration":        {[]string{`update /firstack/policies/timers/config/idle = "99999999999h"`}, `/firstack/policies/timers/config/idle: "99999999999h" is not a time`},
		"object":               {[]string{"update " + web + `/config = 7`}, web + "/config: 7 is not an object"},
		"no list":              {[]string{`update /firstack/services = {"service": {"name": "x"}}`}, `/firstack/services/service: {"name": "x"} is not a list`},
		"no key":               {[]string{`update /firstack/services = {"service": [{"config": {"port": 1}}]}`}, "/firstack/services/service: an entry has no name"},
		"twice":                {[]string{`update /firstack/services = {"service": [{"name": "w"}, {"name": "w"}]}`}, "/firstack/services/service[name=w]: is there twice"},
		"leaf-list twice":      {[]string{`update /firstack/switches/switch[name=rg]/config/direct = ["10.8.0.0/24", "10.8.0.0/24"]`}, `/firstack/switches/switch[name=rg]/config/direct: "10.8.0.0/24" is there twice`},
		"bad key":              {[]string{`update /firstack/services/service[name=a b]/config/port = 1`}, `/firstack/services/service[name=a b]: "a b" is not of type name`},
		"key not canonical":    {[]string{`update /firstack/switches/switch[name=cg]/ports/port[port=01]/config/side = "lan"`}, `/firstack/switches/switch[name=cg]/ports/port[port=01]: key "01" is to be written 1`},
		"other key in config":  {[]string{"update " + web + `/config/name = "mail"`}, web + "/config/name: is mail, and the entry's key is web"},
		"other key beside":     {[]string{"update " + web + `/name = "mail"`}, web + `/name: "mail" is not the entry's key`},
		"state":                {[]string{"update " + web + `/state/port = 1`}, web + "/state: is state, which cannot be set"},
		"state in JSON":        {[]string{"update " + web + ` = {"state": {"port": 1}}`}, web + "/state: is state, which cannot be set"},
		"delete state":         {[]string{"delete " + replica + `[name=a]/state`}, replica + "[name=a]/state: is state, which cannot be set"},
		"no JSON":              {[]string{"update " + web + `/config/port = {`}, web + `/config/port: "{" is not JSON`},
		"wildcard":             {[]string{"update " + replica + `[name=*]/config/weight = 1`}, replica + "[name=*]/config/weight: has wildcards, which only a delete may have"},
		"list without key":     {[]string{"update " + web + `/replicas/replica/config/weight = 1`}, web + "/replicas/replica: has no key name"},
		"dangling reference":   {[]string{"update " + replica + `[name=a]/config/gateway = "nowhere"`}, replica + `[name=a]/config/gateway: there is no switch "nowhere"`},
		"deleted reference":    {[]string{`delete /firstack/switches/switch[name=sg]`}, web + `/config/gateway: there is no switch "sg"`},
		"duplicate address":    {[]string{"update " + replica + `[name=a]/config/address = "198.51.100.2"`}, replica + "[name=b]/config/address: 198.51.100.2 is that of " + replica + "[name=a] already"},
		"missing":              {[]string{"update " + replica + `[name=c]/config/weight = 1`}, replica + "[name=c]/config/address: is missing"},
		"missing after delete": {[]string{"delete " + web + "/config"}, web + "/config/server: is missing\n" + web + "/config/port: is missing"},
		"own address":          {[]string{"update " + replica + `[name=a]/config/address = "192.0.2.10"`}, replica + "[name=a]/config/address: 192.0.2.10 is the server itself"},
		"timers disagree":      {[]string{`update /firstack/policies/timers/config/slot-pending = "1h"`}, "/firstack/policies/timers/config/slot-pending: 1h is not less than slot-claimed, 5m"},
		"several at once": {[]string{"update " + web + `/config = {"port": 0, "gateway": 5}`, "delete /firstack/x"},
			"/firstack/x: is not in the model\n" + web + "/config/gateway: 5 is not text\n" + web + "/config/port: 0 is outside 1 to 65535"},
		"one of two": {[]string{"update " + web + `/config/port = 81`, "update " + web + `/config/gateway = "none"`}, web + `/config/gateway: there is no switch "none"`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			before := b.server.Intent()
			_, err := b.Set(t.Context(), ops(t, test.ops...))
			st := status.Convert(err)
			if st.Code() != codes.InvalidArgument || !strings.HasPrefix(st.Message(), test.want) {
				t.Errorf("error\n%v\nwant\n%s", err, test.want)
			}
			if v, err := b.store.Load(t.Context()); err != nil || v.Revision != before.Revision || b.k.last() != nil || b.server.Intent() != before {
				t.Errorf("it changed something: revision %d, %v", v.Revision, err)
			}
		})
	}
}

func TestSetValues(t *testing.T) {
	b := newBench(t)
	at := path(t, replica+"[name=a]/config/weight")
	for name, test := range map[string]struct {
		value *gpb.TypedValue
		code  codes.Code
	}{
		"uint":      {&gpb.TypedValue{Value: &gpb.TypedValue_UintVal{UintVal: 3}}, codes.OK},
		"int":       {&gpb.TypedValue{Value: &gpb.TypedValue_IntVal{IntVal: 4}}, codes.OK},
		"JSON":      {&gpb.TypedValue{Value: &gpb.TypedValue_JsonVal{JsonVal: []byte(" 5 ")}}, codes.OK},
		"negative":  {&gpb.TypedValue{Value: &gpb.TypedValue_IntVal{IntVal: -4}}, codes.InvalidArgument},
		"string":    {&gpb.TypedValue{Value: &gpb.TypedValue_StringVal{StringVal: "3"}}, codes.InvalidArgument},
		"bool":      {&gpb.TypedValue{Value: &gpb.TypedValue_BoolVal{BoolVal: true}}, codes.InvalidArgument},
		"leaf-list": {&gpb.TypedValue{Value: &gpb.TypedValue_LeaflistVal{LeaflistVal: &gpb.ScalarArray{}}}, codes.InvalidArgument},
		"bytes":     {&gpb.TypedValue{Value: &gpb.TypedValue_BytesVal{BytesVal: []byte("3")}}, codes.InvalidArgument},
		"nothing":   {nil, codes.InvalidArgument},
	} {
		_, err := b.Set(t.Context(), &gpb.SetRequest{Update: []*gpb.Update{{Path: at, Val: test.value}}})
		if status.Code(err) != test.code {
			t.Errorf("%s: %v, want %v", name, err, test.code)
		}
	}
	if _, err := b.Set(t.Context(), &gpb.SetRequest{UnionReplace: []*gpb.Update{{Path: at}}}); status.Code(err) != codes.Unimplemented {
		t.Errorf("union_replace: %v", err)
	}
}

// A Set that the controller cannot work by is undone in the store, and the controller gets the old configuration back.
func TestSetThatTheControllerRefuses(t *testing.T) {
	b := newBench(t)
	b.k.refuse = errors.New("no such file")
	before := b.server.Intent()
	_, err := b.update(replica+"[name=a]/config/weight", "7")
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
	stored, err := gnmi.Load(t.Context(), b.store)
	if err != nil || len(config.Diff(stored.Config, before.Config)) > 0 {
		t.Errorf("the store has %v, %v", stored, err)
	}
	if len(config.Diff(b.k.last(), before.Config)) > 0 {
		t.Error("the controller keeps what it refused")
	}
	if _, err := b.update(replica+"[name=b]/config/weight", "7"); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("after that: %v", err)
	}
}

// Switches that are added without an id get one, and keep it whatever is added later.
func TestGatewayIDsStay(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"mm", "aa", "zz"} {
		if _, err := b.update("/firstack/switches/switch[name="+name+"]", `{"config": {"role": "replica-gateway", "address": "`+name+`:1"}}`); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]uint16{"cg": 1, "sg": 2, "rg": 3, "mm": 4, "aa": 5, "zz": 6}
	for _, s := range b.server.Intent().Config.Switches {
		if s.GatewayID != want[s.Name] {
			t.Errorf("%s has gateway id %d, want %d", s.Name, s.GatewayID, want[s.Name])
		}
	}
}

// Two controllers on one store take each other's changes, and none is lost when both write.
func TestTwoServersOnOneStore(t *testing.T) {
	a := newBench(t)
	intent, err := gnmi.Load(t.Context(), a.store)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, k: &fake{}, store: a.store}
	b.serve(b.k, b.store, intent)
	done := make(chan error, 2)
	for i, s := range []*bench{a, b} {
		leaf := replica + "[name=" + string(rune('a'+i)) + "]/config/weight"
		go func() {
			for n := 2; n <= 40; n++ {
				if _, err := s.update(leaf, string(rune('0'+n%9+1))); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	want := int32(40%9 + 1)
	until(t, "both have both changes", func() bool {
		for _, s := range []*bench{a, b} {
			r := s.server.Intent().Config.Services[0].Replicas
			if r[0].Weight != want || r[1].Weight != want || len(config.Diff(s.k.last(), s.server.Intent().Config)) > 0 {
				return false
			}
		}
		return true
	})
}

// emptied is a store that somebody emptied, such as an etcd whose keys were deleted.
type emptied struct{ store.Store }

func (e emptied) Load(context.Context) (store.Version, error) { return store.Version{}, nil }

func (e emptied) Swap(ctx context.Context, revision uint64, value []byte) (store.Version, error) {
	if revision != 0 {
		return store.Version{}, store.ErrConflict
	}
	return store.Version{Revision: 9, Value: value}, nil
}

// TestSetAfterTheStoreWasEmptied: the configuration that counts is stored again, with what is set.
func TestSetAfterTheStoreWasEmptied(t *testing.T) {
	full := store.NewMemory()
	intent := seed(t, full, base)
	b := &bench{t: t, k: &fake{}, store: full}
	b.serve(b.k, emptied{full}, intent)
	if _, err := b.update("/firstack/services/service[name=web]/config/port", "81"); err != nil {
		t.Fatal(err)
	}
	if now := b.server.Intent(); now.Revision != 9 || now.Config.Services[0].Port != 81 || len(now.Config.Switches) != 3 {
		t.Errorf("revision %d, %+v", now.Revision, now.Config)
	}
}
