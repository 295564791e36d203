package gnmi

import (
	"strings"
	"testing"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/model"
)

const fuzzBase = `
switches:
  - {name: sg, role: server-gateway, address: "b:1", insecure: true}
  - {name: rg, role: replica-gateway, address: "c:1", insecure: true, ports: [{port: 1, mac: "02:00:00:00:00:04", addresses: [192.168.0.3/24]}]}
services:
  - {name: web, server: 192.0.2.10, port: 80, gateway: sg, replicas: [{name: a, address: 198.51.100.1, gateway: rg}]}
`

// FuzzSet carries any operation out: what comes of it is refused with a path, or a tree that is valid, can be stored and
// read again, and has its leaves in the schema.
func FuzzSet(f *testing.F) {
	c, given, err := config.ParseGiven("base", []byte(fuzzBase))
	if err != nil {
		f.Fatal(err)
	}
	base, err := NewIntent(model.FromConfig(c, given))
	if err != nil {
		f.Fatal(err)
	}
	const web = "/firstack/services/service[name=web]"
	for _, seed := range []struct {
		kind        uint8
		path, value string
	}{
		{0, web + "/replicas/replica[name=*]", ""},
		{0, "/firstack/.../weight", ""},
		{0, "/", ""},
		{1, "/", `{"firstack:firstack": {"controller": {"config": {"election-id": "1, 2"}}}}`},
		{1, web + "/config", `{"name": "web", "server": "192.0.2.10", "port": 443}`},
		{2, web + "/replicas", `{"replica": [{"name": "b", "config": {"address": "198.51.100.2", "weight": 7}}]}`},
		{2, "/firstack/switches/switch[name=rg]/ports/port[port=1]/config/addresses", `["192.168.0.3/24", "10.0.0.1/8"]`},
		{2, "/firstack/switches/switch[name=rg]/routes/route[prefix=0.0.0.0/0]", `{"config": {"port": 1, "via": "192.168.0.9"}}`},
		{2, "/firstack/switches/switch[name=rg]/config/device-id", `"18446744073709551615"`},
		{2, "/firstack/policies/redirections/redirection[sequence=4294967295]/config/ports", `[80, 443]`},
		{2, "/firstack/policies/timers/config/idle", `"1.5h30µs"`},
		{2, web + `/replicas/replica[name=\]]/config/weight`, `1`},
	} {
		f.Add(seed.kind, seed.path, []byte(seed.value))
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string, value []byte) {
		p, err := model.ParsePath(text)
		if err != nil {
			return
		}
		req := &gpb.SetRequest{}
		update := []*gpb.Update{{Path: p, Val: &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: value}}}}
		switch kind % 3 {
		case 0:
			req.Delete = []*gpb.Path{p}
		case 1:
			req.Replace = update
		case 2:
			req.Update = update
		}
		before := string(base.value)
		next, err := edit(base, req)
		if now, err := model.Encode(base.root); err != nil || string(now) != before {
			t.Fatalf("the tree before it has changed: %v\n%s", err, now)
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "/") {
				t.Fatalf("the error does not begin with a path: %v", err)
			}
			return
		}
		if err := next.Config.Validate(); err != nil {
			t.Fatalf("an invalid configuration: %v", err)
		}
		root, err := model.Decode(next.value)
		if err != nil {
			t.Fatalf("%v\n%s", err, next.value)
		}
		again, err := NewIntent(root)
		if err != nil || string(again.value) != string(next.value) || len(config.Diff(again.Config, next.Config)) > 0 {
			t.Fatalf("read again: %v\n%s\nit was\n%s", err, again.value, next.value)
		}
		for _, l := range leavesOf(next.root, 0) {
			if err := check(l.Path); err != nil {
				t.Fatal(err)
			}
		}
	})
}
