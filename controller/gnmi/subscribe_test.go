package gnmi_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
)

// feed is a subscription as its client sees it.
type feed struct {
	t      *testing.T
	stream gpb.GNMI_SubscribeClient
	got    chan *gpb.SubscribeResponse
	err    chan error
}

func (b *bench) subscribe(t *testing.T, list *gpb.SubscriptionList) *feed {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := b.Subscribe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	f := &feed{t: t, stream: stream, got: make(chan *gpb.SubscribeResponse, 1000), err: make(chan error, 1)}
	if err := stream.Send(&gpb.SubscribeRequest{Request: &gpb.SubscribeRequest_Subscribe{Subscribe: list}}); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			r, err := stream.Recv()
			if err != nil {
				f.err <- err
				return
			}
			f.got <- r
		}
	}()
	t.Cleanup(func() { cancel(); <-f.err })
	return f
}

// next gives the next notification's values and deleted paths, or sync.
func (f *feed) next() (values map[string]string, deleted []string, sync bool) {
	f.t.Helper()
	var r *gpb.SubscribeResponse
	select {
	case r = <-f.got:
	case err := <-f.err:
		f.err <- err
		select {
		case r = <-f.got: // it came before the end
		default:
			f.t.Fatalf("the stream ended: %v", err)
		}
	case <-time.After(20 * time.Second):
		f.t.Fatal("nothing comes")
	}
	if r.GetSyncResponse() {
		return nil, nil, true
	}
	values = map[string]string{}
	for _, u := range r.GetUpdate().GetUpdate() {
		values[text(f.t, u.GetPath())] = prototext.MarshalOptions{}.Format(u.GetVal())
	}
	for _, p := range r.GetUpdate().GetDelete() {
		deleted = append(deleted, text(f.t, p))
	}
	return values, deleted, false
}

// synced gives all values until the sync.
func (f *feed) synced() map[string]string {
	f.t.Helper()
	all := map[string]string{}
	for {
		values, _, sync := f.next()
		if sync {
			return all
		}
		for k, v := range values {
			all[k] = v
		}
	}
}

func (f *feed) quiet(d time.Duration) {
	f.t.Helper()
	select {
	case r := <-f.got:
		f.t.Fatalf("unexpected: %v", r)
	case <-time.After(d):
	}
}

func one(t *testing.T, mode gpb.SubscriptionList_Mode, subs ...*gpb.Subscription) *gpb.SubscriptionList {
	t.Helper()
	return &gpb.SubscriptionList{Mode: mode, Encoding: gpb.Encoding_PROTO, Subscription: subs}
}

func TestOnce(t *testing.T) {
	b := newBench(t)
	list := one(t, gpb.SubscriptionList_ONCE, &gpb.Subscription{Path: path(t, replica+"[name=*]/config/address")},
		&gpb.Subscription{Path: path(t, web+"/config")})
	f := b.subscribe(t, list)
	want := []string{web + "/config/gateway", web + "/config/name", web + "/config/port", web + "/config/server",
		replica + "[name=a]/config/address", replica + "[name=b]/config/address"}
	if got := sortedKeys(f.synced()); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if err := <-f.err; !errors.Is(err, io.EOF) {
		t.Errorf("it ends with %v", err)
	}
	f.err <- nil
	list.UpdatesOnly = true
	f = b.subscribe(t, list)
	if got := f.synced(); len(got) > 0 {
		t.Errorf("with updates_only: %v", got)
	}
}

// The whole tree by leaves is that of Get.
func TestOnceOfEverything(t *testing.T) {
	b := newBench(t)
	f := b.subscribe(t, one(t, gpb.SubscriptionList_ONCE, &gpb.Subscription{Path: path(t, "/")}))
	want, err := b.get("/", gpb.Encoding_PROTO, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := sortedKeys(f.synced()); !slices.Equal(got, sortedKeys(want)) || len(got) < 100 {
		t.Errorf("%d leaves, Get has %d", len(got), len(want))
	}
}

func TestPoll(t *testing.T) {
	b := newBench(t)
	f := b.subscribe(t, one(t, gpb.SubscriptionList_POLL, &gpb.Subscription{Path: path(t, replica+"[name=a]/state/wins")}))
	leaf := replica + "[name=a]/state/wins"
	if got := f.synced(); got[leaf] != "uint_val:0" {
		t.Errorf("%v", got)
	}
	b.k.win(8)
	f.quiet(100 * time.Millisecond)
	poll := &gpb.SubscribeRequest{Request: &gpb.SubscribeRequest_Poll{Poll: &gpb.Poll{}}}
	if err := f.stream.Send(poll); err != nil {
		t.Fatal(err)
	}
	if got := f.synced(); got[leaf] != "uint_val:8" {
		t.Errorf("%v", got)
	}
	if err := f.stream.Send(&gpb.SubscribeRequest{}); err != nil {
		t.Fatal(err)
	}
	err := <-f.err
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("what is no poll: %v", err)
	}
	f.err <- err
}

func TestOnChange(t *testing.T) {
	b := newBench(t)
	f := b.subscribe(t, one(t, gpb.SubscriptionList_STREAM, &gpb.Subscription{Path: path(t, web), Mode: gpb.SubscriptionMode_ON_CHANGE}))
	if got := f.synced(); len(got) < 50 {
		t.Errorf("only %d leaves", len(got))
	}
	f.quiet(200 * time.Millisecond)
	// Configuration comes at once.
	began := time.Now()
	if _, err := b.update(replica+"[name=a]/config/admin-state", `"drain"`); err != nil {
		t.Fatal(err)
	}
	values, deleted, _ := f.next()
	if len(values) != 2 || values[replica+"[name=a]/config/admin-state"] != `string_val:"drain"` ||
		values[replica+"[name=a]/state/admin-state"] != `string_val:"drain"` || deleted != nil {
		t.Errorf("%v, %v", values, deleted)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	// State comes by and by.
	b.k.win(3)
	if values, _, _ := f.next(); len(values) != 1 || values[replica+"[name=a]/state/wins"] != "uint_val:3" {
		t.Errorf("%v", values)
	}
	// What goes is deleted as a whole.
	if _, err := b.Set(t.Context(), ops(t, "delete "+replica+"[name=a]")); err != nil {
		t.Fatal(err)
	}
	values, deleted, _ = f.next()
	if len(values) != 1 || values[web+"/state/translations"] != "uint_val:0" || !slices.Equal(deleted, []string{replica + "[name=a]"}) {
		t.Errorf("%v, %v", values, deleted)
	}
	if _, err := b.Set(t.Context(), ops(t, "delete "+replica+"[name=b]/config/port")); err != nil {
		t.Fatal(err)
	}
	values, deleted, _ = f.next()
	if !slices.Equal(deleted, []string{replica + "[name=b]/config/port"}) || len(values) != 1 || values[replica+"[name=b]/state/port"] != "uint_val:80" {
		t.Errorf("%v, %v", values, deleted)
	}
	f.quiet(200 * time.Millisecond)
}

func TestUpdatesOnly(t *testing.T) {
	b := newBench(t)
	list := one(t, gpb.SubscriptionList_STREAM, &gpb.Subscription{Path: path(t, web), Mode: gpb.SubscriptionMode_ON_CHANGE})
	list.UpdatesOnly = true
	f := b.subscribe(t, list)
	if got := f.synced(); len(got) > 0 {
		t.Errorf("%v", got)
	}
	b.k.win(3)
	if values, _, _ := f.next(); len(values) != 1 {
		t.Errorf("%v", values)
	}
}

func TestSample(t *testing.T) {
	b := newBench(t)
	f := b.subscribe(t, one(t, gpb.SubscriptionList_STREAM, &gpb.Subscription{
		Path: path(t, replica+"[name=a]/state/wins"), Mode: gpb.SubscriptionMode_SAMPLE, SampleInterval: uint64(150 * time.Millisecond)}))
	f.synced()
	began := time.Now()
	b.k.win(1)
	for i := range 4 {
		if values, _, _ := f.next(); values[replica+"[name=a]/state/wins"] != "uint_val:1" {
			t.Errorf("sample %d: %v", i, values)
		}
	}
	if took := time.Since(began); took < 550*time.Millisecond {
		t.Errorf("four samples in %v", took)
	}
}

func TestSampleOfChanges(t *testing.T) {
	b := newBench(t)
	f := b.subscribe(t, one(t, gpb.SubscriptionList_STREAM, &gpb.Subscription{
		Path: path(t, replica+"[name=a]/state"), Mode: gpb.SubscriptionMode_SAMPLE, SampleInterval: uint64(100 * time.Millisecond),
		SuppressRedundant: true}))
	f.synced()
	f.quiet(350 * time.Millisecond)
	b.k.win(1)
	if values, _, _ := f.next(); len(values) != 1 {
		t.Errorf("%v", values)
	}
}

func TestHeartbeat(t *testing.T) {
	b := newBench(t)
	for _, mode := range []gpb.SubscriptionMode{gpb.SubscriptionMode_ON_CHANGE, gpb.SubscriptionMode_SAMPLE} {
		f := b.subscribe(t, one(t, gpb.SubscriptionList_STREAM, &gpb.Subscription{
			Path: path(t, web+"/config"), Mode: mode, SampleInterval: uint64(time.Hour), HeartbeatInterval: uint64(150 * time.Millisecond)}))
		f.synced()
		for range 2 {
			if values, _, _ := f.next(); len(values) != 4 {
				t.Errorf("%v: %v", mode, values)
			}
		}
	}
}

// Where the mode is ours, changes are told, and counters are not until they are sampled.
func TestTargetDefined(t *testing.T) {
	b := newBench(t)
	f := b.subscribe(t, one(t, gpb.SubscriptionList_STREAM, &gpb.Subscription{Path: path(t, web)}))
	if got := f.synced(); got[replica+"[name=a]/state/wins"] == "" {
		t.Errorf("counters are missing at first: %v", got)
	}
	b.k.win(5)
	f.quiet(200 * time.Millisecond)
	if _, err := b.update(web+"/config/origin-policy", `"race"`); err != nil {
		t.Fatal(err)
	}
	if values, _, _ := f.next(); len(values) != 2 {
		t.Errorf("%v", values)
	}
}

func TestJSONOfLeaves(t *testing.T) {
	b := newBench(t)
	list := one(t, gpb.SubscriptionList_ONCE, &gpb.Subscription{Path: path(t, replica+"[name=a]/state/wins")},
		&gpb.Subscription{Path: path(t, "/firstack/switches/switch[name=rg]/config/direct")})
	list.Encoding = gpb.Encoding_JSON_IETF
	list.Prefix = &gpb.Path{Target: "x"}
	got := b.subscribe(t, list).synced()
	if got[replica+"[name=a]/state/wins"] != `json_ietf_val:"\"0\""` || got["/firstack/switches/switch[name=rg]/config/direct"] != `json_ietf_val:"[\"10.9.0.0/24\"]"` {
		t.Errorf("%v", got)
	}
}

func TestSubscribeRefusals(t *testing.T) {
	b := newBench(t)
	for name, list := range map[string]*gpb.SubscriptionList{
		"no path":      {},
		"unknown":      one(t, gpb.SubscriptionList_ONCE, &gpb.Subscription{Path: path(t, "/foo")}),
		"encoding":     {Encoding: gpb.Encoding_ASCII, Subscription: []*gpb.Subscription{{}}},
		"list mode":    one(t, 7, &gpb.Subscription{}),
		"mode":         one(t, gpb.SubscriptionList_STREAM, &gpb.Subscription{Mode: 7}),
		"interval":     one(t, gpb.SubscriptionList_STREAM, &gpb.Subscription{Mode: gpb.SubscriptionMode_SAMPLE, SampleInterval: 1000}),
		"heartbeat":    one(t, gpb.SubscriptionList_STREAM, &gpb.Subscription{Mode: gpb.SubscriptionMode_ON_CHANGE, HeartbeatInterval: 1}),
		"huge":         one(t, gpb.SubscriptionList_STREAM, &gpb.Subscription{Mode: gpb.SubscriptionMode_SAMPLE, SampleInterval: 1 << 63}),
		"other models": {UseModels: []*gpb.ModelData{{Name: "x"}}, Subscription: []*gpb.Subscription{{}}},
	} {
		f := b.subscribe(t, list)
		err := <-f.err
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
		f.err <- err
	}
}

// A client that says it sends nothing more still gets everything.
func TestHalfClosedStream(t *testing.T) {
	b := newBench(t)
	f := b.subscribe(t, one(t, gpb.SubscriptionList_STREAM, &gpb.Subscription{Path: path(t, web), Mode: gpb.SubscriptionMode_ON_CHANGE}))
	if err := f.stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	f.synced()
	b.k.win(3)
	if values, _, _ := f.next(); len(values) != 1 {
		t.Errorf("%v", values)
	}
}
