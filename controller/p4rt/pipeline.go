package p4rt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Cookie identifies the pipeline to the switch (section "P4 Forwarding-Pipeline Configuration"): the first 8 bytes
// of a SHA-256 over P4Info and device configuration, never 0.
func (p Pipeline) Cookie() uint64 {
	info, err := proto.MarshalOptions{Deterministic: true}.Marshal(p.P4Info)
	if err != nil {
		info = nil // a P4Info that came through Unmarshal always marshals
	}
	h := sha256.New()
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(info)))
	h.Write(size[:])
	h.Write(info)
	h.Write(p.Config)
	return max(binary.BigEndian.Uint64(h.Sum(nil)), 1)
}

// same tells whether a switch's configuration is this pipeline. A cookie of ours settles it; otherwise contents
// are compared, for the cookie may be another controller's or another protobuf library's. A switch that does not
// give out its device configuration is believed by its P4Info.
func (p Pipeline) same(c *p4v1.ForwardingPipelineConfig) bool {
	if c == nil || !proto.Equal(c.GetP4Info(), p.P4Info) {
		return false
	}
	return len(c.GetP4DeviceConfig()) == 0 || bytes.Equal(c.GetP4DeviceConfig(), p.Config)
}

// prepare sees to it that the switch runs our pipeline, and pushes it only if it does not.
func (c *Conn) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.session.options.PushTimeout)
	defer cancel()
	c.askVersion(ctx)
	there, err := c.compare(ctx)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if there == ours && !c.session.halfDone.Load() {
		return nil
	}
	return c.push(ctx, there)
}

// occupant is what a switch runs.
type occupant int

const (
	nothing occupant = iota
	ours
	another
)

// askVersion is for people only: the session does not depend on the answer.
func (c *Conn) askVersion(ctx context.Context) {
	r, err := c.link.client.Capabilities(ctx, &p4v1.CapabilitiesRequest{})
	if err != nil {
		c.session.options.Logger.Debug("switch does not tell its P4Runtime version", "err", err)
		return
	}
	c.api = r.GetP4RuntimeApiVersion()
}

func (c *Conn) compare(ctx context.Context) (occupant, error) {
	config, err := c.getPipeline(ctx, p4v1.GetForwardingPipelineConfigRequest_COOKIE_ONLY)
	if err != nil || config == nil {
		return nothing, err
	}
	if config.GetCookie().GetCookie() == c.session.cookie {
		return ours, nil
	}
	config, err = c.getPipeline(ctx, p4v1.GetForwardingPipelineConfigRequest_ALL)
	switch {
	case err != nil || config.GetP4Info() == nil:
		return nothing, err
	case c.session.options.Pipeline.same(config):
		return ours, nil
	}
	return another, nil
}

func (c *Conn) getPipeline(ctx context.Context, what p4v1.GetForwardingPipelineConfigRequest_ResponseType) (*p4v1.ForwardingPipelineConfig, error) {
	r, err := c.link.client.GetForwardingPipelineConfig(ctx, &p4v1.GetForwardingPipelineConfigRequest{
		DeviceId:     c.session.options.DeviceID,
		ResponseType: what,
	})
	switch status.Code(err) {
	case codes.FailedPrecondition, codes.NotFound: // quirkNoConfigYet
		return nil, nil
	}
	return r.GetConfig(), err
}

// push gives the switch our pipeline. One that runs another is first asked to keep what its tables hold.
func (c *Conn) push(ctx context.Context, there occupant) error {
	s := c.session
	c.pushed = true
	if there == another && !s.halfDone.Load() && !s.options.Target.NoReconcile { // quirkReconcileNothing
		s.halfDone.Store(true)
		err := c.setPipeline(ctx, p4v1.SetForwardingPipelineConfigRequest_RECONCILE_AND_COMMIT)
		switch status.Code(err) {
		case codes.OK:
			s.halfDone.Store(false)
			s.options.Logger.Info("pipeline replaced, tables kept")
			return nil
		case codes.PermissionDenied, codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
			return fmt.Errorf("push: %w", err)
		}
		s.options.Logger.Warn("switch can't keep its tables under the new pipeline", "err", err)
	}
	err := c.setPipeline(ctx, p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT)
	if err != nil && s.halfDone.Load() { // quirkReconcileHalfDone
		if c.setPipeline(ctx, p4v1.SetForwardingPipelineConfigRequest_COMMIT) == nil {
			err = c.setPipeline(ctx, p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT)
		}
	}
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	s.halfDone.Store(false)
	s.options.Logger.Info("pipeline pushed, tables start empty")
	return nil
}

func (c *Conn) setPipeline(ctx context.Context, action p4v1.SetForwardingPipelineConfigRequest_Action) error {
	s := c.session
	request := &p4v1.SetForwardingPipelineConfigRequest{
		DeviceId:   s.options.DeviceID,
		Role:       s.options.Role,
		ElectionId: c.election.message(),
		Action:     action,
	}
	if action != p4v1.SetForwardingPipelineConfigRequest_COMMIT {
		request.Config = &p4v1.ForwardingPipelineConfig{
			P4Info:         s.options.Pipeline.P4Info,
			P4DeviceConfig: s.options.Pipeline.Config,
			Cookie:         &p4v1.ForwardingPipelineConfig_Cookie{Cookie: s.cookie},
		}
	}
	_, err := c.link.client.SetForwardingPipelineConfig(ctx, request)
	return err
}
