package p4rt

import (
	"context"
	"fmt"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type setAction = p4v1.SetForwardingPipelineConfigRequest_Action

// The actions of SetForwardingPipelineConfig.
const (
	verify             = p4v1.SetForwardingPipelineConfigRequest_VERIFY
	verifyAndSave      = p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_SAVE
	verifyAndCommit    = p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT
	commit             = p4v1.SetForwardingPipelineConfigRequest_COMMIT
	reconcileAndCommit = p4v1.SetForwardingPipelineConfigRequest_RECONCILE_AND_COMMIT
)

// SetForwardingPipelineConfig loads programs; p4_device_config is BMv2 JSON (P4Runtime
// specification, chapter "SetForwardingPipelineConfig RPC").
func (s *Server) SetForwardingPipelineConfig(_ context.Context, req *p4v1.SetForwardingPipelineConfigRequest) (*p4v1.SetForwardingPipelineConfigResponse, error) {
	if req.GetRoleId() != 0 { //nolint:staticcheck // refused because it is deprecated
		return nil, status.Error(codes.InvalidArgument, "role_id is deprecated: name the role with role")
	}
	done, err := s.arbiter.Admit(req.GetDeviceId(), req.GetRole(), req.GetElectionId())
	if err != nil {
		return nil, err
	}
	defer done()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.setConfig(req.GetAction(), req.GetConfig()); err != nil {
		s.log.Warn("pipeline configuration refused", "action", req.GetAction(), "error", err)
		return nil, err
	}
	s.log.Info("pipeline configuration set", "action", req.GetAction(), "cookie", req.GetConfig().GetCookie().GetCookie())
	return &p4v1.SetForwardingPipelineConfigResponse{}, nil
}

// setConfig carries out an action with mu held for writing.
func (s *Server) setConfig(action setAction, cfg *p4v1.ForwardingPipelineConfig) error {
	if action == commit {
		if cfg != nil {
			return status.Error(codes.InvalidArgument, "COMMIT takes no config: it commits the saved one")
		}
		if s.saved == nil {
			return status.Error(codes.NotFound, "no config is saved: VERIFY_AND_SAVE comes first")
		}
		s.run(s.saved)
		return nil
	}
	switch action {
	case verify, verifyAndSave, verifyAndCommit, reconcileAndCommit:
	default:
		return status.Errorf(codes.InvalidArgument, "action %v is not known", action)
	}
	if cfg.GetP4Info() == nil || len(cfg.GetP4DeviceConfig()) == 0 {
		return status.Errorf(codes.InvalidArgument, "%v needs a config with p4info and p4_device_config (BMv2 JSON)", action)
	}
	l, err := load(cfg)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	b, err := s.bind(l) // to verify too: whether P4Info and program belong together is found out here
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	switch action {
	case verifyAndSave:
		s.saved = b
	case verifyAndCommit:
		s.run(b)
	case reconcileAndCommit:
		return s.reconcile(b)
	}
	return nil
}

// run makes a program the running one; mu is held for writing.
func (s *Server) run(b *bound) {
	s.digests.Reset()
	s.device.Run(b.pl)
	s.active.Store(b)
	s.saved = nil
	for id, cfg := range b.digestConfigs {
		s.applyDigest(id, cfg)
	}
}

// Load makes a program the running one without a client, as VERIFY_AND_COMMIT does. json is BMv2
// JSON. Errors name what is wrong.
func (s *Server) Load(json []byte, info *p4configv1.P4Info) error {
	l, err := load(&p4v1.ForwardingPipelineConfig{P4Info: info, P4DeviceConfig: json})
	if err != nil {
		return fmt.Errorf("load program: %w", err)
	}
	b, err := s.bind(l)
	if err != nil {
		return fmt.Errorf("load program: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run(b)
	return nil
}

// GetForwardingPipelineConfig returns the configuration that reads and writes refer to, as it was
// set.
func (s *Server) GetForwardingPipelineConfig(_ context.Context, req *p4v1.GetForwardingPipelineConfigRequest) (*p4v1.GetForwardingPipelineConfigResponse, error) {
	if err := s.arbiter.CheckDevice(req.GetDeviceId()); err != nil {
		return nil, err
	}
	s.mu.RLock()
	b, err := s.current()
	s.mu.RUnlock()
	if err != nil {
		return &p4v1.GetForwardingPipelineConfigResponse{}, nil //nolint:nilerr // an unknown config is answered by an unset one
	}
	out := &p4v1.ForwardingPipelineConfig{Cookie: b.config.GetCookie()}
	switch req.GetResponseType() {
	case p4v1.GetForwardingPipelineConfigRequest_ALL:
		out.P4Info, out.P4DeviceConfig = b.config.GetP4Info(), b.config.GetP4DeviceConfig()
	case p4v1.GetForwardingPipelineConfigRequest_COOKIE_ONLY:
	case p4v1.GetForwardingPipelineConfigRequest_P4INFO_AND_COOKIE:
		out.P4Info = b.config.GetP4Info()
	case p4v1.GetForwardingPipelineConfigRequest_DEVICE_CONFIG_AND_COOKIE:
		out.P4DeviceConfig = b.config.GetP4DeviceConfig()
	default:
		return nil, status.Errorf(codes.InvalidArgument, "response type %v is not known", req.GetResponseType())
	}
	return &p4v1.GetForwardingPipelineConfigResponse{Config: out}, nil
}
