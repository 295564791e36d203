package bmv2

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/firstack/firstack/tests/vector"
)

// Field numbers of PacketStreamRequest and PacketStreamResponse (p4.bm, dataplane_interface.proto).
const (
	fieldDevice = 2
	fieldPort   = 3
	fieldPacket = 4
)

// dataplane is a PacketStream: frames to and from the switch's ports.
type dataplane struct {
	stream grpc.ClientStream
}

func openDataplane(ctx context.Context, conn *grpc.ClientConn) (*dataplane, error) {
	description := &grpc.StreamDesc{StreamName: "PacketStream", ServerStreams: true, ClientStreams: true}
	stream, err := conn.NewStream(ctx, description, "/p4.bm.DataplaneInterface/PacketStream", grpc.ForceCodec(wire{}))
	if err != nil {
		return nil, fmt.Errorf("data plane: %w", err)
	}
	return &dataplane{stream}, nil
}

func (d *dataplane) send(device uint64, port uint32, frame []byte) error {
	m := protowire.AppendTag(nil, fieldDevice, protowire.VarintType)
	m = protowire.AppendVarint(m, device)
	m = protowire.AppendTag(m, fieldPort, protowire.VarintType)
	m = protowire.AppendVarint(m, uint64(port))
	m = protowire.AppendTag(m, fieldPacket, protowire.BytesType)
	m = protowire.AppendBytes(m, frame)
	return d.stream.SendMsg(&m)
}

func (d *dataplane) receive() (vector.Frame, error) {
	var m []byte
	if err := d.stream.RecvMsg(&m); err != nil {
		return vector.Frame{}, err
	}
	var f vector.Frame
	for len(m) > 0 {
		number, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			return f, protowire.ParseError(n)
		}
		m = m[n:]
		switch number {
		case fieldPort:
			var port uint64
			port, n = protowire.ConsumeVarint(m)
			f.Port = uint32(port)
		case fieldPacket:
			f.Bytes, n = protowire.ConsumeBytes(m)
		default:
			n = protowire.ConsumeFieldValue(number, kind, m)
		}
		if n < 0 {
			return f, protowire.ParseError(n)
		}
		m = m[n:]
	}
	return f, nil
}

// wire is a codec for messages that are bytes already.
type wire struct{}

func (wire) Name() string { return "proto" }

func (wire) Marshal(v any) ([]byte, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("bytes expected, not %T", v)
	}
	return *b, nil
}

func (wire) Unmarshal(data []byte, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("bytes expected, not %T", v)
	}
	*b = append([]byte(nil), data...)
	return nil
}
