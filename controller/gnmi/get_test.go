package gnmi_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
)

var update = flag.Bool("update", false, "write golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCapabilities(t *testing.T) {
	b := newBench(t)
	r, err := b.Capabilities(t.Context(), &gpb.CapabilityRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if r.GetGNMIVersion() != "0.10.0" || len(r.GetSupportedEncodings()) != 3 || r.GetSupportedModels()[0].GetName() != "firstack" {
		t.Errorf("%v", r)
	}
}

// The whole tree, as JSON_IETF.
func TestGetAll(t *testing.T) {
	b := newBench(t)
	for kind, name := range map[gpb.GetRequest_DataType]string{
		gpb.GetRequest_ALL: "all.json", gpb.GetRequest_CONFIG: "config.json", gpb.GetRequest_OPERATIONAL: "operational.json",
	} {
		values, err := b.get("/", gpb.Encoding_JSON_IETF, kind)
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(values["/"].GetJsonIetfVal(), &tree); err != nil {
			t.Fatal(err)
		}
		pretty, _ := json.MarshalIndent(tree, "", "  ")
		golden(t, name, append(pretty, '\n'))
	}
}

func TestGet(t *testing.T) {
	b := newBench(t)
	const replica = "/firstack/services/service[name=web]/replicas/replica"
	for name, test := range map[string]struct {
		path string
		e    gpb.Encoding
		kind gpb.GetRequest_DataType
		want map[string]string // prototext of values
	}{
		"leaf": {replica + "[name=b]/config/port", gpb.Encoding_JSON_IETF, 0,
			map[string]string{replica + "[name=b]/config/port": `json_ietf_val:"8080"`}},
		"leaf in JSON": {replica + "[name=b]/config/port", gpb.Encoding_JSON, 0,
			map[string]string{replica + "[name=b]/config/port": `json_val:"8080"`}},
		"leaf in PROTO": {replica + "[name=b]/config/port", gpb.Encoding_PROTO, 0,
			map[string]string{replica + "[name=b]/config/port": `uint_val:8080`}},
		"enumeration": {replica + "[name=b]/config/configuration", gpb.Encoding_PROTO, 0,
			map[string]string{replica + "[name=b]/config/configuration": `string_val:"B"`}},
		"64 bits": {"/firstack/switches/switch[name=cg]/state/counters/updates", gpb.Encoding_JSON_IETF, 0,
			map[string]string{"/firstack/switches/switch[name=cg]/state/counters/updates": `json_ietf_val:"\"12\""`}},
		"leaf-list": {"/firstack/switches/switch[name=rg]/config/direct", gpb.Encoding_JSON_IETF, 0,
			map[string]string{"/firstack/switches/switch[name=rg]/config/direct": `json_ietf_val:"[\"10.9.0.0/24\"]"`}},
		"default under state": {replica + "[name=a]/state/port", gpb.Encoding_PROTO, 0,
			map[string]string{replica + "[name=a]/state/port": `uint_val:80`}},
		"container": {replica + "[name=a]/config", gpb.Encoding_JSON_IETF, 0,
			map[string]string{replica + "[name=a]/config": `json_ietf_val:"{\"firstack:address\":\"198.51.100.1\",\"firstack:gateway\":\"rg\",\"firstack:name\":\"a\"}"`}},
		"container in JSON": {replica + "[name=a]/config", gpb.Encoding_JSON, 0,
			map[string]string{replica + "[name=a]/config": `json_val:"{\"address\":\"198.51.100.1\",\"gateway\":\"rg\",\"name\":\"a\"}"`}},
		"wildcard of a key": {replica + "[name=*]/config/address", gpb.Encoding_PROTO, 0, map[string]string{
			replica + "[name=a]/config/address": `string_val:"198.51.100.1"`, replica + "[name=b]/config/address": `string_val:"198.51.100.2"`}},
		"no key": {replica + "/config/address", gpb.Encoding_PROTO, 0, map[string]string{
			replica + "[name=a]/config/address": `string_val:"198.51.100.1"`, replica + "[name=b]/config/address": `string_val:"198.51.100.2"`}},
		"wildcard of a name": {replica + "[name=b]/*/port", gpb.Encoding_PROTO, 0, map[string]string{
			replica + "[name=b]/config/port": `uint_val:8080`, replica + "[name=b]/state/port": `uint_val:8080`}},
		"wildcard of a path": {"/firstack/.../wins", gpb.Encoding_PROTO, 0, map[string]string{
			replica + "[name=a]/state/wins": `uint_val:0`, "/firstack/services/service[name=web]/origins/origin[name=origin]/state/wins": `uint_val:0`}},
		"containers by wildcard": {"/firstack/switches/switch[name=*]/tls/config", gpb.Encoding_JSON, 0, map[string]string{
			"/firstack/switches/switch[name=sg]/tls/config": `json_val:"{\"ca\":\"/ca.pem\"}"`}},
		"wildcard without anything": {"/firstack/switches/switch[name=*]/tls/config/key", gpb.Encoding_PROTO, 0, map[string]string{}},
		"module before a name": {"/firstack:firstack/controller/state/revision", gpb.Encoding_PROTO, 0,
			map[string]string{"/firstack/controller/state/revision": `uint_val:1`}},
		"only config": {"/firstack/services/service[name=web]/config/port", gpb.Encoding_PROTO, gpb.GetRequest_CONFIG,
			map[string]string{"/firstack/services/service[name=web]/config/port": `uint_val:80`}},
		"only state": {"/firstack/services/service[name=web]/*/port", gpb.Encoding_PROTO, gpb.GetRequest_STATE,
			map[string]string{"/firstack/services/service[name=web]/state/port": `uint_val:80`}},
		"decisions": {"/firstack/switches/switch[name=cg]/decisions/decision[name=verdict/claim]/state/packets", gpb.Encoding_PROTO, 0,
			map[string]string{"/firstack/switches/switch[name=cg]/decisions/decision[name=verdict/claim]/state/packets": `uint_val:5`}},
		"delays": {replica + "[name=a]/state/delay/mean", gpb.Encoding_PROTO, gpb.GetRequest_OPERATIONAL,
			map[string]string{replica + "[name=a]/state/delay/mean": `uint_val:20000000`}},
		"histogram": {replica + "[name=a]/delay-histogram/bucket[upper-bound=20000000]/state/count", gpb.Encoding_PROTO, 0,
			map[string]string{replica + "[name=a]/delay-histogram/bucket[upper-bound=20000000]/state/count": `uint_val:3`}},
		"fraction": {"/firstack/services/service[name=web]/steering/gateways/gateway[name=cg]/state/direct-share", gpb.Encoding_PROTO, 0,
			map[string]string{"/firstack/services/service[name=web]/steering/gateways/gateway[name=cg]/state/direct-share": `double_val:98.83`}},
		"fraction in JSON": {"/firstack/services/service[name=web]/steering/gateways/gateway[name=cg]/state/direct-share", gpb.Encoding_JSON_IETF, 0,
			map[string]string{"/firstack/services/service[name=web]/steering/gateways/gateway[name=cg]/state/direct-share": `json_ietf_val:"\"98.83\""`}},
	} {
		t.Run(name, func(t *testing.T) {
			values, err := b.get(test.path, test.e, test.kind)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for p, v := range values {
				got[p] = strings.Join(strings.Fields(prototext.MarshalOptions{}.Format(v)), " ")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestGetWithPrefix(t *testing.T) {
	b := newBench(t)
	prefix := path(t, "/firstack/services")
	prefix.Target, prefix.Origin = "here", "firstack"
	r, err := b.Get(t.Context(), &gpb.GetRequest{Prefix: prefix, Encoding: gpb.Encoding_PROTO,
		Path: []*gpb.Path{path(t, "/service[name=web]/config/port"), path(t, "/service[name=web]/config/server")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.GetNotification()) != 2 || r.GetNotification()[0].GetPrefix().GetTarget() != "here" {
		t.Errorf("%v", r)
	}
	if p := text(t, r.GetNotification()[1].GetUpdate()[0].GetPath()); p != "/firstack/services/service[name=web]/config/server" {
		t.Errorf("path %s", p)
	}
}

func TestGetRefusals(t *testing.T) {
	b := newBench(t)
	for name, test := range map[string]struct {
		req  *gpb.GetRequest
		code codes.Code
		want string
	}{
		"unknown node":  {&gpb.GetRequest{Path: []*gpb.Path{path(t, "/firstack/services/foo")}}, codes.InvalidArgument, "/firstack/services/foo: is not in the model"},
		"unknown key":   {&gpb.GetRequest{Path: []*gpb.Path{path(t, "/firstack/services/service[id=web]")}}, codes.InvalidArgument, "/firstack/services/service[id=web]: has other keys: name"},
		"no data":       {&gpb.GetRequest{Path: []*gpb.Path{path(t, "/firstack/services/service[name=mail]")}}, codes.NotFound, "/firstack/services/service[name=mail]: has no data"},
		"no leaf there": {&gpb.GetRequest{Path: []*gpb.Path{path(t, "/firstack/controller/config/listen")}}, codes.NotFound, "/firstack/controller/config/listen: has no data"},
		"encoding":      {&gpb.GetRequest{Encoding: gpb.Encoding_BYTES}, codes.InvalidArgument, "encoding BYTES is not given"},
		"origin":        {&gpb.GetRequest{Path: []*gpb.Path{{Origin: "cli"}}}, codes.InvalidArgument, `origin "cli" is unknown`},
		"models":        {&gpb.GetRequest{UseModels: []*gpb.ModelData{{Name: "openconfig-interfaces"}}}, codes.InvalidArgument, "the only model here is firstack"},
		"type":          {&gpb.GetRequest{Type: 9}, codes.InvalidArgument, "type 9 is unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Get(t.Context(), test.req)
			if st := status.Convert(err); st.Code() != test.code || !strings.Contains(st.Message(), test.want) {
				t.Errorf("%v, want %v: %s", err, test.code, test.want)
			}
		})
	}
}
