package grpcserver

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// echo answers with what it is sent.
type echo struct {
	testgrpc.UnimplementedTestServiceServer
}

func (echo) UnaryCall(_ context.Context, r *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
	return &testgrpc.SimpleResponse{Payload: r.GetPayload()}, nil
}

func (echo) FullDuplexCall(stream testgrpc.TestService_FullDuplexCallServer) error {
	for {
		r, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := stream.Send(&testgrpc.StreamingOutputCallResponse{Payload: r.GetPayload()}); err != nil {
			return err
		}
	}
}

// recording is what a client would send.
type recording struct {
	bytes.Buffer
	frames *http2.Framer
	block  bytes.Buffer
	enc    *hpack.Encoder
}

func newRecording() *recording {
	r := &recording{}
	r.frames = http2.NewFramer(&r.Buffer, nil)
	r.enc = hpack.NewEncoder(&r.block)
	_ = r.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 20}, http2.Setting{ID: http2.SettingHeaderTableSize, Val: 100})
	return r
}

func (r *recording) call(id uint32, path string, end bool, data ...byte) {
	r.block.Reset()
	for _, f := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "a"}, {"content-type", contentType},
		{"grpc-timeout", "1S"}, {"x-bin", "AAA"}} {
		_ = r.enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
	}
	_ = r.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: r.block.Bytes(), EndHeaders: true})
	_ = r.frames.WriteData(id, end, data)
}

// FuzzConnection: whatever bytes a client sends after its preface, the connection ends when the client closes it, and so
// do all calls.
func FuzzConnection(f *testing.F) {
	m, err := proto.Marshal(&testgrpc.SimpleRequest{Payload: &testgrpc.Payload{Body: make([]byte, 30)}})
	if err != nil {
		f.Fatal(err)
	}
	m = append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(m))), m...)
	r := newRecording()
	r.call(1, testgrpc.TestService_UnaryCall_FullMethodName, true, m...)
	r.call(3, testgrpc.TestService_FullDuplexCall_FullMethodName, false, append(m[:len(m):len(m)], m...)...)
	_ = r.frames.WriteWindowUpdate(3, 100)
	_ = r.frames.WritePing(false, [8]byte{1})
	_ = r.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}, http2.Setting{ID: http2.SettingMaxFrameSize, Val: 20000})
	_ = r.frames.WriteRSTStream(3, http2.ErrCodeCancel)
	_ = r.frames.WriteGoAway(0, http2.ErrCodeNo, nil)
	f.Add(r.Bytes())
	r = newRecording()
	r.call(1, testgrpc.TestService_EmptyCall_FullMethodName, true, 0, 0, 0, 0, 0)
	r.call(5, "/x", false)
	f.Add(r.Bytes())
	s := New(Options{MaxMessage: 1 << 16, Direct: []string{testgrpc.TestService_UnaryCall_FullMethodName}})
	testgrpc.RegisterTestServiceServer(s, echo{})
	f.Fuzz(func(t *testing.T, data []byte) {
		client, server := net.Pipe()
		s.accept(server)
		var c *conn // there is one at a time
		s.mu.Lock()
		for c = range s.conns {
		}
		s.mu.Unlock()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			_, _ = client.Write(append([]byte(http2.ClientPreface), data...)) // the server may have closed it
			client.Close()
		}()
		_, _ = io.Copy(io.Discard, client)
		<-sent
		ended := make(chan struct{})
		go func() { s.running.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			t.Fatal("goes on after the client has closed the connection")
		}
		if c.active != len(c.streams) {
			t.Errorf("%d calls are counted, %d have not begun", c.active, len(c.streams))
		}
	})
}

// FuzzRequest: headers are taken or refused, and values in them mean what they say.
func FuzzRequest(f *testing.F) {
	f.Add("grpc-timeout", "99999999H")
	f.Add("grpc-timeout", "-1S")
	f.Add("x-bin", "AAA=")
	f.Add("host", "b")
	f.Fuzz(func(t *testing.T, name, value string) {
		fields := []hpack.HeaderField{{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"}, {Name: ":path", Value: "/a/b"},
			{Name: ":authority", Value: "a"}, {Name: "content-type", Value: contentType}, {Name: name, Value: value}}
		r, no := parseRequest(fields)
		if no != nil {
			if no != malformed && (no.status.Code() == 0 || no.status.Message() == "") {
				t.Errorf("refused without saying why: %v", no)
			}
			return
		}
		if r.limited && r.timeout <= 0 {
			t.Errorf("timeout %v", r.timeout)
		}
		if r.path == "" || len(r.metadata[":authority"]) != 1 {
			t.Errorf("path %q, authority %q", r.path, r.metadata[":authority"])
		}
	})
}

func TestTimeout(t *testing.T) {
	for s, want := range map[string]time.Duration{"1H": time.Hour, "2M": 2 * time.Minute, "3S": 3 * time.Second, "4m": 4 * time.Millisecond,
		"5u": 5 * time.Microsecond, "00000006n": 6, "99999999H": 1<<63 - 1, "": -1, "S": -1, "1": -1, "1s": -1, "123456789S": -1, "-1S": -1, "+1S": -1} {
		got, err := parseTimeout(s)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v, %v, want %v", s, got, err, want)
		}
	}
}

func TestEscape(t *testing.T) {
	for s, want := range map[string]string{"": "", "plain text ~": "plain text ~", "100 %": "100 %25", "a\nb": "a%0Ab", "\u00fc": "%C3%BC", "\xff": "%EF%BF%BD"} {
		if got := escape(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// TestMetadata: what a handler sends along is sent as it must be, without what is gRPC's own.
func TestMetadata(t *testing.T) {
	got := appendMetadata(nil, metadata.MD{"x": {"1"}, "y-bin": {"\x00\xff"}, "grpc-status": {"0"}, ":status": {"404"}})
	want := map[string]string{"x": "1", "y-bin": base64.RawStdEncoding.EncodeToString([]byte{0, 255})}
	for _, f := range got {
		if want[f.Name] != f.Value {
			t.Errorf("%s: %q, want %q", f.Name, f.Value, want[f.Name])
		}
		delete(want, f.Name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}
