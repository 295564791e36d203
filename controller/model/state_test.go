package model_test

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/openconfig/goyang/pkg/yang"
	"github.com/openconfig/ygot/ygot"
	"github.com/openconfig/ygot/ytypes"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway/flow"
	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/state"
)

// A controller that tells all it can fills every leaf of the state that is not configuration, with values the schema takes.
func TestStateFillsTheModel(t *testing.T) {
	c, given, err := config.ParseGiven("base", []byte(`
switches:
  - {name: cg, role: client-gateway, address: "a:1", insecure: true, ports: [{port: 1, side: lan, mac: "02:00:00:00:00:01"}]}
  - {name: sg, role: server-gateway, address: "b:1", insecure: true}
services:
  - {name: web, server: 192.0.2.10, port: 80, gateway: sg, replicas: [{name: a, address: 198.51.100.1}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	root := model.FromConfig(c, given)
	model.Effective(root, c)
	var s model.State
	fill(reflect.ValueOf(&s).Elem())
	s.Put(root)
	if err := root.Validate(&ytypes.LeafrefOptions{}); err != nil {
		t.Error(err)
	}
	told, err := ygot.TogNMINotifications(root, 0, ygot.GNMINotificationsConfig{UsePathElem: true})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, u := range told[0].GetUpdate() {
		path := ""
		for _, e := range u.GetPath().GetElem() {
			path += "/" + e.GetName()
		}
		found[path] = true
	}
	var look func(path string, e *yang.Entry)
	look = func(path string, e *yang.Entry) {
		if e.IsLeaf() || e.IsLeafList() {
			if e.ReadOnly() && !found[path] {
				t.Errorf("nothing fills %s", path)
			}
			return
		}
		for name, child := range e.Dir {
			if name == "state" && e.Dir["config"] != nil {
				configured := e.Dir["config"].Dir
				for name, leaf := range child.Dir {
					if configured[name] == nil {
						look(path+"/state/"+name, leaf)
					}
				}
				continue
			}
			look(path+"/"+name, child)
		}
	}
	look("/firstack", parse(t).Dir["firstack"])
}

// fill gives every field a value that is not zero; names are those of the configuration above.
func fill(v reflect.Value) {
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Unix(1, 0)
		return
	case *netip.Addr:
		*x = netip.MustParseAddr("198.51.100.1")
		return
	case *netip.AddrPort:
		*x = netip.MustParseAddrPort("198.51.100.1:80")
		return
	case *[]state.Steering:
		var one state.Steering
		fill(reflect.ValueOf(&one).Elem())
		other := one
		other.Service = ""
		*x = []state.Steering{one, other}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
			if text, known := map[string]string{
				"Switch": "cg", "Service": "web", "State": "primary", "Health": "dead", "Mode": "race", "Standing": "mute",
				"ElectionID": "1", "Role": "client-gateway",
			}[v.Type().Field(i).Name]; known && v.Field(i).Kind() == reflect.String {
				v.Field(i).SetString(text)
			}
		}
		switch x := v.Addr().Interface().(type) {
		case *state.Service:
			x.Name, x.Origins[0].Name = "web", config.DefaultOrigin
		case *state.Server:
			x.Name = "a"
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint64, reflect.Uint32:
		v.SetUint(7)
	case reflect.Map: // by reason
		retired := v.Addr().Interface().(*map[string]uint64)
		*retired = map[string]uint64{}
		for _, reason := range flow.Reasons() {
			(*retired)[reason.String()] = 7
		}
	}
}
