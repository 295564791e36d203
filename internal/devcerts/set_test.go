package devcerts_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/internal/devcerts"
)

func leaf(t *testing.T, dir, member string) *x509.Certificate {
	t.Helper()
	p := devcerts.PairOf(dir, member)
	pair, err := tls.LoadX509KeyPair(p.Cert, p.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func TestSet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	o := devcerts.Options{Hosts: []string{"gw1.example", "10.255.0.1"}, Life: 48 * time.Hour, From: from}
	if err := devcerts.Make(dir, o); err != nil {
		t.Fatal(err)
	}
	server, client := x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	for _, c := range []struct {
		member, ca string
		usage      x509.ExtKeyUsage
		not        x509.ExtKeyUsage
		role       []string
	}{
		{devcerts.Controller, devcerts.P4RuntimeCA, client, server, nil},
		{devcerts.Switch, devcerts.P4RuntimeCA, server, client, nil},
		{devcerts.GNMIServer, devcerts.GNMICA, server, client, nil},
		{devcerts.GNMIRead, devcerts.GNMICA, client, server, []string{"firstack:read"}},
		{devcerts.GNMIWrite, devcerts.GNMICA, client, server, []string{"firstack:write"}},
		{devcerts.EtcdServer, devcerts.EtcdCA, server, x509.ExtKeyUsageCodeSigning, nil},
		{devcerts.EtcdClient, devcerts.EtcdCA, client, server, nil},
	} {
		t.Run(c.member, func(t *testing.T) {
			got := leaf(t, dir, c.member)
			verify := func(ca string, usage x509.ExtKeyUsage, at time.Time, host string) error {
				roots := x509.NewCertPool()
				roots.AddCert(leaf(t, dir, ca))
				_, err := got.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{usage}, CurrentTime: at, DNSName: host})
				return err
			}
			hosts := []string{""}
			if c.usage == server {
				hosts = []string{"localhost", "127.0.0.1", "::1", "gw1.example", "10.255.0.1"}
			}
			for _, h := range hosts {
				if err := verify(c.ca, c.usage, from, h); err != nil {
					t.Errorf("host %q: %v", h, err)
				}
			}
			other := map[string]string{devcerts.P4RuntimeCA: devcerts.GNMICA, devcerts.GNMICA: devcerts.EtcdCA, devcerts.EtcdCA: devcerts.GNMICA}[c.ca]
			for name, err := range map[string]error{
				"other authority": verify(other, c.usage, from, ""),
				"other usage":     verify(c.ca, c.not, from, ""),
				"late":            verify(c.ca, c.usage, from.Add(49*time.Hour), ""),
				"early":           verify(c.ca, c.usage, from.Add(-2*time.Hour), ""),
				"other host":      verify(c.ca, c.usage, from, "gw2.example"),
			} {
				if err == nil {
					t.Errorf("%s: good", name)
				}
			}
			if key, ok := got.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
				t.Errorf("key %T", got.PublicKey)
			}
			if !slices.Equal(got.Subject.Organization, c.role) {
				t.Errorf("organizations %q, want %q", got.Subject.Organization, c.role)
			}
		})
	}
	for _, m := range devcerts.Members {
		if info, err := os.Stat(devcerts.PairOf(dir, m).Key); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("key of %s: %v, %v", m, info.Mode(), err)
		}
	}

	before := leaf(t, dir, devcerts.Switch)
	if err := devcerts.Make(dir, o); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("made twice: %v", err)
	}
	os.Remove(devcerts.PairOf(dir, devcerts.P4RuntimeCA).Cert)
	if err := devcerts.Make(dir, o); err == nil || leaf(t, dir, devcerts.Switch).SerialNumber.Cmp(before.SerialNumber) != 0 {
		t.Errorf("made over a half of a set: %v", err)
	}
	if err := devcerts.Renew(dir, o); err == nil {
		t.Error("renewed without an authority")
	}
}

func TestRenew(t *testing.T) {
	dir := t.TempDir()
	if err := devcerts.Make(dir, devcerts.Options{}); err != nil {
		t.Fatal(err)
	}
	ca, old := leaf(t, dir, devcerts.GNMICA), leaf(t, dir, devcerts.GNMIServer)
	if err := devcerts.Renew(dir, devcerts.Options{Hosts: []string{"new.example"}, Life: 100 * 365 * 24 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	renewed := leaf(t, dir, devcerts.GNMIServer)
	if renewed.SerialNumber.Cmp(old.SerialNumber) == 0 || renewed.CheckSignatureFrom(ca) != nil || renewed.VerifyHostname("new.example") != nil {
		t.Errorf("renewed: %v, %v", renewed.Subject, renewed.DNSNames)
	}
	if !renewed.NotAfter.Equal(ca.NotAfter) {
		t.Errorf("lasts to %v, its authority to %v", renewed.NotAfter, ca.NotAfter)
	}
	if err := os.RemoveAll(filepath.Join(dir, "etcd")); err != nil { // as sets were before
		t.Fatal(err)
	}
	if err := devcerts.Renew(dir, devcerts.Options{}); err != nil {
		t.Errorf("a set without etcd: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	leafPair, caPair := devcerts.PairOf(dir, devcerts.GNMIServer), devcerts.PairOf(dir, devcerts.GNMICA)
	for from, to := range map[string]string{leafPair.Cert: caPair.Cert, leafPair.Key: caPair.Key} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	if err := devcerts.Renew(dir, devcerts.Options{}); err == nil {
		t.Error("a leaf was taken for an authority")
	}
}
