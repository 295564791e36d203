package p4rt_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch"
)

const (
	verify          = p4v1.SetForwardingPipelineConfigRequest_VERIFY
	verifyAndSave   = p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_SAVE
	verifyAndCommit = p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT
	commit          = p4v1.SetForwardingPipelineConfigRequest_COMMIT
	reconcile       = p4v1.SetForwardingPipelineConfigRequest_RECONCILE_AND_COMMIT
)

// TestBeforeConfig: without a program there is nothing to write or read, but the question for the
// configuration is answered.
func TestBeforeConfig(t *testing.T) {
	r := newRig(t, softswitch.Options{})
	r.client(1, "")
	if _, err := r.Write(t.Context(), r.request()); status.Code(err) != codes.FailedPrecondition ||
		status.Convert(err).Message() != "No forwarding pipeline config set for this device" {
		t.Errorf("write: %v", err)
	}
	if _, err := r.read(`table_entry {}`); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("read: %v", err)
	}
	resp, err := r.GetForwardingPipelineConfig(t.Context(), &p4v1.GetForwardingPipelineConfigRequest{DeviceId: device})
	if err != nil || resp.GetConfig() != nil {
		t.Errorf("get: %v, %v", resp, err)
	}
	if err := r.set(commit, nil); status.Code(err) != codes.NotFound {
		t.Errorf("commit of nothing: %v", err)
	}
}

// TestWho: requests are checked for device, role and election id, in this order.
func TestWho(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	tests := []struct {
		name string
		req  *p4v1.WriteRequest
		code codes.Code
	}{
		{"device", &p4v1.WriteRequest{DeviceId: 99, Role: "x"}, codes.NotFound},
		{"role", &p4v1.WriteRequest{DeviceId: device, Role: "x", ElectionId: &p4v1.Uint128{Low: 1}}, codes.NotFound},
		{"election id", &p4v1.WriteRequest{DeviceId: device, ElectionId: &p4v1.Uint128{Low: 2}}, codes.PermissionDenied},
		{"no election id", &p4v1.WriteRequest{DeviceId: device}, codes.PermissionDenied},
		{"role by number", &p4v1.WriteRequest{DeviceId: device, RoleId: 1, ElectionId: &p4v1.Uint128{Low: 1}}, codes.InvalidArgument},
		{"atomicity", &p4v1.WriteRequest{DeviceId: device, ElectionId: &p4v1.Uint128{Low: 1}, Atomicity: 9}, codes.InvalidArgument},
		{"nothing to do", &p4v1.WriteRequest{DeviceId: device, ElectionId: &p4v1.Uint128{Low: 1}}, codes.OK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := r.Write(t.Context(), tt.req); status.Code(err) != tt.code {
				t.Errorf("got %v, want %v", err, tt.code)
			}
		})
	}
	if _, err := r.readRequest(&p4v1.ReadRequest{DeviceId: 99}); status.Code(err) != codes.NotFound {
		t.Errorf("read of another device: %v", err)
	}
	if _, err := r.GetForwardingPipelineConfig(t.Context(), &p4v1.GetForwardingPipelineConfigRequest{DeviceId: 99}); status.Code(err) != codes.NotFound {
		t.Errorf("config of another device: %v", err)
	}
	if _, err := r.Capabilities(t.Context(), &p4v1.CapabilitiesRequest{DeviceId: 99}); status.Code(err) != codes.NotFound {
		t.Errorf("capabilities of another device: %v", err)
	}
	if c, err := r.Capabilities(t.Context(), &p4v1.CapabilitiesRequest{}); err != nil || c.GetP4RuntimeApiVersion() != "1.5.0" {
		t.Errorf("capabilities: %v, %v", c, err)
	}
}

// TestInterceptor: interceptors see write requests as the generated type.
func TestInterceptor(t *testing.T) {
	var seen []string
	r := newRig(t, softswitch.Options{}, grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
		seen = append(seen, fmt.Sprintf("%s %T", info.FullMethod, req))
		return h(ctx, req)
	}))
	r.client(1, "")
	r.mustSet(verifyAndCommit, r.p, 1)
	r.mustWrite("insert", route)
	r.wantRead(`table_entry { table_id: $routes }`, route)
	if want := "/p4.v1.P4Runtime/Write *v1.WriteRequest"; len(seen) != 2 || seen[1] != want {
		t.Errorf("seen %q, want %q last", seen, want)
	}
}

func TestGetConfig(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.mustSet(verifyAndCommit, r.p, 77)
	tests := []struct {
		kind         p4v1.GetForwardingPipelineConfigRequest_ResponseType
		info, device bool
	}{
		{p4v1.GetForwardingPipelineConfigRequest_ALL, true, true},
		{p4v1.GetForwardingPipelineConfigRequest_COOKIE_ONLY, false, false},
		{p4v1.GetForwardingPipelineConfigRequest_P4INFO_AND_COOKIE, true, false},
		{p4v1.GetForwardingPipelineConfigRequest_DEVICE_CONFIG_AND_COOKIE, false, true},
	}
	for _, tt := range tests {
		resp, err := r.GetForwardingPipelineConfig(t.Context(), &p4v1.GetForwardingPipelineConfigRequest{DeviceId: device, ResponseType: tt.kind})
		if err != nil {
			t.Fatal(err)
		}
		want := &p4v1.ForwardingPipelineConfig{Cookie: &p4v1.ForwardingPipelineConfig_Cookie{Cookie: 77}}
		if tt.info {
			want.P4Info = r.p.info
		}
		if tt.device {
			want.P4DeviceConfig = r.p.json
		}
		if !proto.Equal(resp.GetConfig(), want) {
			t.Errorf("%v: not what was set", tt.kind)
		}
	}
}

// TestBadConfig: what cannot be run is refused and changes nothing.
func TestBadConfig(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.mustWrite("insert", route)
	change := func(f func(*p4configv1.P4Info)) *p4v1.ForwardingPipelineConfig {
		cfg := r.p.config(2)
		cfg.P4Info = proto.Clone(cfg.P4Info).(*p4configv1.P4Info)
		f(cfg.P4Info)
		return cfg
	}
	tests := []struct {
		name string
		cfg  *p4v1.ForwardingPipelineConfig
		says string
	}{
		{"none", nil, "needs a config"},
		{"no P4Info", &p4v1.ForwardingPipelineConfig{P4DeviceConfig: r.p.json}, "needs a config"},
		{"no JSON", &p4v1.ForwardingPipelineConfig{P4Info: r.p.info}, "needs a config"},
		{"garbage", &p4v1.ForwardingPipelineConfig{P4Info: r.p.info, P4DeviceConfig: []byte("garbage")}, "p4_device_config"},
		{"table of another program", change(func(p *p4configv1.P4Info) { p.Tables[0].Preamble.Name = "other" }), `"other" is not in the program`},
		{"key of another width", change(func(p *p4configv1.P4Info) { p.Tables[0].MatchFields[0].Bitwidth = 31 }), "31 bits in the P4Info"},
		{"key of another name", change(func(p *p4configv1.P4Info) { p.Tables[0].MatchFields[0].Name = "x" }), `"x"`},
		{"key with one field less", change(func(p *p4configv1.P4Info) { p.Tables[0].MatchFields = p.Tables[0].MatchFields[:3] }), "3 match fields"},
		{"action of another width", change(func(p *p4configv1.P4Info) { p.Actions[2].Params[0].Bitwidth = 8 }), "8 bits in the P4Info"},
		{"counter of another size", change(func(p *p4configv1.P4Info) { p.Counters[0].Size = 17 }), "port_counter"},
		{"register of another size", change(func(p *p4configv1.P4Info) { p.Registers[0].Size = 33 }), "last_src"},
		{"meter of another size", change(func(p *p4configv1.P4Info) { p.Meters[0].Size = 33 }), "port_meter"},
		{"profile of another name", change(func(p *p4configv1.P4Info) { p.ActionProfiles[0].Preamble.Name = "x" }), `"x"`},
		{"digest of another name", change(func(p *p4configv1.P4Info) { p.Digests[0].Preamble.Name = "x" }), `"x"`},
		{"digest of another width", change(func(p *p4configv1.P4Info) {
			p.TypeInfo.Structs["learn_t"].Members[1].TypeSpec.GetBitstring().GetBit().Bitwidth = 8
		}), "[48 8] bits in the P4Info"},
		{"value set of another name", change(func(p *p4configv1.P4Info) { p.ValueSets[0].Preamble.Name = "x" }), `"x"`},
	}
	for _, tt := range tests {
		for _, action := range []p4v1.SetForwardingPipelineConfigRequest_Action{verify, verifyAndSave, verifyAndCommit, reconcile} {
			if err := r.set(action, tt.cfg); status.Code(err) != codes.InvalidArgument || !strings.Contains(status.Convert(err).Message(), tt.says) {
				t.Errorf("%s, %v: %v, want INVALID_ARGUMENT with %q", tt.name, action, err, tt.says)
			}
		}
	}
	if err := r.set(0, r.p.config(2)); status.Code(err) != codes.InvalidArgument {
		t.Errorf("unspecified action: %v", err)
	}
	if err := r.set(commit, nil); status.Code(err) != codes.NotFound {
		t.Errorf("something was saved: %v", err)
	}
	r.wantRead(`table_entry { table_id: $routes }`, route)
}

// TestActions walks through the actions in their order.
func TestActions(t *testing.T) {
	r, _ := ready(t, softswitch.Options{})
	r.mustWrite("insert", route)
	running := r.sw.Pipeline()

	r.mustSet(verify, r.p, 2)
	r.wantRead(`table_entry { table_id: $routes }`, route)

	// Saved: reads and writes go to the new program, packets to the old one.
	r.mustSet(verifyAndSave, r.p, 3)
	r.wantRead(`table_entry { table_id: $routes }`)
	other := sub(route, `\x0a\x00\x00\x00`, `\x0b\x00\x00\x00`)
	r.mustWrite("insert", other)
	if r.sw.Pipeline() != running {
		t.Error("saving a program runs it")
	}
	if err := r.set(commit, r.p.config(3)); status.Code(err) != codes.InvalidArgument {
		t.Errorf("commit with a config: %v", err)
	}
	r.mustSet(commit, nil, 0)
	if r.sw.Pipeline() == running {
		t.Error("committing a program does not run it")
	}
	r.wantRead(`table_entry { table_id: $routes }`, other)
	if err := r.set(commit, nil); status.Code(err) != codes.NotFound {
		t.Errorf("second commit: %v", err)
	}

	r.mustSet(verifyAndCommit, r.p, 4)
	r.wantRead(`table_entry { table_id: $routes }`)
}
