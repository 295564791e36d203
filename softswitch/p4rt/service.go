package p4rt

import (
	"context"
	"slices"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"

	"github.com/firstack/firstack/softswitch/p4rt/wire"
)

// Register adds the service to a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) { r.RegisterService(&serviceDesc, s) }

// DirectMethods are the unary methods that are short and never wait for a client: Read's answers may, and a new program
// takes long.
var DirectMethods = []string{p4v1.P4Runtime_Write_FullMethodName}

// serviceDesc is the generated description of the service but for Write, whose requests are decoded
// by package wire.
var serviceDesc = func() grpc.ServiceDesc {
	d := p4v1.P4Runtime_ServiceDesc
	d.Methods = slices.Clone(d.Methods)
	for i := range d.Methods {
		if d.Methods[i].MethodName == "Write" {
			d.Methods[i].Handler = writeHandler
		}
	}
	return d
}()

// writeHandler does what the generated one does, with another decoder. Interceptors see the request
// as the generated type.
func writeHandler(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	in := wire.NewRequest()
	if err := dec(in); err != nil {
		return nil, err
	}
	if interceptor == nil {
		return srv.(p4v1.P4RuntimeServer).Write(ctx, in.WriteRequest)
	}
	info := &grpc.UnaryServerInfo{Server: srv, FullMethod: p4v1.P4Runtime_Write_FullMethodName}
	return interceptor(ctx, in.WriteRequest, info, func(ctx context.Context, req any) (any, error) {
		return srv.(p4v1.P4RuntimeServer).Write(ctx, req.(*p4v1.WriteRequest))
	})
}
