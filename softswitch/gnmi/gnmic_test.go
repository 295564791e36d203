package gnmi_test

import (
	"context"
	"net"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmic/pkg/api"
	"google.golang.org/grpc"

	"github.com/firstack/firstack/softswitch/gnmi"
)

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// gnmic's own client does with the switch what it does with any other: capabilities, get, set by update, replace and delete,
// and subscriptions of all kinds.
func TestGNMIC(t *testing.T) {
	d := newDevice()
	s, g := gnmi.New(gnmi.Options{Device: d}), grpc.NewServer()
	listener := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	s.Register(g)
	served := make(chan struct{})
	go func() { defer close(served); _ = g.Serve(listener) }() // until Stop
	t.Cleanup(func() { s.Close(); g.Stop(); <-served })
	tg, err := api.NewTarget(api.Name("switch"), api.Address(listener.Addr().String()), api.Insecure(true), api.Timeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := tg.CreateGNMIClient(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tg.Close() })
	if caps := must[*gpb.CapabilityResponse](t)(tg.Capabilities(t.Context())); len(caps.GetSupportedModels()) != 3 {
		t.Errorf("%v", caps)
	}
	got := must[*gpb.GetResponse](t)(tg.Get(t.Context(), must[*gpb.GetRequest](t)(api.NewGetRequest(api.Path("/"), api.EncodingJSON_IETF()))))
	if len(got.GetNotification()[0].GetUpdate()) != 1 {
		t.Errorf("%v", got)
	}
	for _, step := range []struct {
		option api.GNMIOption
		want   string
	}{
		{api.Update(api.Path(eth0+"/config/enabled"), api.Value(false, "bool")), "eth0=false eth0.1=true 1/1/1=true"},
		{api.Replace(api.Path("/interfaces/interface[name=eth0.1]/config"), api.Value(map[string]any{"enabled": false}, "json_ietf")), "eth0=false eth0.1=false 1/1/1=true"},
		{api.Delete(eth0 + "/config/enabled"), "eth0=true eth0.1=false 1/1/1=true"},
	} {
		if _, err := tg.Set(t.Context(), must[*gpb.SetRequest](t)(api.NewSetRequest(step.option))); err != nil || d.enabled() != step.want {
			t.Errorf("%s, want %s: %v", d.enabled(), step.want, err)
		}
	}
	request := func(opts ...api.GNMIOption) *gpb.SubscribeRequest {
		return must[*gpb.SubscribeRequest](t)(api.NewSubscribeRequest(append(opts, api.EncodingPROTO())...))
	}
	once := must[[]*gpb.SubscribeResponse](t)(tg.SubscribeOnce(t.Context(), request(api.SubscriptionListModeONCE(), api.Subscription(api.Path(operStatus)))))
	if len(once) == 0 || len(once[0].GetUpdate().GetUpdate()) != 3 {
		t.Errorf("once: %v", once)
	}
	for name, sub := range map[string]api.GNMIOption{
		"on change": api.Subscription(api.Path(operStatus), api.SubscriptionModeON_CHANGE()),
		"sample":    api.Subscription(api.Path(eth0+"/state/counters"), api.SubscriptionModeSAMPLE(), api.SampleInterval(100*time.Millisecond)),
		"ours":      api.Subscription(api.Path("/interfaces"), api.SubscriptionModeTARGET_DEFINED()),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		got, failed := tg.SubscribeStreamChan(ctx, request(api.SubscriptionListModeSTREAM(), sub), name)
		updates := 0
		for synced := false; !synced || updates < 2; {
			select {
			case r := <-got:
				if !r.GetSyncResponse() {
					updates++
					continue
				}
				synced = true
				d.change(1, func(i *gnmi.Interface) { i.Up = !i.Up })
			case err := <-failed:
				t.Fatalf("%s: %v", name, err)
			case <-time.After(20 * time.Second):
				t.Fatalf("%s: nothing comes", name)
			}
		}
		cancel()
	}
}
