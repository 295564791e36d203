package p4rt_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/firstack/firstack/controller/p4rt/p4rttest"
	"github.com/firstack/firstack/internal/tlsfiles"
)

// identity writes a certificate for name, signed by itself, and its key.
func identity(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	bits, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(file, kind string, bytes []byte) string {
		file = filepath.Join(t.TempDir(), file)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "EC PRIVATE KEY", bits)
}

// fromFiles is what Options.TLS is in the controller.
func fromFiles(ca, cert, key, name string) func() (*tls.Config, error) {
	m := tlsfiles.New(tlsfiles.Files{CA: ca, Cert: cert, Key: key}, slog.New(slog.DiscardHandler))
	return func() (*tls.Config, error) { return m.Client(name) }
}

func TestTLS(t *testing.T) {
	switchCert, switchKey := identity(t, "gw1.example")
	ourCert, ourKey := identity(t, "controller.example")
	strangerCert, strangerKey := identity(t, "stranger.example")
	pair, err := tls.LoadX509KeyPair(switchCert, switchKey)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	ours, err := os.ReadFile(ourCert)
	if err != nil {
		t.Fatal(err)
	}
	clients.AppendCertsFromPEM(ours)
	srv := p4rttest.Start(grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert,
	})))
	t.Cleanup(srv.Close)
	for _, test := range []struct {
		name  string
		tls   func() (*tls.Config, error)
		works bool
	}{
		{"both sides known", fromFiles(switchCert, ourCert, ourKey, "gw1.example"), true},
		{"another switch's name", fromFiles(switchCert, ourCert, ourKey, "gw2.example"), false},
		{"switch's certificate unknown", fromFiles(strangerCert, ourCert, ourKey, "gw1.example"), false},
		{"controller's certificate unknown", fromFiles(switchCert, strangerCert, strangerKey, "gw1.example"), false},
		{"controller without certificate", fromFiles(switchCert, "", "", "gw1.example"), false},
		{"certificate without key", fromFiles(switchCert, ourCert, "", "gw1.example"), false},
		{"no such file", fromFiles("/nowhere", "", "", ""), false},
		{"no certificate in the file", fromFiles(switchKey, "", "", ""), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := options(t, srv)
			o.Insecure, o.TLS = false, test.tls
			h := newTerms()
			s := start(t, o, h)
			if test.works {
				await(t, h.began, "a term")
				return
			}
			until(t, "it has failed", func() bool { return s.Status().Err != nil })
			select {
			case <-h.began:
				t.Error("the session came up")
			default:
			}
		})
	}
	t.Run("insecure against TLS", func(t *testing.T) {
		s := start(t, options(t, srv), newTerms())
		until(t, "it has failed", func() bool { return s.Status().Err != nil })
	})
}
