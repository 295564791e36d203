package gnmi_test

import (
	"testing"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/gnmi"
)

// FuzzSet: whatever is asked for is refused and changes nothing, or sets what can be set. Whatever is asked about is
// answered, or refused.
func FuzzSet(f *testing.F) {
	for _, seed := range []struct {
		kind        uint8
		path, value string
	}{
		{0, eth0 + "/config/enabled", "false"}, {1, "/interfaces", `{"interface": [{"name": "eth0", "config": {"enabled": false}}]}`},
		{2, "/interfaces/interface[name=*]/config/enabled", ""}, {1, "/", `{"openconfig-interfaces:interfaces": {}}`},
		{0, "/interfaces/interface", `{"name": "eth0"}`}, {2, "/.../enabled", ""}, {0, "/*/*/*", "true"}, {0, `/interfaces/interface[name=\]]/name`, `"]"`},
	} {
		f.Add(seed.kind, seed.path, []byte(seed.value))
	}
	f.Fuzz(tryAnything)
}

func tryAnything(t *testing.T, kind uint8, text string, value []byte) {
	p, err := ygot.StringToStructuredPath(text)
	if err != nil {
		return
	}
	d := newDevice()
	if err := d.SetEnabled(2, false); err != nil {
		t.Fatal(err)
	}
	s := gnmi.New(gnmi.Options{Device: d})
	for _, e := range []gpb.Encoding{gpb.Encoding_JSON_IETF, gpb.Encoding_PROTO} {
		r, err := s.Get(t.Context(), &gpb.GetRequest{Path: []*gpb.Path{p}, Encoding: e, Type: gpb.GetRequest_DataType(kind % 4)})
		if c := status.Code(err); c != codes.OK && c != codes.InvalidArgument && c != codes.NotFound {
			t.Fatalf("get %s: %v", text, err)
		}
		for _, n := range r.GetNotification() {
			for _, u := range n.GetUpdate() {
				if u.GetVal().GetValue() == nil {
					t.Fatalf("get %s: %v has no value", text, u.GetPath())
				}
			}
		}
	}
	req := &gpb.SetRequest{}
	update := []*gpb.Update{{Path: p, Val: ietf(string(value))}}
	switch kind % 3 {
	case 0:
		req.Update = update
	case 1:
		req.Replace = update
	case 2:
		req.Delete = []*gpb.Path{p}
	}
	before := d.enabled()
	_, err = s.Set(t.Context(), req)
	switch c := status.Code(err); {
	case c == codes.OK:
	case c != codes.InvalidArgument:
		t.Fatalf("set %s: %v", text, err)
	case d.enabled() != before:
		t.Fatalf("set %s: refused with %v, yet %s became %s", text, err, before, d.enabled())
	}
}
