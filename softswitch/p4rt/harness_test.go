package p4rt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/grpcserver"
	"github.com/firstack/firstack/softswitch/p4rt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	device  = 3
	cpuPort = 255
	patient = 10 * time.Second // for what must happen
)

// program is a compiled program of testdata.
type program struct {
	json []byte
	info *p4configv1.P4Info
	ids  map[string]uint32 // by alias
}

func loadProgram(t testing.TB, name string) *program {
	t.Helper()
	p := &program{info: &p4configv1.P4Info{}, ids: map[string]uint32{}}
	var err error
	if p.json, err = os.ReadFile("testdata/" + name + ".json"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/" + name + ".p4info.txtpb")
	if err != nil {
		t.Fatal(err)
	}
	if err := prototext.Unmarshal(text, p.info); err != nil {
		t.Fatal(err)
	}
	p.index()
	return p
}

func (p *program) index() {
	add := func(o interface{ GetPreamble() *p4configv1.Preamble }) {
		p.ids[o.GetPreamble().GetAlias()] = o.GetPreamble().GetId()
	}
	for _, o := range p.info.Tables {
		add(o)
	}
	for _, o := range p.info.Actions {
		add(o)
	}
	for _, o := range p.info.ActionProfiles {
		add(o)
	}
	for _, o := range p.info.Counters {
		add(o)
	}
	for _, o := range p.info.Meters {
		add(o)
	}
	for _, o := range p.info.Registers {
		add(o)
	}
	for _, o := range p.info.ValueSets {
		add(o)
	}
	for _, o := range p.info.Digests {
		add(o)
	}
}

func (p *program) config(cookie uint64) *p4v1.ForwardingPipelineConfig {
	return &p4v1.ForwardingPipelineConfig{P4Info: p.info, P4DeviceConfig: p.json, Cookie: &p4v1.ForwardingPipelineConfig_Cookie{Cookie: cookie}}
}

var nameRef = regexp.MustCompile(`\$\w+`)

// resolve replaces $alias by the object's id.
func (p *program) resolve(t testing.TB, text string) string {
	return nameRef.ReplaceAllStringFunc(text, func(ref string) string {
		id, ok := p.ids[ref[1:]]
		if !ok {
			t.Fatalf("no object has the alias %s", ref)
		}
		return fmt.Sprint(id)
	})
}

// entity reads an entity in protobuf text.
func (p *program) entity(t testing.TB, text string) *p4v1.Entity {
	t.Helper()
	e := &p4v1.Entity{}
	if err := prototext.Unmarshal([]byte(p.resolve(t, text)), e); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

// rig is a switch with a P4Runtime connection.
type rig struct {
	t    testing.TB
	p    *program
	sw   *softswitch.Switch
	conn *grpc.ClientConn
	id   uint64 // election id of requests
	p4v1.P4RuntimeClient
}

// newRig starts a switch on a connection in memory, behind the server that firstack-switch has; with options behind a
// grpc.Server.
func newRig(t testing.TB, opt softswitch.Options, server ...grpc.ServerOption) *rig {
	t.Helper()
	opt.DeviceID, opt.CPUPort = device, cpuPort
	r := &rig{t: t, id: 1, p: loadProgram(t, "kitchen"), sw: softswitch.New(opt)}
	lis := bufconn.Listen(1 << 20)
	var srv interface {
		grpc.ServiceRegistrar
		Serve(net.Listener) error
		Stop()
	} = grpcserver.New(grpcserver.Options{Direct: p4rt.DirectMethods})
	if len(server) > 0 {
		srv = grpc.NewServer(server...)
	}
	r.sw.Register(srv)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(lis) }()
	conn, err := grpc.NewClient("passthrough:bufconn",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	r.conn, r.P4RuntimeClient = conn, p4v1.NewP4RuntimeClient(conn)
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), r.sw.Close()); err != nil {
			t.Error(err)
		}
		srv.Stop()
		<-served
	})
	return r
}

// ready starts a rig with a primary and the program.
func ready(t testing.TB, opt softswitch.Options) (*rig, *client) {
	t.Helper()
	r := newRig(t, opt)
	c := r.client(1, "")
	r.mustSet(p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT, r.p, 1)
	return r, c
}

func (r *rig) set(action p4v1.SetForwardingPipelineConfigRequest_Action, cfg *p4v1.ForwardingPipelineConfig) error {
	_, err := r.SetForwardingPipelineConfig(r.t.Context(), &p4v1.SetForwardingPipelineConfigRequest{
		DeviceId: device, ElectionId: &p4v1.Uint128{Low: r.id}, Action: action, Config: cfg})
	return err
}

func (r *rig) mustSet(action p4v1.SetForwardingPipelineConfigRequest_Action, p *program, cookie uint64) {
	r.t.Helper()
	var cfg *p4v1.ForwardingPipelineConfig
	if p != nil {
		cfg = p.config(cookie)
	}
	if err := r.set(action, cfg); err != nil {
		r.t.Fatalf("%v: %v", action, err)
	}
}

// client is an open stream. Messages are collected as they arrive.
type client struct {
	t      testing.TB
	stream p4v1.P4Runtime_StreamChannelClient
	cancel context.CancelFunc
	got    chan *p4v1.StreamMessageResponse
	end    chan error
}

// open opens a stream without arbitrating.
func (r *rig) open() *client {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := r.StreamChannel(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	c := &client{t: r.t, stream: stream, cancel: cancel, got: make(chan *p4v1.StreamMessageResponse, 4096), end: make(chan error, 1)}
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			m, err := stream.Recv()
			if err != nil {
				c.end <- err
				return
			}
			c.got <- m
		}
	}()
	r.t.Cleanup(func() { cancel(); wg.Wait() })
	return c
}

// client opens a stream, arbitrates with an id (0 = unset) and waits for the answer.
func (r *rig) client(id uint64, role string) *client {
	r.t.Helper()
	c := r.open()
	c.arbitrate(id, role)
	c.arbitration()
	return c
}

func (c *client) send(m *p4v1.StreamMessageRequest) {
	c.t.Helper()
	if err := c.stream.Send(m); err != nil && !errors.Is(err, io.EOF) {
		c.t.Fatal(err)
	}
}

func (c *client) arbitrate(id uint64, role string) {
	c.t.Helper()
	m := &p4v1.MasterArbitrationUpdate{DeviceId: device}
	if id != 0 {
		m.ElectionId = &p4v1.Uint128{Low: id}
	}
	if role != "" {
		m.Role = &p4v1.Role{Name: role}
	}
	c.send(&p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_Arbitration{Arbitration: m}})
}

// next waits for the next message.
func (c *client) next() *p4v1.StreamMessageResponse {
	c.t.Helper()
	select {
	case m := <-c.got:
		return m
	case err := <-c.end:
		c.end <- err
		c.t.Fatalf("stream ended: %v", err)
	case <-time.After(patient):
		c.t.Fatal("no message")
	}
	return nil
}

func (c *client) arbitration() *p4v1.MasterArbitrationUpdate {
	c.t.Helper()
	m := c.next()
	if m.GetArbitration() == nil {
		c.t.Fatalf("got %v, want an arbitration message", m)
	}
	return m.GetArbitration()
}

// ended waits for the end of the stream.
func (c *client) ended() error {
	c.t.Helper()
	select {
	case err := <-c.end:
		c.end <- err
		return err
	case <-time.After(patient):
		c.t.Fatal("the stream goes on")
	}
	return nil
}

// silent checks that nothing was sent to the client before what it is sent now: a stream error that
// it provokes.
func (c *client) silent() {
	c.t.Helper()
	c.send(&p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_DigestAck{DigestAck: &p4v1.DigestListAck{DigestId: 4711}}})
	if m := c.next(); m.GetError() == nil {
		c.t.Errorf("unexpected %v", m)
	}
}

// update is "insert", "modify" or "delete" and an entity in text.
func (r *rig) update(op, text string) *p4v1.Update {
	r.t.Helper()
	n, ok := p4v1.Update_Type_value[strings.ToUpper(op)]
	if !ok {
		r.t.Fatalf("update type %q", op)
	}
	return &p4v1.Update{Type: p4v1.Update_Type(n), Entity: r.p.entity(r.t, text)}
}

func (r *rig) request(updates ...*p4v1.Update) *p4v1.WriteRequest {
	return &p4v1.WriteRequest{DeviceId: device, ElectionId: &p4v1.Uint128{Low: r.id}, Updates: updates}
}

// write makes one update and gives its own error.
func (r *rig) write(op, text string) error {
	r.t.Helper()
	_, err := r.Write(r.t.Context(), r.request(r.update(op, text)))
	if err == nil {
		return nil
	}
	errs := details(r.t, err)
	if len(errs) != 1 {
		r.t.Fatalf("%d error details for one update: %v", len(errs), err)
	}
	return status.Error(codes.Code(errs[0].GetCanonicalCode()), errs[0].GetMessage())
}

func (r *rig) mustWrite(op, text string) {
	r.t.Helper()
	if err := r.write(op, text); err != nil {
		r.t.Fatalf("%s %s: %v", op, text, err)
	}
}

// details unpacks the p4.v1.Error messages of a batch's status.
func details(t testing.TB, err error) []*p4v1.Error {
	t.Helper()
	st := status.Convert(err)
	if st.Code() != codes.Unknown {
		t.Fatalf("status %v of a batch, want UNKNOWN with details", err)
	}
	var out []*p4v1.Error
	for _, d := range st.Details() {
		e, ok := d.(*p4v1.Error)
		if !ok {
			t.Fatalf("detail %T", d)
		}
		out = append(out, e)
	}
	return out
}

// read gives the entities that a query in text selects.
func (r *rig) read(text string) ([]*p4v1.Entity, error) {
	r.t.Helper()
	return r.readRequest(&p4v1.ReadRequest{DeviceId: device, Entities: []*p4v1.Entity{r.p.entity(r.t, text)}})
}

func (r *rig) readRequest(req *p4v1.ReadRequest) ([]*p4v1.Entity, error) {
	stream, err := r.Read(r.t.Context(), req)
	if err != nil {
		return nil, err
	}
	var out []*p4v1.Entity
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		// Clients take 4 MiB; this server promises to stay near one.
		if size := proto.Size(m); size > 5<<18 {
			r.t.Errorf("response of %d bytes", size)
		}
		out = append(out, m.GetEntities()...)
	}
}

// wantRead checks what a query gives: entities in text, in any order.
func (r *rig) wantRead(query string, want ...string) {
	r.t.Helper()
	got, err := r.read(query)
	if err != nil {
		r.t.Errorf("read %s: %v", query, err)
		return
	}
	rest := append([]*p4v1.Entity(nil), got...)
next:
	for _, text := range want {
		w := r.p.entity(r.t, text)
		for i, g := range rest {
			if proto.Equal(g, w) {
				rest = append(rest[:i], rest[i+1:]...)
				continue next
			}
		}
		r.t.Errorf("read %s: missing %v among %v", query, w, got)
	}
	if len(rest) > 0 && !r.t.Failed() {
		r.t.Errorf("read %s: also got %v", query, rest)
	}
}
