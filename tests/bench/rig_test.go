package bench

import (
	"net"
	"os"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/tests/vector"
)

// deviceID of every switch that is measured.
const deviceID = 1

// sink is a port that takes frames and counts them.
type sink struct{ frames, last int }

func (*sink) Name() string { return "sink" }
func (s *sink) Send(frame []byte) error {
	s.frames++
	s.last = len(frame)
	return nil
}
func (*sink) Close() error { return nil }

// rig is a switch with ports 1 and 2 and a controller's session over loopback TCP.
type rig struct {
	sw      *softswitch.Switch
	ports   [3]*sink // by number
	program *vector.Program
	session *vector.Session
	conn    *grpc.ClientConn
}

func newRig(b *testing.B, program p4src.Program) *rig {
	b.Helper()
	r := &rig{sw: softswitch.New(softswitch.Options{DeviceID: deviceID, CPUPort: p4src.CPUPort})}
	for id := uint32(1); id <= 2; id++ {
		r.ports[id] = &sink{}
		check(b, r.sw.AddPort(id, r.ports[id]))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(b, err)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	r.sw.Register(server)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	r.conn, err = grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(b, err)
	r.session, err = vector.NewSession(b.Context(), r.conn, deviceID)
	check(b, err)
	b.Cleanup(func() {
		r.session.Close()
		_ = r.conn.Close()
		_ = r.sw.Close()
		server.Stop()
		<-served
	})
	r.program, err = vector.LoadProgram(string(program))
	check(b, err)
	check(b, r.session.Load(b.Context(), r.program))
	return r
}

// install writes entries as the vectors have them.
func (r *rig) install(b *testing.B, entries []vector.Entry) {
	b.Helper()
	schema := vector.NewSchema(r.program.Info)
	var updates []*p4v1.Update
	for _, e := range entries {
		entity, err := schema.Entity(e)
		check(b, err)
		kind := p4v1.Update_INSERT
		if e.Default != "" || e.Meter != "" {
			kind = p4v1.Update_MODIFY
		}
		updates = append(updates, &p4v1.Update{Type: kind, Entity: entity})
	}
	check(b, r.session.Write(b.Context(), updates))
}

// named finds a vector.
func named(b *testing.B, file, name string) *vector.Vector {
	b.Helper()
	vectors, err := vector.Load(os.DirFS("../vector/data"), file)
	check(b, err)
	for _, v := range vectors {
		if v.Name == name {
			return v
		}
	}
	b.Fatalf("%s has no vector %s", file, name)
	return nil
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
