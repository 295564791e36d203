package ports

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"slices"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/firstack/firstack/internal/tlsfiles"
)

// answerWithin is how long a switch may take for an answer.
const answerWithin = 10 * time.Second

// session is one subscription.
type session struct {
	*Watcher
	address string
	client  gpb.GNMIClient
	ports   table
	asked   map[uint32]Wanted // what the switch did not do when it was asked last
}

// follow follows the switch until the stream is lost, which is the error; nil when it has to be asked anew.
func (w *Watcher) follow(ctx context.Context, address string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := w.dial(address)
	if err != nil {
		return err
	}
	defer conn.Close()
	s := &session{Watcher: w, address: address, client: gpb.NewGNMIClient(conn), asked: map[uint32]Wanted{}}
	ids, err := s.numbers(ctx)
	if err != nil {
		return err
	}
	s.ports = table{}
	now := time.Now()
	for name, id := range ids {
		s.ports[name] = &entry{Port: Port{Name: name, ID: id, Changed: now}}
	}
	for _, p := range w.View().Ports { // of before the stream was lost
		if e := s.ports[p.Name]; e != nil && e.ID == p.ID {
			e.Port = p
		}
	}
	responses, failed, err := s.subscribe(ctx)
	if err != nil {
		return err
	}
	return s.run(ctx, responses, failed)
}

func (w *Watcher) dial(address string) (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if w.options.TLS != nil {
		c, err := w.options.TLS()
		if err != nil {
			return nil, fmt.Errorf("TLS: %w", err)
		}
		creds = tlsfiles.Credentials(c, w.options.Logger)
	}
	dialer := w.options.Dial
	if dialer == nil {
		tcp := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}}
		dialer = func(ctx context.Context, address string) (net.Conn, error) {
			return tcp.DialContext(ctx, "tcp", address)
		}
	}
	return grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(creds), grpc.WithContextDialer(dialer),
		grpc.WithDisableServiceConfig(), grpc.WithNoProxy())
}

// numbers asks which interfaces there are, and for their numbers in P4Runtime. A switch that has openconfig-p4rt keeps
// them in state/id. Stratum has not: there state/ifindex is the number as P4Runtime has it, and state/id that of the
// chassis configuration, which on Tofino is another one.
func (s *session) numbers(ctx context.Context) (map[string]uint32, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	leaf := "ifindex"
	caps, err := s.client.Capabilities(ctx, &gpb.CapabilityRequest{}) // Stratum without its file of capabilities fails
	if err == nil && slices.ContainsFunc(caps.GetSupportedModels(), func(m *gpb.ModelData) bool { return m.GetName() == "openconfig-p4rt" }) {
		leaf = "id"
	}
	r, err := s.client.Get(ctx, &gpb.GetRequest{Path: []*gpb.Path{of("*", "state", leaf)}, Encoding: gpb.Encoding_PROTO})
	if err != nil {
		return nil, fmt.Errorf("get state/%s: %w", leaf, err)
	}
	ids := map[string]uint32{}
	for _, n := range r.GetNotification() {
		each(n, func(name string, path []string, v *gpb.TypedValue) {
			if id, ok := number(v); ok && id <= math.MaxUint32 && path[len(path)-1] == leaf {
				ids[name] = uint32(id)
			}
		})
	}
	return ids, nil
}

// subscribe opens the stream. What comes is passed on until ctx ends or the stream is lost.
func (s *session) subscribe(ctx context.Context) (<-chan *gpb.SubscribeResponse, <-chan error, error) {
	list := &gpb.SubscriptionList{Encoding: gpb.Encoding_PROTO}
	for _, name := range s.ports.names() {
		for _, leaf := range []string{"oper-status", "admin-status"} {
			list.Subscription = append(list.Subscription, &gpb.Subscription{Path: of(name, "state", leaf), Mode: gpb.SubscriptionMode_ON_CHANGE})
		}
		list.Subscription = append(list.Subscription, &gpb.Subscription{
			Path: of(name, "state", "counters"), Mode: gpb.SubscriptionMode_SAMPLE, SampleInterval: uint64(s.options.Sample.Nanoseconds()),
		})
	}
	responses, failed := make(chan *gpb.SubscribeResponse), make(chan error, 1)
	if len(list.Subscription) == 0 {
		return responses, failed, nil // until there are interfaces
	}
	stream, err := s.client.Subscribe(ctx)
	if err == nil {
		err = stream.Send(&gpb.SubscribeRequest{Request: &gpb.SubscribeRequest_Subscribe{Subscribe: list}})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("subscribe: %w", err)
	}
	go func() {
		for {
			r, err := stream.Recv()
			if err != nil {
				failed <- fmt.Errorf("subscription: %w", err)
				return
			}
			select {
			case responses <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	return responses, failed, nil
}

// run takes in what the switch tells.
func (s *session) run(ctx context.Context, responses <-chan *gpb.SubscribeResponse, failed <-chan error) error {
	synced := len(s.ports) == 0
	first := time.NewTimer(answerWithin)
	defer first.Stop()
	relearn := time.NewTicker(s.options.Relearn)
	defer relearn.Stop()
	settings, changed := s.current()
	if synced {
		s.begin(settings)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-first.C:
			if !synced {
				return errors.New("subscription: the switch does not tell the present state")
			}
			continue
		case <-changed:
			if settings, changed = s.current(); settings.Address != s.address {
				return nil
			}
			clear(s.asked)
		case <-relearn.C:
			ids, err := s.numbers(ctx)
			if err != nil {
				return err
			}
			if !maps.Equal(ids, s.ids()) {
				s.options.Logger.Info("the switch has other ports now")
				return nil
			}
			clear(s.asked)
		case r := <-responses:
			switch x := r.GetResponse().(type) {
			case *gpb.SubscribeResponse_SyncResponse:
				if !synced {
					synced = true
					s.begin(settings)
				}
			case *gpb.SubscribeResponse_Update:
				s.update(x.Update)
			default: // Stratum tells of what it can't do by the error of gNMI 0.3
				return fmt.Errorf("subscription: the switch says %v", r)
			}
		}
		if synced {
			s.publish(s.address, s.ports)
			s.wish(ctx, settings)
		}
	}
}

// begin tells of the ports when their state has become known.
func (s *session) begin(settings Settings) {
	s.options.Logger.Info("ports are followed", "address", s.address, "ports", len(s.ports))
	ids := map[uint32]bool{}
	for _, e := range s.ports {
		ids[e.ID] = true
	}
	for id := range settings.Ports {
		if !ids[id] {
			s.options.Logger.Warn("the switch tells of no port with a configured number; it counts as up", "port", id)
		}
	}
	s.publish(s.address, s.ports)
}

func (s *session) ids() map[string]uint32 {
	ids := make(map[string]uint32, len(s.ports))
	for name, e := range s.ports {
		ids[name] = e.ID
	}
	return ids
}

func (s *session) update(n *gpb.Notification) {
	each(n, func(name string, leaf []string, v *gpb.TypedValue) {
		before := ""
		if e := s.ports[name]; e != nil {
			before = e.Oper
		}
		if !s.ports.take(name, leaf, v) {
			return
		}
		e := s.ports[name]
		if e.Oper != before {
			e.Changed = time.Now()
		}
		s.options.Logger.Info("port", "name", name, "port", e.ID, "oper-status", e.Oper, "admin-status", e.Admin)
	})
}

// wish sets the admin state of ports that have another one than is wanted.
func (s *session) wish(ctx context.Context, settings Settings) {
	for _, name := range s.ports.names() {
		e := s.ports[name]
		wanted := settings.Ports[e.ID]
		enabled := wanted == Enabled
		if wanted == AsItIs || s.asked[e.ID] == wanted || e.Admin == "UP" && enabled || e.Admin == "DOWN" && !enabled {
			continue
		}
		// Asked once: what it comes to is told by the subscription.
		s.asked[e.ID] = wanted
		if err := s.set(ctx, name, enabled); err != nil {
			s.options.Logger.Warn("port's admin state not set", "name", name, "port", e.ID, "enabled", enabled, "err", err)
		} else {
			s.options.Logger.Info("port's admin state set", "name", name, "port", e.ID, "enabled", enabled)
		}
	}
	for _, e := range s.ports {
		if wanted := s.asked[e.ID]; wanted == Enabled && e.Admin == "UP" || wanted == Disabled && e.Admin == "DOWN" {
			delete(s.asked, e.ID) // done; should it change again, it is asked for again
		}
	}
}

func (s *session) set(ctx context.Context, name string, enabled bool) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err := s.client.Set(ctx, &gpb.SetRequest{Update: []*gpb.Update{{
		Path: of(name, "config", "enabled"), Val: &gpb.TypedValue{Value: &gpb.TypedValue_BoolVal{BoolVal: enabled}},
	}}})
	return err
}
