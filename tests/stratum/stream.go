package stratum

import (
	"context"
	"encoding/binary"
	"math"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

type stream = p4v1.P4Runtime_StreamChannelServer

// StreamChannel implements P4Runtime. The arbitration itself is the stand-in's.
func (s *Switch) StreamChannel(client stream) error {
	c, _ := s.running()
	if c == nil {
		return errOff
	}
	ctx, cancel := context.WithCancel(client.Context())
	defer cancel()
	chip, err := c.client.StreamChannel(ctx)
	if err != nil {
		return err
	}
	ended := make(chan error, 2)
	go func() { ended <- s.fromClient(client, chip) }()
	down := make(chan struct{})
	go func() {
		defer close(down)
		ended <- s.fromChip(client, chip)
	}()
	err = <-ended
	cancel()
	<-down // the other ends with this call
	return err
}

func (s *Switch) fromClient(client stream, chip p4v1.P4Runtime_StreamChannelClient) error {
	for {
		m, err := client.Recv()
		if err != nil {
			return nil
		}
		switch u := m.GetUpdate().(type) {
		case *p4v1.StreamMessageRequest_Arbitration:
			switch {
			case u.Arbitration.GetDeviceId() == 0:
				return status.Error(codes.InvalidArgument, "Invalid node (aka device) ID.")
			case isZero(u.Arbitration.GetElectionId()):
				s.count(func(e *Events) { e.Standby++ })
				return errElection
			}
		case *p4v1.StreamMessageRequest_DigestAck:
			s.count(func(e *Events) { e.Acks++ })
			continue // BfrtNode::HandleStreamMessageRequest
		case *p4v1.StreamMessageRequest_Packet:
			_, p := s.running()
			if p == nil {
				continue
			}
			m = proto.Clone(m).(*p4v1.StreamMessageRequest)
			p.to.metadata(headerID(p.config.GetP4Info(), "packet_out"), m.GetPacket().GetMetadata())
		default:
			return status.Error(codes.InvalidArgument, "Need to specify either arbitration, packet or digest ack.")
		}
		if err := chip.Send(m); err != nil {
			return nil // the reason comes from the chip
		}
	}
}

func (s *Switch) fromChip(client stream, chip p4v1.P4Runtime_StreamChannelClient) error {
	for {
		m, err := chip.Recv()
		if err != nil {
			return err
		}
		_, p := s.running()
		switch u := m.GetUpdate().(type) {
		case *p4v1.StreamMessageResponse_IdleTimeoutNotification:
			continue // there are none
		case *p4v1.StreamMessageResponse_Packet:
			if p == nil {
				continue
			}
			p.of.metadata(headerID(p.standIn, "packet_in"), u.Packet.GetMetadata())
		case *p4v1.StreamMessageResponse_Digest:
			if p == nil {
				continue
			}
			p.digest(u.Digest)
		}
		if err := client.Send(m); err != nil {
			return err
		}
	}
}

// digest gives a list the form that BfrtTableManager::BuildP4DigestList makes: a number that means nothing, and fields as
// wide as they are; ticks have the 28 bits of TNA's.
func (p *program) digest(list *p4v1.DigestList) {
	list.DigestId = p.of.objects[list.GetDigestId()]
	list.ListId = math.MaxUint64
	for _, d := range list.GetData() {
		members := d.GetStruct().GetMembers()
		if p.ticks < 0 || p.ticks >= len(members) {
			continue
		}
		var tick [4]byte
		b := members[p.ticks].GetBitstring()
		copy(tick[max(0, 4-len(b)):], b)
		binary.BigEndian.PutUint32(tick[:], binary.BigEndian.Uint32(tick[:])&(1<<28-1))
		members[p.ticks].Data = &p4v1.P4Data_Bitstring{Bitstring: tick[:]}
	}
}
