package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// identity is a self-signed certificate of "switch".
type identity struct {
	cert, key []byte // PEM
	pair      tls.Certificate
	roots     *x509.CertPool // that trust it
}

func newIdentity(t *testing.T) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "switch"}, DNSNames: []string{"switch"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	id := identity{
		cert:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
		roots: x509.NewCertPool(),
	}
	if id.pair, err = tls.X509KeyPair(id.cert, id.key); err != nil {
		t.Fatal(err)
	}
	id.roots.AppendCertsFromPEM(id.cert)
	return id
}

// write puts the identity into files.
func (id identity) write(t *testing.T, certFile, keyFile string) {
	t.Helper()
	if err := errors.Join(os.WriteFile(certFile, id.cert, 0o600), os.WriteFile(keyFile, id.key, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// ask calls the switch over a connection of its own.
func ask(t *testing.T, addr string, roots *x509.CertPool, certs ...tls.Certificate) error {
	t.Helper()
	creds := credentials.NewTLS(&tls.Config{RootCAs: roots, ServerName: "switch", Certificates: certs})
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = p4v1.NewP4RuntimeClient(conn).Capabilities(ctx, &p4v1.CapabilitiesRequest{})
	return err
}

// TestTLS: the server shows its certificate, and with client authentication wants one.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	id := newIdentity(t)
	id.write(t, certFile, keyFile)
	l := start(t, "--no-p4", "--grpc-server-addr", "127.0.0.1:0", "--grpc-server-ssl", "--grpc-server-cert", certFile,
		"--grpc-server-key", keyFile, "--grpc-server-cacert", certFile, "--grpc-server-with-client-auth")
	addr := l.wait(t, `listens" address=(\S+)`)
	if err := ask(t, addr, id.roots, id.pair); err != nil {
		t.Errorf("with a client certificate: %v", err)
	}
	if err := ask(t, addr, id.roots); err == nil {
		t.Error("without a client certificate there is an answer")
	}
}

// TestTLSReload: certificates that change are shown without a restart, and broken ones are not taken.
func TestTLSReload(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	first, second := newIdentity(t), newIdentity(t)
	first.write(t, certFile, keyFile)
	l := start(t, "--no-p4", "--grpc-server-addr", "127.0.0.1:0", "--grpc-server-ssl", "--grpc-server-cert", certFile, "--grpc-server-key", keyFile)
	addr := l.wait(t, `listens" address=(\S+)`)
	if err := ask(t, addr, first.roots); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(certFile, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ask(t, addr, first.roots); err != nil {
		t.Errorf("while the certificate is broken: %v", err)
	}
	l.wait(t, "stays in use")
	second.write(t, certFile, keyFile)
	if err := ask(t, addr, second.roots); err != nil {
		t.Errorf("after the certificate has changed: %v", err)
	}
	if err := ask(t, addr, first.roots); err == nil {
		t.Error("the old certificate is still shown")
	}
	l.wait(t, "certificate renewed")
}
