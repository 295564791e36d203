package tlsfiles

import (
	"context"
	"crypto/x509"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// Role is what the holder of a certificate may do. Higher ones include lower ones.
type Role int

// The roles. A certificate carries them as organizations of its subject, as Kubernetes does with groups.
const (
	NoRole Role = iota
	Read        // O=firstack:read
	Write       // O=firstack:write
)

var roleNames = [...]string{"none", "read", "write"}

func (r Role) String() string { return roleNames[r] }

// Organization is how a certificate says that its holder has the role.
func (r Role) Organization() string { return "firstack:" + r.String() }

// RoleOf reads the role out of a certificate that was verified.
func RoleOf(c *x509.Certificate) Role {
	role := NoRole
	for _, o := range c.Subject.Organization {
		for r := Read; r <= Write; r++ {
			if o == r.Organization() {
				role = max(role, r)
			}
		}
	}
	return role
}

// Guard makes a gRPC server refuse calls of those whose certificates don't have the role that need tells for a method
// ("/gnmi.gNMI/Set"). Its transport has to verify certificates.
func Guard(need func(method string) Role) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if err := admit(ctx, info.FullMethod, need(info.FullMethod)); err != nil {
				return nil, err
			}
			return handler(ctx, request)
		}),
		grpc.ChainStreamInterceptor(func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if err := admit(stream.Context(), info.FullMethod, need(info.FullMethod)); err != nil {
				return err
			}
			return handler(server, stream)
		}),
	}
}

func admit(ctx context.Context, method string, need Role) error {
	p, _ := peer.FromContext(ctx)
	if p == nil {
		return status.Errorf(codes.Unauthenticated, "%s: nothing is known of the client", method)
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 {
		return status.Errorf(codes.Unauthenticated, "%s: the client has shown no certificate", method)
	}
	leaf := info.State.VerifiedChains[0][0]
	if has := RoleOf(leaf); has < need {
		return status.Errorf(codes.PermissionDenied, "%s: certificate %q has role %s; this takes %s (O=%s in its subject)",
			method, leaf.Subject, has, need, need.Organization())
	}
	return nil
}
