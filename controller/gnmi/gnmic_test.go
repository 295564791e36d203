package gnmi_test

import (
	"context"
	"strings"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/gnmic/pkg/api"
	"github.com/openconfig/gnmic/pkg/api/target"
)

// gnmic's own client, as people use it against this server.
func newGNMIC(t *testing.T, b *bench) *target.Target {
	t.Helper()
	tg, err := api.NewTarget(api.Name("controller"), api.Address(listen(t, b.server)), api.Insecure(true), api.Timeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := tg.CreateGNMIClient(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tg.Close() })
	return tg
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestGNMICGetAndSet(t *testing.T) {
	b := newBench(t)
	tg := newGNMIC(t, b)
	caps := must[*gpb.CapabilityResponse](t)(tg.Capabilities(t.Context()))
	if len(caps.GetSupportedModels()) != 1 || caps.GetGNMIVersion() == "" {
		t.Errorf("%v", caps)
	}
	get := func(opts ...api.GNMIOption) *gpb.GetResponse {
		t.Helper()
		return must[*gpb.GetResponse](t)(tg.Get(t.Context(), must[*gpb.GetRequest](t)(api.NewGetRequest(opts...))))
	}
	all := get(api.Path("/"), api.EncodingJSON_IETF(), api.DataTypeALL())
	if text := string(all.GetNotification()[0].GetUpdate()[0].GetVal().GetJsonIetfVal()); !strings.Contains(text, `"firstack:firstack"`) {
		t.Errorf("%.200s", text)
	}
	leafOf := func() string {
		t.Helper()
		return get(api.Path(replica+"[name=a]/config/admin-state"), api.EncodingPROTO()).GetNotification()[0].GetUpdate()[0].GetVal().GetStringVal()
	}
	set := func(opts ...api.GNMIOption) error {
		t.Helper()
		_, err := tg.Set(t.Context(), must[*gpb.SetRequest](t)(api.NewSetRequest(opts...)))
		return err
	}
	if err := set(api.Update(api.Path(replica+"[name=a]/config/admin-state"), api.Value("drain", "json"))); err != nil || leafOf() != "drain" {
		t.Errorf("update: %v, %s", err, leafOf())
	}
	entry := map[string]any{"config": map[string]any{"address": "198.51.100.9", "gateway": "rg", "admin-state": "down"}}
	if err := set(api.Replace(api.Path(replica+"[name=a]"), api.Value(entry, "json_ietf"))); err != nil || leafOf() != "down" {
		t.Errorf("replace: %v, %s", err, leafOf())
	}
	if err := set(api.Delete(replica + "[name=a]")); err != nil || len(b.server.Intent().Config.Services[0].Replicas) != 1 {
		t.Errorf("delete: %v", err)
	}
	if err := set(api.Update(api.Path(web+"/config/port"), api.Value("http", "json"))); err == nil || !strings.Contains(err.Error(), web+"/config/port") {
		t.Errorf("refusal: %v", err)
	}
}

func TestGNMICSubscribe(t *testing.T) {
	b := newBench(t)
	tg := newGNMIC(t, b)
	request := func(opts ...api.GNMIOption) *gpb.SubscribeRequest {
		t.Helper()
		return must[*gpb.SubscribeRequest](t)(api.NewSubscribeRequest(opts...))
	}
	wins := api.Path(replica + "[name=a]/state/wins")
	once := must[[]*gpb.SubscribeResponse](t)(tg.SubscribeOnce(t.Context(),
		request(api.SubscriptionListModeONCE(), api.EncodingJSON_IETF(), api.Subscription(wins))))
	if len(once) == 0 || once[0].GetUpdate() == nil {
		t.Errorf("once: %v", once)
	}
	round := uint64(0)
	for name, sub := range map[string]api.GNMIOption{
		"on change": api.Subscription(wins, api.SubscriptionModeON_CHANGE()),
		"sample":    api.Subscription(wins, api.SubscriptionModeSAMPLE(), api.SampleInterval(100*time.Millisecond)),
		"ours":      api.Subscription(api.Path(web), api.SubscriptionModeTARGET_DEFINED()),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		got, failed := tg.SubscribeStreamChan(ctx, request(api.SubscriptionListModeSTREAM(), api.EncodingJSON_IETF(), sub), name)
		updates := 0
		for synced := false; !synced || updates < 2; {
			select {
			case r := <-got:
				if r.GetSyncResponse() {
					synced = true
					round++
					b.k.win(round)
					if name == "ours" {
						must[*gpb.SetResponse](t)(b.update(web+"/config/origin-policy", `"race"`))
					}
				} else {
					updates++
				}
			case err := <-failed:
				t.Fatalf("%s: %v", name, err)
			case <-time.After(20 * time.Second):
				t.Fatalf("%s: nothing comes", name)
			}
		}
		cancel()
	}
}
