package stratum

import (
	"context"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// What stratum/hal/lib/common/p4_service.cc does by itself.

// apiVersion is what Stratum is built with (bazel/deps.bzl).
const apiVersion = "1.4.0-rc.5"

// Capabilities implements P4Runtime.
func (s *Switch) Capabilities(context.Context, *p4v1.CapabilitiesRequest) (*p4v1.CapabilitiesResponse, error) {
	return &p4v1.CapabilitiesResponse{P4RuntimeApiVersion: apiVersion}, nil
}

var (
	errDevice   = status.Error(codes.InvalidArgument, "Invalid device ID.")
	errElection = status.Error(codes.InvalidArgument, "Invalid election ID.")
	errOff      = status.Error(codes.Unavailable, "the switch is off")
	errNoConfig = status.Error(codes.FailedPrecondition, "No valid forwarding pipeline config has been pushed for any node so far.")
)

func isZero(id *p4v1.Uint128) bool { return id.GetHigh() == 0 && id.GetLow() == 0 }

// SetForwardingPipelineConfig implements P4Runtime.
func (s *Switch) SetForwardingPipelineConfig(ctx context.Context, r *p4v1.SetForwardingPipelineConfigRequest) (*p4v1.SetForwardingPipelineConfigResponse, error) {
	if r.GetDeviceId() == 0 {
		return nil, errDevice
	}
	if isZero(r.GetElectionId()) {
		return nil, errElection
	}
	c, _ := s.running()
	if c == nil {
		return nil, errOff
	}
	// Who is primary the stand-in knows: an update that changes nothing shows it.
	if err := c.permitted(ctx, r); err != nil {
		return nil, err
	}
	switch r.GetAction() {
	case p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT:
	case p4v1.SetForwardingPipelineConfigRequest_RECONCILE_AND_COMMIT:
		s.count(func(e *Events) { e.Reconciles++ })
		return nil, status.Error(codes.Unimplemented, "RECONCILE_AND_COMMIT action not supported yet")
	default:
		return nil, status.Errorf(codes.Unimplemented, "%v is not part of this fake", r.GetAction())
	}
	if _, err := parseBfPipeline(r.GetConfig().GetP4DeviceConfig()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := c.load(r.GetConfig()); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	s.saved = r.GetConfig()
	return &p4v1.SetForwardingPipelineConfigResponse{}, nil
}

// permitted tells whether a client is primary.
func (c *chip) permitted(ctx context.Context, r *p4v1.SetForwardingPipelineConfigRequest) error {
	_, err := c.client.SetForwardingPipelineConfig(ctx, &p4v1.SetForwardingPipelineConfigRequest{
		DeviceId: r.GetDeviceId(), Role: r.GetRole(), ElectionId: r.GetElectionId(),
		Action: p4v1.SetForwardingPipelineConfigRequest_VERIFY,
		Config: &p4v1.ForwardingPipelineConfig{P4DeviceConfig: []byte("{}")},
	})
	if status.Code(err) == codes.PermissionDenied {
		return err
	}
	return nil
}

// GetForwardingPipelineConfig implements P4Runtime.
func (s *Switch) GetForwardingPipelineConfig(_ context.Context, r *p4v1.GetForwardingPipelineConfigRequest) (*p4v1.GetForwardingPipelineConfigResponse, error) {
	if r.GetDeviceId() == 0 {
		return nil, errDevice
	}
	_, p := s.running()
	if p == nil {
		return nil, errNoConfig
	}
	out := &p4v1.ForwardingPipelineConfig{Cookie: p.config.GetCookie()}
	switch r.GetResponseType() {
	case p4v1.GetForwardingPipelineConfigRequest_ALL:
		out = p.config
	case p4v1.GetForwardingPipelineConfigRequest_P4INFO_AND_COOKIE:
		out.P4Info = p.config.GetP4Info()
	case p4v1.GetForwardingPipelineConfigRequest_DEVICE_CONFIG_AND_COOKIE:
		out.P4DeviceConfig = p.config.GetP4DeviceConfig()
	}
	return &p4v1.GetForwardingPipelineConfigResponse{Config: out}, nil
}

// failed makes one error of a call's several (ToGrpcStatus): UNKNOWN, with a p4.v1.Error for each update or entity.
func failed(message string, results []*p4v1.Error) error {
	ok := true
	for _, r := range results {
		ok = ok && r.GetCanonicalCode() == int32(codes.OK)
	}
	if ok {
		return nil
	}
	st := status.New(codes.Unknown, message)
	for _, r := range results {
		var err error
		if st, err = st.WithDetails(r); err != nil {
			return err
		}
	}
	return st.Err()
}

func problem(code codes.Code, message string) *p4v1.Error {
	return &p4v1.Error{CanonicalCode: int32(code), Message: message}
}

var fine = &p4v1.Error{}
