package vector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
)

// A Session is the P4Runtime side of a target: the only controller of one switch, with the least that
// vectors need. It acknowledges every digest list.
type Session struct {
	client   p4v1.P4RuntimeClient
	deviceID uint64
	stream   grpc.BidiStreamingClient[p4v1.StreamMessageRequest, p4v1.StreamMessageResponse]
	cancel   context.CancelFunc
	ended    chan struct{}
	sending  sync.Mutex // a stream takes one Send at a time

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every change of what follows
	barriers int           // arbitration answers received
	asked    int           // and asked for
	events   Events
	err      error
}

// electionID is above 0, so that the session becomes primary.
var electionID = &p4v1.Uint128{Low: 1}

// NewSession becomes the primary controller of a device.
func NewSession(ctx context.Context, conn grpc.ClientConnInterface, deviceID uint64) (*Session, error) {
	streamContext, cancel := context.WithCancel(context.Background())
	s := &Session{
		client: p4v1.NewP4RuntimeClient(conn), deviceID: deviceID, cancel: cancel,
		ended: make(chan struct{}), changed: make(chan struct{}),
	}
	var err error
	if s.stream, err = s.client.StreamChannel(streamContext); err != nil {
		cancel()
		return nil, fmt.Errorf("stream: %w", err)
	}
	go s.receive()
	if err := s.Barrier(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("arbitration: %w", err)
	}
	return s, nil
}

// Close ends the session.
func (s *Session) Close() {
	s.cancel()
	<-s.ended
}

// Client is the P4Runtime client, for what a session has no method for.
func (s *Session) Client() p4v1.P4RuntimeClient { return s.client }

// Barrier waits until everything that the switch had to say on the stream has arrived: it asks for the
// arbitration's state and waits for the answer, which comes after the rest.
func (s *Session) Barrier(ctx context.Context) error {
	s.mu.Lock()
	s.asked++
	asked := s.asked
	s.mu.Unlock()
	err := s.send(&p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_Arbitration{
		Arbitration: &p4v1.MasterArbitrationUpdate{DeviceId: s.deviceID, ElectionId: electionID},
	}})
	if err != nil && !errors.Is(err, io.EOF) { // io.EOF: the stream's own error says more
		return err
	}
	return s.await(ctx, func() bool { return s.barriers >= asked })
}

func (s *Session) send(m *p4v1.StreamMessageRequest) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	return s.stream.Send(m)
}

// await waits until done, called with the session locked, says so.
func (s *Session) await(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		finished, err, changed := done(), s.err, s.changed
		s.mu.Unlock()
		if finished {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

func (s *Session) receive() {
	defer close(s.ended)
	for {
		m, err := s.stream.Recv()
		s.mu.Lock()
		switch u := m.GetUpdate().(type) {
		case *p4v1.StreamMessageResponse_Arbitration:
			s.barriers++
			if code := u.Arbitration.GetStatus().GetCode(); code != 0 {
				err = fmt.Errorf("not primary: %s (code %d)", u.Arbitration.GetStatus().GetMessage(), code)
			}
		case *p4v1.StreamMessageResponse_Packet:
			s.events.PacketIns = append(s.events.PacketIns, u.Packet)
		case *p4v1.StreamMessageResponse_Digest:
			s.events.Digests = append(s.events.Digests, u.Digest)
			_ = s.send(&p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_DigestAck{
				DigestAck: &p4v1.DigestListAck{DigestId: u.Digest.DigestId, ListId: u.Digest.ListId},
			}}) // Recv reports a broken stream
		case *p4v1.StreamMessageResponse_Error:
			err = fmt.Errorf("stream: %s (code %d)", u.Error.Message, u.Error.CanonicalCode)
		}
		if err != nil {
			s.err = err
		}
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Take returns what came on the stream since the last call, once want has come.
func (s *Session) Take(ctx context.Context, want Count) (Events, error) {
	err := s.await(ctx, func() bool {
		return len(s.events.PacketIns) >= want.PacketIns && len(s.events.Digests) >= want.Digests
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // what is missing shows in what is returned
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.events
	s.events = Events{}
	return events, err
}

// Load pushes a program and switches its digests on, each message to be sent by itself.
func (s *Session) Load(ctx context.Context, p *Program) error {
	_, err := s.client.SetForwardingPipelineConfig(ctx, &p4v1.SetForwardingPipelineConfigRequest{
		DeviceId: s.deviceID, ElectionId: electionID,
		Action: p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT,
		Config: &p4v1.ForwardingPipelineConfig{P4Info: p.Info, P4DeviceConfig: p.Config},
	})
	if err != nil {
		return fmt.Errorf("pipeline: %w", err)
	}
	return s.Write(ctx, digestUpdates(p.Info))
}

func digestUpdates(info *configv1.P4Info) []*p4v1.Update {
	var updates []*p4v1.Update
	for _, d := range info.Digests {
		entry := &p4v1.DigestEntry{DigestId: d.Preamble.Id, Config: &p4v1.DigestEntry_Config{MaxListSize: 1}}
		updates = append(updates, &p4v1.Update{
			Type: p4v1.Update_INSERT, Entity: &p4v1.Entity{Entity: &p4v1.Entity_DigestEntry{DigestEntry: entry}},
		})
	}
	return updates
}

// Write applies updates in one request.
func (s *Session) Write(ctx context.Context, updates []*p4v1.Update) error {
	if len(updates) == 0 {
		return nil
	}
	_, err := s.client.Write(ctx, &p4v1.WriteRequest{DeviceId: s.deviceID, ElectionId: electionID, Updates: updates})
	return describe(err, updates)
}

// Read reads entities.
func (s *Session) Read(ctx context.Context, entities ...*p4v1.Entity) ([]*p4v1.Entity, error) {
	stream, err := s.client.Read(ctx, &p4v1.ReadRequest{DeviceId: s.deviceID, Entities: entities})
	if err != nil {
		return nil, err
	}
	var read []*p4v1.Entity
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return read, nil
		}
		if err != nil {
			return nil, err
		}
		read = append(read, response.Entities...)
	}
}

// PacketOut sends a packet from the controller.
func (s *Session) PacketOut(p *p4v1.PacketOut) error {
	return s.send(&p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_Packet{Packet: p}})
}
