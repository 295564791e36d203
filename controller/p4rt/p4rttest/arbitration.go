package p4rttest

import (
	"io"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// stream is one controller.
type stream struct {
	election *p4v1.Uint128
	bidden   bool // it has sent an arbitration
	out      chan *p4v1.StreamMessageResponse
	cut      chan error
}

// StreamChannel follows a controller until it leaves or is cut off.
func (s *Server) StreamChannel(channel p4v1.P4Runtime_StreamChannelServer) error {
	me := &stream{out: make(chan *p4v1.StreamMessageResponse, 1<<16), cut: make(chan error, 1)}
	s.mu.Lock()
	s.streams[me] = struct{}{}
	s.mu.Unlock()
	defer s.leave(me)
	ended := make(chan error, 1)
	go func() {
		for {
			m, err := channel.Recv()
			if err == nil {
				err = s.take(me, m)
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	for {
		select {
		case m := <-me.out:
			if err := channel.Send(m); err != nil {
				return err
			}
		case err := <-me.cut:
			return err
		case err := <-ended:
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

func (s *Server) take(me *stream, m *p4v1.StreamMessageRequest) error {
	switch u := m.GetUpdate().(type) {
	case *p4v1.StreamMessageRequest_Arbitration:
		return s.arbitrate(me, u.Arbitration)
	case *p4v1.StreamMessageRequest_DigestAck:
		s.acks <- u.DigestAck
	case *p4v1.StreamMessageRequest_Packet:
		s.packets <- u.Packet
	}
	return nil
}

func (s *Server) arbitrate(me *stream, m *p4v1.MasterArbitrationUpdate) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.Silent {
		return nil
	}
	bid := m.GetElectionId()
	if bid == nil && s.faults.NoStandBy {
		return status.Error(codes.InvalidArgument, "Invalid election ID.")
	}
	for other := range s.streams {
		if bid != nil && other != me && proto.Equal(other.election, bid) {
			return status.Error(codes.InvalidArgument, "Election id already exists")
		}
	}
	was := s.primary()
	me.election, me.bidden = bid, true
	if bid != nil && !less(bid, s.highest) {
		s.highest = bid
	}
	if s.primary() == me || was == me {
		s.tellAll()
	} else {
		s.tell(me)
	}
	return nil
}

// less compares; an unset id is lower than any.
func less(a, b *p4v1.Uint128) bool {
	if a == nil || b == nil {
		return a == nil && b != nil
	}
	if a.GetHigh() != b.GetHigh() {
		return a.GetHigh() < b.GetHigh()
	}
	return a.GetLow() < b.GetLow()
}

// primary is the controller with the highest id ever seen, if it is still there.
func (s *Server) primary() *stream {
	for c := range s.streams {
		if c.election != nil && proto.Equal(c.election, s.highest) {
			return c
		}
	}
	return nil
}

func (s *Server) isPrimary(id *p4v1.Uint128) bool {
	p := s.primary()
	return p != nil && id != nil && proto.Equal(p.election, id)
}

func (s *Server) tellAll() {
	for c := range s.streams {
		if c.bidden {
			s.tell(c)
		}
	}
}

func (s *Server) tell(c *stream) {
	st := &rpcstatus.Status{Code: int32(codes.AlreadyExists), Message: "Is backup"}
	switch s.primary() {
	case c:
		st = &rpcstatus.Status{Code: int32(codes.OK), Message: "Is primary"}
	case nil:
		st = &rpcstatus.Status{Code: int32(codes.NotFound), Message: "No primary"}
	}
	c.out <- &p4v1.StreamMessageResponse{Update: &p4v1.StreamMessageResponse_Arbitration{
		Arbitration: &p4v1.MasterArbitrationUpdate{DeviceId: 1, ElectionId: s.highest, Status: st},
	}}
}

func (s *Server) leave(me *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.primary() == me
	delete(s.streams, me)
	if was {
		s.tellAll()
	}
}

// Cut ends every stream with an error, as a switch that fails would.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.streams {
		select {
		case c.cut <- status.Error(codes.Unavailable, "cut"):
		default:
		}
	}
}

// Announce tells every controller who is primary, though nothing has changed.
func (s *Server) Announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tellAll()
}

// Forget makes the server forget the highest election id, as a restart would.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.highest = nil
}

// Controllers counts the streams that are open.
func (s *Server) Controllers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}

// send gives the primary a message; it tells whether there was one.
func (s *Server) send(m *p4v1.StreamMessageResponse) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.primary()
	if p != nil {
		p.out <- m
	}
	return p != nil
}

// SendDigest gives the primary a digest list; a list id of 0 is replaced by the next one.
func (s *Server) SendDigest(l *p4v1.DigestList) bool {
	if l.GetListId() == 0 {
		s.mu.Lock()
		s.nextList++
		l.ListId = s.nextList
		s.mu.Unlock()
	}
	return s.send(&p4v1.StreamMessageResponse{Update: &p4v1.StreamMessageResponse_Digest{Digest: l}})
}

// SendPacket gives the primary a packet-in.
func (s *Server) SendPacket(p *p4v1.PacketIn) bool {
	return s.send(&p4v1.StreamMessageResponse{Update: &p4v1.StreamMessageResponse_Packet{Packet: p}})
}

// SendIdle gives the primary an idle notification.
func (s *Server) SendIdle(n *p4v1.IdleTimeoutNotification) bool {
	return s.send(&p4v1.StreamMessageResponse{Update: &p4v1.StreamMessageResponse_IdleTimeoutNotification{IdleTimeoutNotification: n}})
}

// SendError gives the primary a stream error.
func (s *Server) SendError(e *p4v1.StreamError) bool {
	return s.send(&p4v1.StreamMessageResponse{Update: &p4v1.StreamMessageResponse_Error{Error: e}})
}
