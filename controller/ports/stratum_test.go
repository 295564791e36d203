package ports

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

// stratum serves interfaces as Stratum does (stratum/hal/lib/common, 2024-07): PROTO alone; wildcards for numbers alone;
// ON_CHANGE for states alone, with the present value first; no openconfig-p4rt, but the device port in state/ifindex;
// packets counted by their kind; what can't be subscribed to is told by the error of gNMI 0.3.
type stratum struct {
	gpb.UnimplementedGNMIServer
	listener *bufconn.Listener

	mu      sync.Mutex
	ports   map[string]*device
	changed chan struct{}
	cut     chan struct{} // ends all streams
	mute    bool          // refuses everything
	p4rt    bool          // has openconfig-p4rt, as Stratum has not
	sets    int
}

// device is one port.
type device struct {
	chassis, device uint32
	admin, oper     string
	packets         uint64
}

func newStratum(t *testing.T) *stratum {
	s := &stratum{
		listener: bufconn.Listen(1 << 20), changed: make(chan struct{}), cut: make(chan struct{}),
		ports: map[string]*device{"1/1/1": {1, 132, "UP", "UP", 7}, "1/2/1": {2, 140, "UP", "DOWN", 0}},
	}
	g := grpc.NewServer()
	gpb.RegisterGNMIServer(g, s)
	served := make(chan struct{})
	go func() { defer close(served); _ = g.Serve(s.listener) }() // until Stop
	t.Cleanup(func() { g.Stop(); <-served })
	return s
}

// watch follows it until the test ends; told gets a token for each OnChange.
func (s *stratum) watch(t *testing.T, settings Settings) (w *Watcher, told chan struct{}) {
	t.Helper()
	told = make(chan struct{}, 100)
	w = New(settings, Options{
		Dial:     func(ctx context.Context, _ string) (net.Conn, error) { return s.listener.DialContext(ctx) },
		OnChange: func() { told <- struct{}{} }, Sample: 10 * time.Millisecond, Relearn: 20 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return w, told
}

func (s *stratum) change(how func(map[string]*device)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how(s.ports)
	close(s.changed)
	s.changed = make(chan struct{})
}

// drop ends all streams, and with mute has every call fail from now on.
func (s *stratum) drop(mute bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = mute
	close(s.cut)
	s.cut = make(chan struct{})
}

func (s *stratum) Capabilities(context.Context, *gpb.CapabilityRequest) (*gpb.CapabilityResponse, error) {
	models := []*gpb.ModelData{{Name: "openconfig-interfaces-stratum"}, {Name: "openconfig-interfaces"}}
	if s.p4rt {
		models = append(models, &gpb.ModelData{Name: "openconfig-p4rt"})
	}
	return &gpb.CapabilityResponse{SupportedModels: models}, nil
}

func text(s string) *gpb.TypedValue {
	return &gpb.TypedValue{Value: &gpb.TypedValue_StringVal{StringVal: s}}
}
func uinteger(n uint64) *gpb.TypedValue {
	return &gpb.TypedValue{Value: &gpb.TypedValue_UintVal{UintVal: n}}
}

func told(p *gpb.Path, v *gpb.TypedValue) *gpb.Notification {
	return &gpb.Notification{Timestamp: time.Now().UnixNano(), Update: []*gpb.Update{{Path: p, Val: v}}}
}

func (s *stratum) Get(_ context.Context, req *gpb.GetRequest) (*gpb.GetResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mute {
		return nil, status.Error(codes.FailedPrecondition, "No valid chassis config has been pushed so far.")
	}
	if req.GetEncoding() != gpb.Encoding_PROTO {
		return nil, status.Error(codes.InvalidArgument, "Get response can only be encoded as PROTO.")
	}
	r := &gpb.GetResponse{}
	for _, p := range req.GetPath() {
		name, leaf := leafOf(nil, p)
		if name != "*" || len(leaf) != 2 || leaf[0] != "state" || leaf[1] != "ifindex" && leaf[1] != "id" {
			return nil, status.Error(codes.InvalidArgument, "Unsupported path")
		}
		for name, d := range s.ports {
			n := map[string]uint32{"ifindex": d.device, "id": d.chassis}[leaf[1]]
			r.Notification = append(r.Notification, told(of(name, leaf...), uinteger(uint64(n))))
		}
	}
	return r, nil
}

func (s *stratum) Set(_ context.Context, req *gpb.SetRequest) (*gpb.SetResponse, error) {
	for _, u := range req.GetUpdate() {
		name, leaf := leafOf(nil, u.GetPath())
		s.change(func(ports map[string]*device) {
			s.sets++
			if d := ports[name]; d != nil && len(leaf) == 2 && leaf[1] == "enabled" {
				d.admin = map[bool]string{true: "UP", false: "DOWN"}[u.GetVal().GetBoolVal()]
				d.oper = d.admin
			}
		})
	}
	return &gpb.SetResponse{}, nil
}

func (s *stratum) Subscribe(stream gpb.GNMI_SubscribeServer) error {
	req, err := stream.Recv()
	if err != nil {
		return err
	}
	subs, sent := req.GetSubscribe().GetSubscription(), map[string]string{}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for first := true; ; first = false {
		s.mu.Lock()
		changed, cut := s.changed, s.cut
		var out []*gpb.SubscribeResponse
		say := func(p *gpb.Path, v *gpb.TypedValue) {
			out = append(out, &gpb.SubscribeResponse{Response: &gpb.SubscribeResponse_Update{Update: told(p, v)}})
		}
		for _, sub := range subs {
			name, leaf := leafOf(nil, sub.GetPath())
			d := s.ports[name]
			switch {
			case d == nil:
				if first {
					out = append(out, &gpb.SubscribeResponse{Response: &gpb.SubscribeResponse_Error{Error: &gpb.Error{Message: "Unsupported path"}}})
				}
			case sub.GetMode() == gpb.SubscriptionMode_SAMPLE && leaf[1] == "counters":
				say(of(name, "state", "counters", "in-unicast-pkts"), uinteger(d.packets))
				say(of(name, "state", "counters", "in-broadcast-pkts"), uinteger(1))
				say(of(name, "state", "counters", "in-octets"), uinteger(100*d.packets))
			case sub.GetMode() == gpb.SubscriptionMode_ON_CHANGE:
				v := map[string]string{"oper-status": d.oper, "admin-status": d.admin}[leaf[1]]
				if key := name + leaf[1]; sent[key] != v {
					sent[key] = v
					say(sub.GetPath(), text(v))
				}
			}
		}
		if first {
			out = append(out, &gpb.SubscribeResponse{Response: &gpb.SubscribeResponse_SyncResponse{SyncResponse: true}})
		}
		s.mu.Unlock()
		for _, r := range out {
			if err := stream.Send(r); err != nil {
				return err
			}
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-cut:
			return status.Error(codes.Unavailable, "gone")
		case <-stream.Context().Done():
			return nil
		}
	}
}
