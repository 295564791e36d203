package gnmi

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/ports"
)

// Interface is a port of the switch at one moment.
type Interface struct {
	ID       uint32
	Name     string
	Enabled  bool
	Up       bool
	Changed  time.Time // when it last came up or went down
	Link     ports.Link
	Counters ports.CountersSnapshot
}

// Device is the switch as the server sees it.
type Device interface {
	// Interfaces lists the ports.
	Interfaces() []Interface
	// SetEnabled enables or disables a port.
	SetEnabled(id uint32, enabled bool) error
	// Changed gives a channel that is closed when a port next comes, goes or changes its state.
	Changed() <-chan struct{}
}

// Options configure a Server. Device is required.
type Options struct {
	Device Device
	Logger *slog.Logger // nil = discard
}

// Server is the gNMI service of one device.
type Server struct {
	gpb.UnimplementedGNMIServer
	device Device
	log    *slog.Logger

	mu      sync.Mutex // held during a Set
	closing sync.Once
	done    chan struct{}
}

// New makes a server. Close ends it.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Server{device: o.Device, log: o.Logger, done: make(chan struct{})}
}

// Register puts the service on a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) { gpb.RegisterGNMIServer(r, s) }

// Close ends all subscriptions.
func (s *Server) Close() error {
	s.closing.Do(func() { close(s.done) })
	return nil
}

// Version is that of the gNMI specification the server keeps to.
const Version = "0.10.0"

// encodings that values are given in; JSON is JSON_IETF without the names of modules.
var encodings = []gpb.Encoding{gpb.Encoding_JSON, gpb.Encoding_JSON_IETF, gpb.Encoding_PROTO}

// models are those that the tree is a part of, in the versions that the parts were taken from.
var models = []*gpb.ModelData{
	{Name: moduleInterfaces, Organization: "OpenConfig working group", Version: "3.8.1"},
	{Name: moduleEthernet, Organization: "OpenConfig working group", Version: "2.12.1"},
	{Name: moduleP4RT, Organization: "OpenConfig Working Group", Version: "0.4.0"},
}

// Capabilities implements gNMI.
func (s *Server) Capabilities(context.Context, *gpb.CapabilityRequest) (*gpb.CapabilityResponse, error) {
	return &gpb.CapabilityResponse{SupportedModels: models, SupportedEncodings: encodings, GNMIVersion: Version}, nil
}

func checkEncoding(e gpb.Encoding) error {
	if !slices.Contains(encodings, e) {
		return status.Errorf(codes.InvalidArgument, "encoding %v is not given; there are %v", e, encodings)
	}
	return nil
}

// checkModels refuses a request that is limited to models without ours.
func checkModels(used []*gpb.ModelData) error {
	ours := func(m *gpb.ModelData) bool {
		return slices.ContainsFunc(models, func(o *gpb.ModelData) bool { return o.Name == m.GetName() })
	}
	if len(used) == 0 || slices.ContainsFunc(used, ours) {
		return nil
	}
	return status.Errorf(codes.InvalidArgument, "the models here are %s, %s and %s", moduleInterfaces, moduleEthernet, moduleP4RT)
}
