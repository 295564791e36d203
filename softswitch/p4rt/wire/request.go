// Package wire decodes write requests with few allocations. Table entries are most of what a
// controller writes, and decoding them message by message costs more than entering them in the
// table; here their messages come out of slabs, and their byte strings share one copy of the
// request.
//
// What is decoded is what package proto decodes, always: updates that are not plain table entries,
// or are encoded in an unusual way, are left to it.
package wire

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/runtime/protoiface"
)

// Request is a write request that decodes itself: hand it to whatever expects a proto.Message to
// decode into, and use the WriteRequest in it.
type Request struct {
	*p4v1.WriteRequest
}

// NewRequest returns an empty request.
func NewRequest() Request { return Request{&p4v1.WriteRequest{}} }

// ProtoReflect implements proto.Message.
func (r Request) ProtoReflect() protoreflect.Message {
	return reflection{Message: r.WriteRequest.ProtoReflect(), request: r}
}

// reflection is the request's own reflection but for the way it is decoded.
type reflection struct {
	protoreflect.Message
	request Request
}

// Interface implements protoreflect.Message.
func (r reflection) Interface() protoreflect.ProtoMessage { return r.request }

// ProtoMethods implements protoreflect.Message.
func (r reflection) ProtoMethods() *protoiface.Methods {
	return &protoiface.Methods{Unmarshal: func(in protoiface.UnmarshalInput) (protoiface.UnmarshalOutput, error) {
		return protoiface.UnmarshalOutput{Flags: protoiface.UnmarshalInitialized}, r.request.decode(in.Buf)
	}}
}

const updatesField = 4 // of WriteRequest

// decode adds what data holds to the request.
func (r Request) decode(data []byte) error {
	data = append([]byte(nil), data...) // the caller's buffer is not ours to keep
	n := countUpdates(data)
	d := &decoder{tables: make([]tableUpdate, 0, n)}
	updates := make([]*p4v1.Update, 0, n)
	for rest := data; len(rest) > 0; {
		num, typ, tag := protowire.ConsumeTag(rest)
		if tag < 0 {
			return protowire.ParseError(tag)
		}
		size := protowire.ConsumeFieldValue(num, typ, rest[tag:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		field := rest[:tag+size]
		rest = rest[tag+size:]
		if num != updatesField || typ != protowire.BytesType {
			if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(field, r.WriteRequest); err != nil {
				return err
			}
			continue
		}
		value, _ := protowire.ConsumeBytes(field[tag:])
		u := d.update(value)
		if u == nil {
			u = &p4v1.Update{}
			if err := proto.Unmarshal(value, u); err != nil {
				return err
			}
		}
		updates = append(updates, u)
	}
	if len(updates) > 0 {
		r.Updates = append(r.Updates, updates...)
	}
	return nil
}

// countUpdates looks how many updates there are, to make room for them.
func countUpdates(data []byte) int {
	n := 0
	for len(data) > 0 {
		num, _, size := protowire.ConsumeField(data)
		if size < 0 {
			return n
		}
		if num == updatesField {
			n++
		}
		data = data[size:]
	}
	return n
}
