package gnmi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/firstack/firstack/softswitch/gnmi"
	"github.com/firstack/firstack/softswitch/grpcserver"
	"github.com/firstack/firstack/softswitch/ports"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"), // of ygot, for the life of the process
		// gnmic's client leaves these when a subscription ends while nobody reads.
		goleak.IgnoreAnyFunction("github.com/openconfig/gnmic/pkg/api/target.(*Target).SubscribeOnceChan.func1"),
		goleak.IgnoreAnyFunction("github.com/openconfig/gnmic/pkg/api/target.(*Target).SubscribeStreamChan.func1"))
}

// device is ports that tests change.
type device struct {
	mu    sync.Mutex
	ports []gnmi.Interface
	next  chan struct{}
}

func newDevice() *device {
	at := time.Unix(0, 1234567890123456789)
	return &device{next: make(chan struct{}), ports: []gnmi.Interface{
		{ID: 1, Name: "eth0", Enabled: true, Up: true, Changed: at,
			Link:     ports.Link{Up: true, MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, MTU: 1500, Speed: 10e9},
			Counters: ports.CountersSnapshot{InFrames: 3, InBytes: 300, InDiscards: 1, OutFrames: 2, OutBytes: 200, OutErrors: 4}},
		{ID: 2, Name: "eth0.1", Enabled: true, Changed: at},
		{ID: 0, Name: "1/1/1", Enabled: true, Up: true, Changed: at, Link: ports.Link{Up: true, Speed: 7e6}},
	}}
}

func (d *device) Interfaces() []gnmi.Interface {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]gnmi.Interface(nil), d.ports...)
}

func (d *device) change(id uint32, how func(*gnmi.Interface)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.ports {
		if d.ports[i].ID == id {
			how(&d.ports[i])
		}
	}
	close(d.next)
	d.next = make(chan struct{})
}

func (d *device) SetEnabled(id uint32, enabled bool) error {
	d.change(id, func(i *gnmi.Interface) { i.Enabled = enabled })
	return nil
}

func (d *device) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.next
}

func (d *device) enabled() string {
	text := ""
	for _, i := range d.Interfaces() {
		text += fmt.Sprintf("%s=%v ", i.Name, i.Enabled)
	}
	return strings.TrimSpace(text)
}

// serve gives a client of a server over the device.
func serve(t testing.TB, d gnmi.Device) gpb.GNMIClient {
	t.Helper()
	s := gnmi.New(gnmi.Options{Device: d})
	listener, g := bufconn.Listen(1<<20), grpcserver.New(grpcserver.Options{})
	s.Register(g)
	served := make(chan struct{})
	go func() { defer close(served); _ = g.Serve(listener) }() // until it is stopped
	conn, err := grpc.NewClient("passthrough:switch", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil { // ends what is subscribed, or the next would wait
			t.Error(err)
		}
		g.GracefulStop()
		<-served
		conn.Close()
	})
	return gpb.NewGNMIClient(conn)
}

func path(t testing.TB, text string) *gpb.Path {
	t.Helper()
	p, err := ygot.StringToStructuredPath(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// flat gives updates as lines of path and value.
func flat(t testing.TB, notifications []*gpb.Notification) string {
	t.Helper()
	var lines []string
	for _, n := range notifications {
		for _, u := range n.GetUpdate() {
			text, err := ygot.PathToString(u.GetPath())
			if err != nil {
				t.Fatal(err)
			}
			var v any
			switch x := u.GetVal().GetValue().(type) {
			case *gpb.TypedValue_JsonIetfVal:
				v = string(x.JsonIetfVal)
			case *gpb.TypedValue_JsonVal:
				v = string(x.JsonVal)
			case *gpb.TypedValue_StringVal:
				v = x.StringVal
			case *gpb.TypedValue_UintVal:
				v = x.UintVal
			case *gpb.TypedValue_BoolVal:
				v = x.BoolVal
			}
			lines = append(lines, fmt.Sprintf("%s %v", text, v))
		}
	}
	return strings.Join(lines, "\n")
}

func TestCapabilities(t *testing.T) {
	c, err := serve(t, newDevice()).Capabilities(t.Context(), &gpb.CapabilityRequest{})
	if err != nil || c.GetGNMIVersion() != gnmi.Version || len(c.GetSupportedModels()) != 3 || len(c.GetSupportedEncodings()) != 3 {
		t.Errorf("%v, %v", c, err)
	}
}

func TestGet(t *testing.T) {
	c := serve(t, newDevice())
	for _, test := range []struct {
		path     string
		encoding gpb.Encoding
		kind     gpb.GetRequest_DataType
		want     string
	}{
		{"/interfaces/interface[name=eth0]/state/id", gpb.Encoding_PROTO, 0, "/interfaces/interface[name=eth0]/state/id 1"},
		{"/interfaces/interface[name=*]/state/ifindex", gpb.Encoding_PROTO, 0, "/interfaces/interface[name=1/1/1]/state/ifindex 0\n/interfaces/interface[name=eth0.1]/state/ifindex 2\n/interfaces/interface[name=eth0]/state/ifindex 1"},
		{"/interfaces/interface/state/oper-status", gpb.Encoding_JSON, 0, "/interfaces/interface[name=1/1/1]/state/oper-status \"UP\"\n/interfaces/interface[name=eth0.1]/state/oper-status \"DOWN\"\n/interfaces/interface[name=eth0]/state/oper-status \"UP\""},
		{"/.../id", gpb.Encoding_PROTO, 0, "/interfaces/interface[name=eth0.1]/state/id 2\n/interfaces/interface[name=eth0]/state/id 1"}, // 0 is none
		{"/openconfig-interfaces:interfaces/interface[name=eth0]/state/last-change", gpb.Encoding_JSON_IETF, 0, `/interfaces/interface[name=eth0]/state/last-change "1234567890123456789"`},
		{"/interfaces/interface[name=eth0]/config", gpb.Encoding_JSON_IETF, 0,
			`/interfaces/interface[name=eth0]/config {"openconfig-interfaces:enabled":true,"openconfig-interfaces:name":"eth0","openconfig-interfaces:type":"iana-if-type:ethernetCsmacd"}`},
		{"/interfaces/interface[name=eth0]/state/counters", gpb.Encoding_JSON, 0,
			`/interfaces/interface[name=eth0]/state/counters {"in-discards":"1","in-octets":"300","in-pkts":"3","out-discards":"0","out-errors":"4","out-octets":"200","out-pkts":"2"}`},
		{"/interfaces/interface[name=eth0]/ethernet", gpb.Encoding_JSON_IETF, 0,
			`/interfaces/interface[name=eth0]/ethernet {"openconfig-if-ethernet:state":{"mac-address":"02:00:00:00:00:01","port-speed":"openconfig-if-ethernet:SPEED_10GB"}}`},
		{"/interfaces/interface[name=1/1/1]/ethernet", gpb.Encoding_JSON, 0, `/interfaces/interface[name=1/1/1]/ethernet {"state":{"port-speed":"SPEED_UNKNOWN"}}`},
		{"/interfaces/interface[name=eth0]", gpb.Encoding_PROTO, gpb.GetRequest_CONFIG,
			"/interfaces/interface[name=eth0]/config/enabled true\n/interfaces/interface[name=eth0]/config/name eth0\n/interfaces/interface[name=eth0]/config/type ethernetCsmacd\n/interfaces/interface[name=eth0]/name eth0"},
		{"/interfaces/interface[name=eth0.1]", gpb.Encoding_PROTO, gpb.GetRequest_OPERATIONAL,
			"/interfaces/interface[name=eth0.1]/state/admin-status UP\n/interfaces/interface[name=eth0.1]/state/counters/in-discards 0\n/interfaces/interface[name=eth0.1]/state/counters/in-octets 0\n" +
				"/interfaces/interface[name=eth0.1]/state/counters/in-pkts 0\n/interfaces/interface[name=eth0.1]/state/counters/out-discards 0\n/interfaces/interface[name=eth0.1]/state/counters/out-errors 0\n" +
				"/interfaces/interface[name=eth0.1]/state/counters/out-octets 0\n/interfaces/interface[name=eth0.1]/state/counters/out-pkts 0\n/interfaces/interface[name=eth0.1]/state/id 2\n" +
				"/interfaces/interface[name=eth0.1]/state/ifindex 2\n/interfaces/interface[name=eth0.1]/state/last-change 1234567890123456789\n/interfaces/interface[name=eth0.1]/state/oper-status DOWN"},
	} {
		r, err := c.Get(t.Context(), &gpb.GetRequest{Path: []*gpb.Path{path(t, test.path)}, Encoding: test.encoding, Type: test.kind})
		if err != nil {
			t.Errorf("%s: %v", test.path, err)
		} else if got := flat(t, r.GetNotification()); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.path, got, test.want)
		}
	}
}

// The whole tree is one JSON value, and PROTO has every leaf of it.
func TestGetAll(t *testing.T) {
	c := serve(t, newDevice())
	r, err := c.Get(t.Context(), &gpb.GetRequest{Encoding: gpb.Encoding_JSON_IETF})
	if err != nil {
		t.Fatal(err)
	}
	var tree struct {
		Interfaces struct {
			Interface []struct {
				Name  string
				State struct {
					ID       int    `json:"openconfig-p4rt:id"`
					Octets   string `json:"-"`
					Counters map[string]string
				}
			}
		} `json:"openconfig-interfaces:interfaces"`
	}
	text := r.GetNotification()[0].GetUpdate()[0].GetVal().GetJsonIetfVal()
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	list := tree.Interfaces.Interface
	if len(list) != 3 || list[2].Name != "eth0" || list[2].State.ID != 1 || list[2].State.Counters["in-octets"] != "300" {
		t.Errorf("%+v\n%s", tree, text)
	}
	r, err = c.Get(t.Context(), &gpb.GetRequest{Encoding: gpb.Encoding_PROTO, Path: []*gpb.Path{path(t, "/")}, Prefix: &gpb.Path{Target: "s1", Origin: "openconfig"}})
	if err != nil || len(r.GetNotification()[0].GetUpdate()) != 22+19+19 || r.GetNotification()[0].GetPrefix().GetTarget() != "s1" {
		t.Errorf("%d leaves, %v", len(r.GetNotification()[0].GetUpdate()), err)
	}
}

func TestGetRefused(t *testing.T) {
	c := serve(t, newDevice())
	for _, test := range []struct {
		request *gpb.GetRequest
		code    codes.Code
		text    string
	}{
		{&gpb.GetRequest{Path: []*gpb.Path{path(t, "/interfaces/interface[name=eth7]/state/id")}}, codes.NotFound, "/interfaces/interface[name=eth7]/state/id: has no data"},
		{&gpb.GetRequest{Path: []*gpb.Path{path(t, "/interfaces/interface[name=eth0]/subinterfaces")}}, codes.InvalidArgument, "/interfaces/interface[name=eth0]/subinterfaces: is not in the model"},
		{&gpb.GetRequest{Path: []*gpb.Path{path(t, "/interfaces/*/nothing")}}, codes.InvalidArgument, "/interfaces/*/nothing: is not in the model"},
		{&gpb.GetRequest{Path: []*gpb.Path{path(t, "/interfaces/interface[id=1]")}}, codes.InvalidArgument, "has another key"},
		{&gpb.GetRequest{Encoding: gpb.Encoding_ASCII}, codes.InvalidArgument, "ASCII"},
		{&gpb.GetRequest{UseModels: []*gpb.ModelData{{Name: "openconfig-bgp"}}}, codes.InvalidArgument, "openconfig-interfaces"},
		{&gpb.GetRequest{Path: []*gpb.Path{{Origin: "cli"}}}, codes.InvalidArgument, `origin "cli"`},
		{&gpb.GetRequest{Type: 17}, codes.InvalidArgument, "17"},
	} {
		if _, err := c.Get(t.Context(), test.request); status.Code(err) != test.code || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%v: %v", test.request, err)
		}
	}
}

// receive gives what a subscription says until its sync response.
func receive(t testing.TB, stream gpb.GNMI_SubscribeClient) (all []*gpb.Notification) {
	t.Helper()
	for {
		r, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if r.GetSyncResponse() {
			return all
		}
		all = append(all, r.GetUpdate())
	}
}

func subscribe(t testing.TB, c gpb.GNMIClient, list *gpb.SubscriptionList) gpb.GNMI_SubscribeClient {
	t.Helper()
	stream, err := c.Subscribe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&gpb.SubscribeRequest{Request: &gpb.SubscribeRequest_Subscribe{Subscribe: list}}); err != nil {
		t.Fatal(err)
	}
	return stream
}

const operStatus = "/interfaces/interface[name=*]/state/oper-status"

func TestSubscribe(t *testing.T) {
	d := newDevice()
	c := serve(t, d)
	list := &gpb.SubscriptionList{Encoding: gpb.Encoding_PROTO, Subscription: []*gpb.Subscription{
		{Path: path(t, operStatus), Mode: gpb.SubscriptionMode_ON_CHANGE},
	}}
	stream := subscribe(t, c, list)
	const all = "/interfaces/interface[name=1/1/1]/state/oper-status UP\n/interfaces/interface[name=eth0.1]/state/oper-status DOWN\n/interfaces/interface[name=eth0]/state/oper-status UP"
	if got := flat(t, receive(t, stream)); got != all {
		t.Errorf("at first: %s", got)
	}
	began := time.Now()
	d.change(1, func(i *gnmi.Interface) { i.Up = false })
	r, err := stream.Recv()
	if err != nil || flat(t, []*gpb.Notification{r.GetUpdate()}) != "/interfaces/interface[name=eth0]/state/oper-status DOWN" {
		t.Errorf("after the change: %v, %v", r, err)
	}
	t.Logf("told after %v", time.Since(began))
	d.change(2, func(i *gnmi.Interface) { i.Name = "eth9" }) // the port has gone, and another has come
	r, err = stream.Recv()
	if err != nil || len(r.GetUpdate().GetDelete()) != 1 || flat(t, []*gpb.Notification{r.GetUpdate()}) != "/interfaces/interface[name=eth9]/state/oper-status DOWN" {
		t.Errorf("after the exchange: %v, %v", r, err)
	}

	list.Mode = gpb.SubscriptionList_POLL
	stream = subscribe(t, c, list)
	receive(t, stream)
	for range 2 {
		if err := stream.Send(&gpb.SubscribeRequest{Request: &gpb.SubscribeRequest_Poll{Poll: &gpb.Poll{}}}); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, stream); len(got) != 1 {
			t.Errorf("polled: %v", got)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}

	list.Mode = gpb.SubscriptionList_ONCE
	stream = subscribe(t, c, list)
	receive(t, stream)
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("after once: %v", err)
	}

	// Counters are sampled where the mode is left to the switch, and tell nothing by themselves.
	stream = subscribe(t, c, &gpb.SubscriptionList{Encoding: gpb.Encoding_PROTO, UpdatesOnly: true, Subscription: []*gpb.Subscription{
		{Path: path(t, "/interfaces/interface[name=eth0]/state/counters/in-pkts"), Mode: gpb.SubscriptionMode_SAMPLE, SampleInterval: uint64(100 * time.Millisecond)},
	}})
	receive(t, stream)
	for range 2 {
		if r, err := stream.Recv(); err != nil || flat(t, []*gpb.Notification{r.GetUpdate()}) != "/interfaces/interface[name=eth0]/state/counters/in-pkts 3" {
			t.Errorf("sample: %v, %v", r, err)
		}
	}
}

// A server that is closed ends what is subscribed.
func TestClose(t *testing.T) {
	s := gnmi.New(gnmi.Options{Device: newDevice()})
	listener, g := bufconn.Listen(1<<20), grpcserver.New(grpcserver.Options{})
	s.Register(g)
	served := make(chan struct{})
	go func() { defer close(served); _ = g.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:switch", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var streams []gpb.GNMI_SubscribeClient
	for _, mode := range []gpb.SubscriptionList_Mode{gpb.SubscriptionList_STREAM, gpb.SubscriptionList_POLL} {
		stream := subscribe(t, gpb.NewGNMIClient(conn), &gpb.SubscriptionList{Mode: mode, Subscription: []*gpb.Subscription{{Path: path(t, operStatus)}}})
		receive(t, stream)
		streams = append(streams, stream)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	for _, stream := range streams {
		if _, err := stream.Recv(); status.Code(err) != codes.Unavailable {
			t.Errorf("%v", err)
		}
	}
	g.GracefulStop()
	<-served
}
