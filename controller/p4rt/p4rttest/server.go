package p4rttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Server is the fake switch. Its methods may be called at any time from any goroutine.
type Server struct {
	p4v1.UnimplementedP4RuntimeServer
	listener *bufconn.Listener
	grpc     *grpc.Server

	mu       sync.Mutex
	config   *p4v1.ForwardingPipelineConfig
	pushes   []p4v1.SetForwardingPipelineConfigRequest_Action
	store    store
	writes   []*p4v1.WriteRequest
	streams  map[*stream]struct{}
	highest  *p4v1.Uint128 // the highest election id ever seen
	acks     chan *p4v1.DigestListAck
	packets  chan *p4v1.PacketOut
	faults   Faults
	nextList uint64
}

// Faults is what goes wrong. The zero value is a switch without faults.
type Faults struct {
	// Refuse gives the error of a single update; nil lets it through.
	Refuse func(*p4v1.Update) *p4v1.Error
	// Write, Read, Push and Get run before the call and fail it as a whole when they return an error. They may
	// wait, to make the switch slow, and end early when the context does. A push that fails with Answered succeeds
	// without any effect but the hook's own.
	Write func(context.Context, *p4v1.WriteRequest) error
	Read  func(context.Context, *p4v1.ReadRequest) error
	Push  func(context.Context, *p4v1.SetForwardingPipelineConfigRequest) error
	Get   func(context.Context) error
	// Silent keeps the switch from answering arbitration.
	Silent bool
	// NoStandBy refuses clients without an election id, as Stratum does.
	NoStandBy bool
	// NoCookie keeps cookies from being stored, as old servers do.
	NoCookie bool
}

// Answered is what a Push hook returns to succeed in the server's place.
var Answered = errors.New("answered")

// Start runs a server in memory, without TLS unless an option says otherwise.
func Start(options ...grpc.ServerOption) *Server {
	s := &Server{
		listener: bufconn.Listen(1 << 20),
		grpc:     grpc.NewServer(append(options, grpc.MaxRecvMsgSize(64<<20))...),
		store:    newStore(),
		streams:  map[*stream]struct{}{},
		acks:     make(chan *p4v1.DigestListAck, 1<<16),
		packets:  make(chan *p4v1.PacketOut, 1<<16),
	}
	p4v1.RegisterP4RuntimeServer(s.grpc, s)
	go func() {
		// Serve returns when Close stops the server; there is nobody to tell.
		_ = s.grpc.Serve(s.listener)
	}()
	return s
}

// Dial connects to the server, whatever the address: for p4rt.Options.Dial.
func (s *Server) Dial(ctx context.Context, _ string) (net.Conn, error) {
	return s.listener.DialContext(ctx)
}

// Close ends all connections and the server.
func (s *Server) Close() {
	s.grpc.Stop()
	s.listener.Close()
}

// Set changes what goes wrong from now on.
func (s *Server) Set(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

func (s *Server) fault() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// Configure puts a pipeline in place as if somebody had pushed it before; tables stay.
func (s *Server) Configure(c *p4v1.ForwardingPipelineConfig) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config = c
}

// Pushes lists the actions of all pushes that succeeded.
func (s *Server) Pushes() []p4v1.SetForwardingPipelineConfigRequest_Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]p4v1.SetForwardingPipelineConfigRequest_Action(nil), s.pushes...)
}

// Writes lists every write that arrived, whatever became of it.
func (s *Server) Writes() []*p4v1.WriteRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*p4v1.WriteRequest(nil), s.writes...)
}

// Entities lists what the switch holds, in the order of insertion.
func (s *Server) Entities() []*p4v1.Entity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.all()
}

// Put stores entities without a controller.
func (s *Server) Put(entities ...*p4v1.Entity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entities {
		s.store.put(e)
	}
}

// Acks gives the acknowledgements of digests, PacketOuts the packets that controllers sent.
func (s *Server) Acks() <-chan *p4v1.DigestListAck { return s.acks }

// PacketOuts gives the packets that controllers sent.
func (s *Server) PacketOuts() <-chan *p4v1.PacketOut { return s.packets }

// Capabilities tells the version of P4Runtime.
func (s *Server) Capabilities(context.Context, *p4v1.CapabilitiesRequest) (*p4v1.CapabilitiesResponse, error) {
	return &p4v1.CapabilitiesResponse{P4RuntimeApiVersion: "1.5.0"}, nil
}

// SetForwardingPipelineConfig stores the pipeline; VERIFY_AND_COMMIT empties the tables, RECONCILE_AND_COMMIT does
// when the P4Info is another.
func (s *Server) SetForwardingPipelineConfig(ctx context.Context, r *p4v1.SetForwardingPipelineConfigRequest) (*p4v1.SetForwardingPipelineConfigResponse, error) {
	if f := s.fault().Push; f != nil {
		switch err := f(ctx, r); {
		case errors.Is(err, Answered):
			return &p4v1.SetForwardingPipelineConfigResponse{}, nil
		case err != nil:
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isPrimary(r.GetElectionId()) {
		return nil, errNotPrimary
	}
	switch r.GetAction() {
	case p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT:
		s.store = newStore()
	case p4v1.SetForwardingPipelineConfigRequest_RECONCILE_AND_COMMIT:
		if s.config != nil && !proto.Equal(s.config.GetP4Info(), r.GetConfig().GetP4Info()) {
			return nil, status.Error(codes.InvalidArgument, "the forwarding state cannot be preserved")
		}
	default:
		return nil, status.Errorf(codes.Unimplemented, "%v", r.GetAction())
	}
	s.config = proto.Clone(r.GetConfig()).(*p4v1.ForwardingPipelineConfig)
	if s.faults.NoCookie {
		s.config.Cookie = nil
	}
	s.pushes = append(s.pushes, r.GetAction())
	return &p4v1.SetForwardingPipelineConfigResponse{}, nil
}

// GetForwardingPipelineConfig gives the parts of the pipeline that are asked for.
func (s *Server) GetForwardingPipelineConfig(ctx context.Context, r *p4v1.GetForwardingPipelineConfigRequest) (*p4v1.GetForwardingPipelineConfigResponse, error) {
	if f := s.fault().Get; f != nil {
		if err := f(ctx); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.config == nil {
		return nil, status.Error(codes.FailedPrecondition, "No forwarding pipeline config set for this device")
	}
	out := &p4v1.ForwardingPipelineConfig{Cookie: s.config.GetCookie()}
	switch r.GetResponseType() {
	case p4v1.GetForwardingPipelineConfigRequest_ALL:
		out.P4Info, out.P4DeviceConfig = s.config.GetP4Info(), s.config.GetP4DeviceConfig()
	case p4v1.GetForwardingPipelineConfigRequest_P4INFO_AND_COOKIE:
		out.P4Info = s.config.GetP4Info()
	case p4v1.GetForwardingPipelineConfigRequest_DEVICE_CONFIG_AND_COOKIE:
		out.P4DeviceConfig = s.config.GetP4DeviceConfig()
	}
	return &p4v1.GetForwardingPipelineConfigResponse{Config: out}, nil
}

var errNotPrimary = status.Error(codes.PermissionDenied, "Not primary")

// Write carries updates out one by one and reports each (CONTINUE_ON_ERROR).
func (s *Server) Write(ctx context.Context, r *p4v1.WriteRequest) (*p4v1.WriteResponse, error) {
	f := s.fault()
	s.mu.Lock()
	s.writes = append(s.writes, r)
	s.mu.Unlock()
	if f.Write != nil {
		if err := f.Write(ctx, r); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isPrimary(r.GetElectionId()) {
		return nil, errNotPrimary
	}
	failed := false
	st := status.New(codes.Unknown, "Write failure.").Proto()
	for _, u := range r.GetUpdates() {
		e := s.update(f, u)
		failed = failed || e.GetCanonicalCode() != 0
		detail, err := anypb.New(e)
		if err != nil {
			return nil, err
		}
		st.Details = append(st.Details, detail)
	}
	if failed {
		return nil, status.ErrorProto(st)
	}
	return &p4v1.WriteResponse{}, nil
}

func (s *Server) update(f Faults, u *p4v1.Update) *p4v1.Error {
	if f.Refuse != nil {
		if e := f.Refuse(u); e != nil {
			return e
		}
	}
	if err := s.store.update(u); err != nil {
		st := status.Convert(err)
		return &p4v1.Error{CanonicalCode: int32(st.Code()), Message: st.Message()}
	}
	return &p4v1.Error{}
}

// Read streams what is asked for, one message for each entity of the request.
func (s *Server) Read(r *p4v1.ReadRequest, out p4v1.P4Runtime_ReadServer) error {
	if f := s.fault().Read; f != nil {
		if err := f(out.Context(), r); err != nil {
			return err
		}
	}
	for _, what := range r.GetEntities() {
		s.mu.Lock()
		found, err := s.store.read(what)
		s.mu.Unlock()
		if err != nil {
			return err
		}
		if err := out.Send(&p4v1.ReadResponse{Entities: found}); err != nil {
			return fmt.Errorf("send: %w", err)
		}
	}
	return nil
}
