package grpcserver

import (
	"encoding/binary"
	"math"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// prefixBytes come before a message: whether it is compressed, and its length (PROTOCOL-HTTP2.md, "Length-Prefixed-
// Message").
const prefixBytes = 5

// complete says how long the first message of b is, prefix included; 0 while some of it is missing.
func (s *stream) complete(b []byte) (int, *status.Status) {
	if len(b) < prefixBytes {
		return 0, nil
	}
	switch compressed := b[0]; {
	case compressed > 1:
		return 0, status.Newf(codes.Internal, "grpc: received unexpected payload format %d", compressed)
	case compressed == 1 && (s.encoding == "" || s.encoding == "identity"):
		return 0, status.New(codes.Internal, "grpc: compressed flag set with identity or empty encoding")
	case compressed == 1:
		return 0, status.Newf(codes.Unimplemented, "grpc: Decompressor is not installed for grpc-encoding %q", s.encoding)
	}
	n := binary.BigEndian.Uint32(b[1:])
	if uint64(n) > uint64(s.limit) {
		return 0, status.Newf(codes.ResourceExhausted, "grpc: received message larger than max (%d vs. %d)", n, s.limit)
	}
	if total := prefixBytes + int(n); len(b) >= total {
		return total, nil
	}
	return 0, nil
}

func decode(b []byte, m any) error {
	p, ok := m.(proto.Message)
	if !ok {
		return status.Errorf(codes.Internal, "%T is no protobuf message", m)
	}
	if err := proto.Unmarshal(b, p); err != nil {
		return status.Errorf(codes.Internal, "grpc: error unmarshalling request: %v", err)
	}
	return nil
}

// encode makes a message with its prefix.
func encode(m any) ([]byte, error) {
	p, ok := m.(proto.Message)
	if !ok {
		return nil, status.Errorf(codes.Internal, "%T is no protobuf message", m)
	}
	size := proto.Size(p)
	b, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(make([]byte, prefixBytes, prefixBytes+size), p)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "grpc: error while marshaling: %v", err)
	}
	if len(b)-prefixBytes > math.MaxInt32 {
		return nil, status.Errorf(codes.ResourceExhausted, "message of %d bytes is too long", len(b)-prefixBytes)
	}
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-prefixBytes))
	return b, nil
}
