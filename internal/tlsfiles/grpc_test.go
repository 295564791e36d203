package tlsfiles_test

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthserver "google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/internal/devcerts"
	"github.com/firstack/firstack/internal/tlsfiles"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs gRPC's health service behind TLS; Check takes the role read, Watch the role write.
func serve(t *testing.T, f tlsfiles.Files, auth tls.ClientAuthType, guarded bool) string {
	t.Helper()
	conf, err := tlsfiles.New(f, quiet).Server(auth)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, tlsfiles.Credentials(conf, quiet), guarded)
}

func start(t *testing.T, creds credentials.TransportCredentials, guarded bool) string {
	t.Helper()
	options := []grpc.ServerOption{grpc.Creds(creds)}
	if guarded {
		options = append(options, tlsfiles.Guard(func(method string) tlsfiles.Role {
			if strings.HasSuffix(method, "/Watch") {
				return tlsfiles.Write
			}
			return tlsfiles.Read
		})...)
	}
	server := grpc.NewServer(options...)
	healthv1.RegisterHealthServer(server, healthserver.NewServer())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(l) }()
	t.Cleanup(func() { server.Stop(); <-done })
	return l.Addr().String()
}

// call makes one connection with the settings and calls Check and Watch; it gives the server's certificate too.
func call(t *testing.T, address string, creds credentials.TransportCredentials) (check, watch error, serverSerial string) {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client := healthv1.NewHealthClient(conn)
	var p peer.Peer
	_, check = client.Check(ctx, &healthv1.HealthCheckRequest{}, grpc.Peer(&p))
	stream, watch := client.Watch(ctx, &healthv1.HealthCheckRequest{})
	if watch == nil {
		_, watch = stream.Recv()
	}
	if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
		serverSerial = info.State.PeerCertificates[0].SerialNumber.String()
	}
	return check, watch, serverSerial
}

func TestRefusals(t *testing.T) {
	dir, other := set(t, devcerts.Options{}), set(t, devcerts.Options{})
	past := set(t, devcerts.Options{From: time.Now().Add(-48 * time.Hour), Life: 24 * time.Hour})
	server := files(dir, devcerts.GNMICA, devcerts.GNMIServer)
	ca := server.CA
	address := serve(t, server, tls.RequireAndVerifyClientCert, true)
	// Sign a client certificate that has run out with the right authority.
	expired := set(t, devcerts.Options{})
	for from, to := range map[string]string{
		devcerts.PairOf(dir, devcerts.GNMICA).Cert: devcerts.PairOf(expired, devcerts.GNMICA).Cert,
		devcerts.PairOf(dir, devcerts.GNMICA).Key:  devcerts.PairOf(expired, devcerts.GNMICA).Key,
	} {
		copyFile(t, from, to)
	}
	if err := devcerts.Renew(expired, devcerts.Options{From: time.Now().Add(-48 * time.Hour), Life: 24 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files        tlsfiles.Files
		raw          bool // shown although we would not ourselves
		check, watch codes.Code
		text         string // in the error
	}{
		"write":              {files: files(dir, devcerts.GNMICA, devcerts.GNMIWrite)},
		"read":               {files: files(dir, devcerts.GNMICA, devcerts.GNMIRead), watch: codes.PermissionDenied, text: `"CN=firstack reader,O=firstack:read" has role read; this takes write`},
		"none shown":         {files: tlsfiles.Files{CA: ca}, check: codes.Unavailable, watch: codes.Unavailable, text: "certificate required"},
		"another authority":  {files: with(files(other, devcerts.GNMICA, devcerts.GNMIWrite), ca), check: codes.Unavailable, watch: codes.Unavailable, text: "unknown certificate authority"},
		"of another port":    {files: with(files(dir, devcerts.P4RuntimeCA, devcerts.Controller), ca), check: codes.Unavailable, watch: codes.Unavailable, text: "unknown certificate authority"},
		"expired":            {files: with(files(expired, devcerts.GNMICA, devcerts.GNMIWrite), ca), raw: true, check: codes.Unavailable, watch: codes.Unavailable, text: "expired certificate"},
		"a server's":         {files: files(dir, devcerts.GNMICA, devcerts.GNMIServer), raw: true, check: codes.Unavailable, watch: codes.Unavailable, text: "bad certificate"},
		"server not trusted": {files: files(other, devcerts.GNMICA, devcerts.GNMIWrite), check: codes.Unavailable, watch: codes.Unavailable, text: "signed by unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			var conf *tls.Config
			var err error
			if c.raw {
				pair, loadErr := tls.LoadX509KeyPair(c.files.Cert, c.files.Key)
				if loadErr != nil {
					t.Fatal(loadErr)
				}
				conf, err = tlsfiles.New(tlsfiles.Files{CA: ca}, quiet).Client("")
				conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
			} else {
				conf, err = tlsfiles.New(c.files, quiet).Client("")
			}
			if err != nil {
				t.Fatal(err)
			}
			check, watch, _ := call(t, address, tlsfiles.Credentials(conf, quiet))
			if status.Code(check) != c.check || status.Code(watch) != c.watch {
				t.Errorf("check: %v; watch: %v", check, watch)
			}
			if watch != nil && !strings.Contains(watch.Error(), c.text) {
				t.Errorf("%v does not say %q", watch, c.text)
			}
		})
	}
	t.Run("expired server", func(t *testing.T) {
		f := files(past, devcerts.GNMICA, devcerts.GNMIServer)
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			t.Fatal(err)
		}
		conf, err := tlsfiles.New(tlsfiles.Files{CA: f.CA}, quiet).Client("")
		if err != nil {
			t.Fatal(err)
		}
		address := start(t, tlsfiles.Credentials(&tls.Config{Certificates: []tls.Certificate{pair}}, quiet), false)
		if check, _, _ := call(t, address, tlsfiles.Credentials(conf, quiet)); check == nil || !strings.Contains(check.Error(), "certificate has expired") {
			t.Errorf("check: %v", check)
		}
	})
	t.Run("server of another name", func(t *testing.T) {
		conf, err := tlsfiles.New(files(dir, devcerts.GNMICA, devcerts.GNMIWrite), quiet).Client("gw2.example")
		if err != nil {
			t.Fatal(err)
		}
		if check, _, _ := call(t, address, tlsfiles.Credentials(conf, quiet)); check == nil || !strings.Contains(check.Error(), "not gw2.example") {
			t.Errorf("check: %v", check)
		}
	})
	t.Run("plaintext", func(t *testing.T) {
		if check, _, _ := call(t, address, insecure.NewCredentials()); status.Code(check) != codes.Unavailable {
			t.Errorf("check: %v", check)
		}
	})
	t.Run("guard without certificates", func(t *testing.T) {
		for name, address := range map[string]string{
			"plaintext": start(t, insecure.NewCredentials(), true), "not asked": serve(t, server, tls.NoClientCert, true),
		} {
			creds := insecure.NewCredentials()
			if name == "not asked" {
				conf, err := tlsfiles.New(tlsfiles.Files{CA: ca}, quiet).Client("")
				if err != nil {
					t.Fatal(err)
				}
				creds = tlsfiles.Credentials(conf, quiet)
			}
			if check, watch, _ := call(t, address, creds); status.Code(check) != codes.Unauthenticated || status.Code(watch) != codes.Unauthenticated {
				t.Errorf("%s: check: %v; watch: %v", name, check, watch)
			}
		}
	})
}

func with(f tlsfiles.Files, ca string) tlsfiles.Files {
	f.CA = ca
	return f
}

// TestServerRenewed: a server shows the renewed certificate, and checks by a renewed authority, while the connections
// that it has go on.
func TestServerRenewed(t *testing.T) {
	dir := set(t, devcerts.Options{})
	f := files(dir, devcerts.GNMICA, devcerts.GNMIServer)
	address := serve(t, f, tls.RequireAndVerifyClientCert, true)
	creds := func(dir string) credentials.TransportCredentials {
		conf, err := tlsfiles.New(files(dir, devcerts.GNMICA, devcerts.GNMIWrite), quiet).Client("")
		if err != nil {
			t.Fatal(err)
		}
		return tlsfiles.Credentials(conf, quiet)
	}
	standing, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(creds(dir)))
	if err != nil {
		t.Fatal(err)
	}
	defer standing.Close()
	stream, err := healthv1.NewHealthClient(standing).Watch(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	_, _, first := call(t, address, creds(dir))
	if err := devcerts.Renew(dir, devcerts.Options{}); err != nil {
		t.Fatal(err)
	}
	if check, _, renewed := call(t, address, creds(dir)); check != nil || renewed == first {
		t.Errorf("renewed: check: %v, certificate changed: %v", check, renewed != first)
	}
	// Another authority altogether: only what it signed is let in from now on.
	other := set(t, devcerts.Options{})
	old := creds(dir)
	for _, m := range []string{devcerts.GNMICA, devcerts.GNMIServer} {
		copyFile(t, devcerts.PairOf(other, m).Key, devcerts.PairOf(dir, m).Key)
		copyFile(t, devcerts.PairOf(other, m).Cert, devcerts.PairOf(dir, m).Cert)
	}
	if check, _, _ := call(t, address, old); check == nil {
		t.Error("the old authority's client was let in")
	}
	if check, _, _ := call(t, address, creds(other)); check != nil {
		t.Errorf("the new authority's client: %v", check)
	}
	if _, err := healthv1.NewHealthClient(standing).Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil {
		t.Errorf("the standing connection: %v", err)
	}
}

// TestNoResumption: a client that comes back is checked again.
func TestNoResumption(t *testing.T) {
	dir := set(t, devcerts.Options{})
	address := serve(t, files(dir, devcerts.GNMICA, devcerts.GNMIServer), tls.RequireAndVerifyClientCert, true)
	conf, err := tlsfiles.New(files(dir, devcerts.GNMICA, devcerts.GNMIWrite), quiet).Client("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	conf.ClientSessionCache, conf.NextProtos = tls.NewLRUClientSessionCache(8), []string{"h2"}
	for range 3 {
		conn, err := tls.Dial("tcp", address, conf)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil { // HTTP/2 begins, after tickets if there are any
			t.Error(err)
		}
		if conn.ConnectionState().DidResume {
			t.Error("a session was resumed")
		}
		conn.Close()
	}
}
