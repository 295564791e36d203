package gnmi_test

import (
	"strings"
	"testing"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func ietf(text string) *gpb.TypedValue {
	return &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: []byte(text)}}
}

func update(t testing.TB, where, value string) *gpb.Update {
	return &gpb.Update{Path: path(t, where), Val: ietf(value)}
}

const eth0 = "/interfaces/interface[name=eth0]"

func TestSet(t *testing.T) {
	const all = "eth0=true eth0.1=true 1/1/1=true"
	for name, test := range map[string]struct {
		request *gpb.SetRequest
		want    string
	}{
		"leaf":          {&gpb.SetRequest{Update: []*gpb.Update{update(t, eth0+"/config/enabled", "false")}}, "eth0=false eth0.1=true 1/1/1=true"},
		"bool":          {&gpb.SetRequest{Replace: []*gpb.Update{{Path: path(t, eth0+"/config/enabled"), Val: &gpb.TypedValue{Value: &gpb.TypedValue_BoolVal{}}}}}, "eth0=false eth0.1=true 1/1/1=true"},
		"container":     {&gpb.SetRequest{Update: []*gpb.Update{update(t, eth0+"/config", `{"openconfig-interfaces:enabled": false, "name": "eth0", "type": "iana-if-type:ethernetCsmacd"}`)}}, "eth0=false eth0.1=true 1/1/1=true"},
		"list":          {&gpb.SetRequest{Update: []*gpb.Update{update(t, "/", `{"openconfig-interfaces:interfaces": {"interface": [{"name": "eth0.1", "config": {"enabled": false}}, {"name": "1/1/1", "config": {"enabled": false}}]}}`)}}, "eth0=true eth0.1=false 1/1/1=false"},
		"last counts":   {&gpb.SetRequest{Update: []*gpb.Update{update(t, eth0+"/config/enabled", "false"), update(t, eth0+"/config/enabled", "true")}}, all},
		"replace first": {&gpb.SetRequest{Update: []*gpb.Update{update(t, eth0+"/config/enabled", "false")}, Replace: []*gpb.Update{update(t, "/interfaces", `{"interface": [{"name": "eth0.1", "config": {"enabled": false}}]}`)}}, "eth0=false eth0.1=false 1/1/1=true"},
		"prefix":        {&gpb.SetRequest{Prefix: path(t, eth0), Update: []*gpb.Update{{Path: path(t, "config/enabled"), Val: ietf("false")}}}, "eth0=false eth0.1=true 1/1/1=true"},
		"nothing":       {&gpb.SetRequest{}, all},
	} {
		d := newDevice()
		r, err := serve(t, d).Set(t.Context(), test.request)
		if err != nil || d.enabled() != test.want || len(r.GetResponse()) != len(test.request.GetUpdate())+len(test.request.GetReplace()) {
			t.Errorf("%s: %s, want %s; %v, %v", name, d.enabled(), test.want, r, err)
		}
	}
}

// What is deleted, or not there in a replace, has its default: enabled.
func TestSetToDefault(t *testing.T) {
	for name, request := range map[string]*gpb.SetRequest{
		"leaf":     {Delete: []*gpb.Path{path(t, eth0+"/config/enabled")}},
		"entry":    {Delete: []*gpb.Path{path(t, eth0)}},
		"wildcard": {Delete: []*gpb.Path{path(t, "/interfaces/interface[name=*]/config/enabled")}},
		"all":      {Delete: []*gpb.Path{path(t, "/")}},
		"replace":  {Replace: []*gpb.Update{update(t, eth0+"/config", `{"name": "eth0"}`)}},
	} {
		d := newDevice()
		if err := d.SetEnabled(1, false); err != nil {
			t.Fatal(err)
		}
		if _, err := serve(t, d).Set(t.Context(), request); err != nil || !strings.Contains(d.enabled(), "eth0=true") {
			t.Errorf("%s: %s, %v", name, d.enabled(), err)
		}
	}
}

// What is wrong is told with its path, all of it, and nothing has changed, whatever else was asked for.
func TestSetRefused(t *testing.T) {
	for want, one := range map[string]*gpb.Update{
		eth0 + "/config/enabled: \"no\" is neither true nor false":                      update(t, eth0+"/config/enabled", `"no"`),
		eth0 + "/config/enabled: \"{\" is not JSON":                                     update(t, eth0+"/config/enabled", `{`),
		eth0 + "/config/enabled: has no value":                                          {Path: path(t, eth0+"/config/enabled")},
		eth0 + "/config/mtu: is not in the model":                                       update(t, eth0+"/config/mtu", `9000`),
		eth0 + "/config/type: cannot be set":                                            update(t, eth0+"/config", `{"type": "iana-if-type:softwareLoopback"}`),
		eth0 + "/config/name: \"eth1\" is not the entry's key":                          update(t, eth0+"/config", `{"name": "eth1"}`),
		eth0 + "/state/oper-status: is state":                                           update(t, eth0+"/state/oper-status", `"UP"`),
		eth0 + "/ethernet/state/port-speed: is state":                                   update(t, eth0, `{"name": "eth0", "ethernet": {"state": {"port-speed": "SPEED_1GB"}}}`),
		eth0 + "/config: [1] is not an object":                                          update(t, eth0+"/config", `[1]`),
		"/interfaces/interface[name=eth7]: there is no such interface":                  update(t, "/interfaces/interface[name=eth7]/config/enabled", `true`),
		"/interfaces/interface[name=*]/config/enabled: has wildcards":                   update(t, "/interfaces/interface[name=*]/config/enabled", `true`),
		"/interfaces/interface: has no key name":                                        update(t, "/interfaces/interface/config/enabled", `true`),
		"/interfaces/interface: {} is not a list":                                       update(t, "/interfaces", `{"interface": {}}`),
		"/interfaces/interface: an entry has no name":                                   update(t, "/interfaces", `{"interface": [{}]}`),
		"/components: is not in the model":                                              update(t, "/", `{"components": {}}`),
		eth0 + "/config/enabled: a value of type *gnmi.TypedValue_UintVal is not taken": {Path: path(t, eth0+"/config/enabled"), Val: &gpb.TypedValue{Value: &gpb.TypedValue_UintVal{UintVal: 1}}},
	} {
		d := newDevice()
		c := serve(t, d)
		fine := update(t, eth0+"/config/enabled", "false")
		for _, request := range []*gpb.SetRequest{{Update: []*gpb.Update{fine, one}}, {Update: []*gpb.Update{fine}, Replace: []*gpb.Update{one}}} {
			_, err := c.Set(t.Context(), request)
			if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), want) {
				t.Errorf("%v\nwant %s", err, want)
			}
			if strings.Contains(d.enabled(), "false") {
				t.Errorf("%s: something has changed: %s", want, d.enabled())
			}
		}
	}
	c := serve(t, newDevice())
	for text, request := range map[string]*gpb.SetRequest{
		"/interfaces/interface[name=eth0]/state: cannot be set":        {Delete: []*gpb.Path{path(t, eth0+"/state")}},
		"/interfaces/interface[name=*]/config/name: cannot be set":     {Delete: []*gpb.Path{path(t, "/interfaces/interface[name=*]/config/name")}},
		"/interfaces/interface[name=eth7]: there is no such interface": {Delete: []*gpb.Path{path(t, "/interfaces/interface[name=eth7]/config/enabled")}},
		"union_replace": {UnionReplace: []*gpb.Update{update(t, "/", "{}")}},
	} {
		if _, err := c.Set(t.Context(), request); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v\nwant %s", err, text)
		}
	}
}
