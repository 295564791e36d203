package p4rt

import (
	"errors"
	"fmt"
	"io"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/p4rt/packetio"
)

// StreamChannel carries arbitration, packets, digests and idle notifications of one client
// (P4Runtime specification, chapter "P4Runtime Stream Messages").
func (s *Server) StreamChannel(stream p4v1.P4Runtime_StreamChannelServer) error {
	if !s.begin() {
		return errClosed()
	}
	defer s.running.Done()
	sess := newSession(s.opt.QueueLen)
	s.register(sess)
	defer s.unregister(sess)

	received, sent := make(chan error, 1), make(chan struct{})
	finished := make(chan struct{})
	s.running.Add(2)
	go func() {
		defer s.running.Done()
		received <- s.receive(stream, sess)
	}()
	go func() {
		defer s.running.Done()
		defer close(sent)
		for {
			m, ok := sess.next(finished)
			if !ok || stream.Send(m) != nil {
				return
			}
		}
	}()
	var err error
	select {
	case err = <-received:
	case <-sess.broken:
		err = status.Error(codes.ResourceExhausted, "the client does not read its arbitration messages")
	case <-s.done:
		err = errClosed()
	}
	close(finished)
	// A writer that is held up by the client's flow control is set free when this call returns; one
	// that is not gets the time to end, so that nothing is sent after the status.
	select {
	case <-sent:
	case <-time.After(writerGrace):
	}
	return err
}

// writerGrace is how long an ending stream waits for a message under way.
const writerGrace = 200 * time.Millisecond

func errClosed() error { return status.Error(codes.Unavailable, "the switch is shutting down") }

// receive treats the client's messages until the stream ends; the error is its status.
func (s *Server) receive(stream p4v1.P4Runtime_StreamChannelServer, sess *session) error {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch u := m.GetUpdate().(type) {
		case *p4v1.StreamMessageRequest_Arbitration:
			if err := s.arbitrate(sess, u.Arbitration); err != nil {
				s.log.Info("arbitration refused", "error", err)
				return err
			}
		case *p4v1.StreamMessageRequest_Packet:
			if err := s.packetOut(sess, u.Packet); err != nil {
				s.stats.packetOutErrors.Add(1)
				s.streamError(sess, err, &p4v1.StreamError{Details: &p4v1.StreamError_PacketOut{
					PacketOut: &p4v1.PacketOutError{PacketOut: u.Packet}}})
			}
		case *p4v1.StreamMessageRequest_DigestAck:
			if err := s.digestAck(sess, u.DigestAck); err != nil {
				s.streamError(sess, err, &p4v1.StreamError{Details: &p4v1.StreamError_DigestListAck{
					DigestListAck: &p4v1.DigestListAckError{DigestListAck: u.DigestAck}}})
			}
		default:
			err := status.Errorf(codes.Unimplemented, "stream message %T is not supported", u)
			s.streamError(sess, err, &p4v1.StreamError{Details: &p4v1.StreamError_Other{
				Other: &p4v1.StreamOtherError{Other: m.GetOther()}}})
		}
	}
}

// arbitrate passes an arbitration message on, unless the stream has ended meanwhile.
func (s *Server) arbitrate(sess *session, m *p4v1.MasterArbitrationUpdate) error {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	if sess.left {
		return errClosed()
	}
	return s.arbiter.Handle(&sess.client, m)
}

func (s *Server) register(sess *session) {
	s.sessions.Store(&sess.client, sess)
}

func (s *Server) unregister(sess *session) {
	sess.mu.Lock()
	sess.left = true
	s.arbiter.Leave(&sess.client)
	sess.mu.Unlock()
	s.sessions.Delete(&sess.client)
}

// streamError reports an error of a stream message; the first to be dropped when the client is slow.
func (s *Server) streamError(sess *session, err error, e *p4v1.StreamError) {
	st := status.Convert(err)
	e.CanonicalCode, e.Message = int32(st.Code()), st.Message()
	s.log.Debug("stream message refused", "code", st.Code(), "error", st.Message())
	if len(sess.data) > cap(sess.data)/2 || !sess.offer(&p4v1.StreamMessageResponse{Update: &p4v1.StreamMessageResponse_Error{Error: e}}) {
		s.stats.errorDrops.Add(1)
	}
}

// packetOut injects a packet of a client on the CPU port.
func (s *Server) packetOut(sess *session, p *p4v1.PacketOut) error {
	role, ok := s.arbiter.IsPrimary(&sess.client)
	if !ok {
		return status.Error(codes.PermissionDenied, "Not primary")
	}
	b := s.active.Load()
	if b == nil {
		return errNoConfig()
	}
	h := b.schema.PacketOut
	if h != nil && !mayUse(role, h.Role) {
		return status.Errorf(codes.PermissionDenied, "packet-outs are reserved for role %q", h.Role)
	}
	if len(p.GetPayload()) == 0 {
		return status.Error(codes.InvalidArgument, "packet_out has no payload")
	}
	size := len(p.GetPayload())
	if h != nil {
		size += h.Bytes
	}
	frame, err := packetio.Out(h, make([]byte, 0, size), p.GetMetadata())
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	if err := s.device.Inject(append(frame, p.GetPayload()...)); err != nil {
		return status.Error(codes.FailedPrecondition, err.Error())
	}
	s.stats.packetOuts.Add(1)
	return nil
}

// PacketIn sends a frame that left on the CPU port to the primaries. It does not keep frame and
// does not wait.
func (s *Server) PacketIn(frame []byte) {
	b := s.active.Load()
	if b == nil {
		return
	}
	role := ""
	if b.schema.PacketIn != nil {
		role = b.schema.PacketIn.Role
	}
	if !s.primaries.any(role) {
		s.stats.packetInDrops.Add(1)
		return
	}
	md, payload, err := packetio.In(b.schema.PacketIn, append([]byte(nil), frame...))
	if err != nil {
		s.stats.packetInDrops.Add(1)
		s.log.Warn("frame on the CPU port cannot be a packet-in", "error", fmt.Errorf("%w: %d bytes", err, len(frame)))
		return
	}
	sent, dropped := s.primaries.deliver(role, &p4v1.StreamMessageResponse{Update: &p4v1.StreamMessageResponse_Packet{
		Packet: &p4v1.PacketIn{Payload: payload, Metadata: md}}})
	s.stats.packetIns.Add(uint64(sent))
	s.stats.packetInDrops.Add(uint64(dropped))
}
