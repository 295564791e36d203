package tls_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/internal/devcerts"
)

// expired is a set whose certificates, but not its authorities, have run out.
func expired() devcerts.Options {
	return devcerts.Options{From: time.Now().Add(-48 * time.Hour), Life: 24 * time.Hour}
}

// raw is a server that shows a pair whatever it is.
func raw(t *testing.T, dir, ca, member string) *tls.Config {
	t.Helper()
	p := devcerts.PairOf(dir, member)
	pair, err := tls.LoadX509KeyPair(p.Cert, p.Key)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(devcerts.PairOf(dir, ca).Cert)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
}

// TestControllerRefused: a switch that asks for certificates takes the controller's only.
func TestControllerRefused(t *testing.T) {
	dir, other, past := set(t, devcerts.Options{}), set(t, devcerts.Options{}), set(t, expired())
	g := start(t, serverOf(t, dir))
	ca := devcerts.PairOf(dir, devcerts.P4RuntimeCA).Cert
	with := func(f config.TLS) config.TLS { f.CA = ca; return f }
	for name, c := range map[string]struct {
		files config.TLS
		says  string // in the session's error; "": there is none
	}{
		"its own":            {filesOf(dir, devcerts.P4RuntimeCA, devcerts.Controller), ""},
		"expired":            {with(filesOf(past, devcerts.P4RuntimeCA, devcerts.Controller)), "expired at 20"},
		"another authority":  {with(filesOf(other, devcerts.P4RuntimeCA, devcerts.Controller)), "unknown certificate authority"},
		"none":               {config.TLS{CA: ca}, "certificate required"},
		"a file is missing":  {config.TLS{CA: ca, Cert: "/nowhere/cert.pem", Key: "/nowhere/key.pem"}, "/nowhere/cert.pem: no such file"},
		"the switch's":       {with(filesOf(dir, devcerts.P4RuntimeCA, devcerts.Switch)), "is not one for a client"},
		"of a gNMI writer":   {with(filesOf(dir, devcerts.GNMICA, devcerts.GNMIWrite)), "unknown certificate authority"},
		"of the gNMI server": {with(filesOf(dir, devcerts.GNMICA, devcerts.GNMIServer)), "is not one for a client"},
	} {
		t.Run(name, func(t *testing.T) {
			k := run(t, g.address, c.files)
			if c.says == "" {
				s := until(t, k, "ready", ready)
				if d := time.Until(s.CertificateExpires); d < 89*24*time.Hour || d > 90*24*time.Hour {
					t.Errorf("certificate expires in %v", d)
				}
				return
			}
			s := until(t, k, "refused for "+c.says, func(s state.Session) bool { return strings.Contains(s.Error, c.says) })
			if s.Primary || s.Stats.PipelinePushes > 0 {
				t.Errorf("it had a session: %+v", s)
			}
		})
	}
}

// clientsOnly is a set whose switch has the right names, but a certificate for clients.
func clientsOnly(t *testing.T) string {
	t.Helper()
	dir := set(t, devcerts.Options{})
	ca, err := devcerts.NewAuthority("test", time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Issue(devcerts.Leaf{Name: "a client", Client: true, Hosts: devcerts.Local, From: time.Now(), Life: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ca.Write(devcerts.PairOf(dir, devcerts.P4RuntimeCA)), leaf.Write(devcerts.PairOf(dir, devcerts.Switch))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestSwitchRefused: the controller takes no switch that it can't be sure of.
func TestSwitchRefused(t *testing.T) {
	dir, other, past, clients := set(t, devcerts.Options{}), set(t, devcerts.Options{}), set(t, expired()), clientsOnly(t)
	for name, c := range map[string]struct {
		server *tls.Config
		files  config.TLS
		says   string
	}{
		"expired":           {raw(t, past, devcerts.P4RuntimeCA, devcerts.Switch), filesOf(past, devcerts.P4RuntimeCA, ""), "certificate has expired"},
		"another authority": {serverOf(t, other), filesOf(dir, devcerts.P4RuntimeCA, ""), "signed by unknown authority"},
		"a client's":        {raw(t, clients, devcerts.P4RuntimeCA, devcerts.Switch), filesOf(clients, devcerts.P4RuntimeCA, ""), "incompatible key usage"},
		"the gNMI server's": {raw(t, dir, devcerts.GNMICA, devcerts.GNMIServer), filesOf(dir, devcerts.P4RuntimeCA, ""), "signed by unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			c.files.Cert, c.files.Key = "", "" // it does not get so far
			k := run(t, start(t, c.server).address, c.files)
			if s := until(t, k, "refused for "+c.says, func(s state.Session) bool { return strings.Contains(s.Error, c.says) }); s.Primary {
				t.Errorf("it had a session: %+v", s)
			}
		})
	}
	t.Run("plaintext", func(t *testing.T) {
		g := start(t, serverOf(t, dir))
		k := runConfig(t, config.Switch{Name: "sg", Role: config.ServerGateway, Address: g.address, Insecure: true})
		if s := until(t, k, "refused", func(s state.Session) bool { return s.Error != "" }); s.Primary {
			t.Errorf("it had a session: %+v", s)
		}
	})
}

// TestRenewed: certificates of both sides change under a session, which goes on; the next one uses them.
func TestRenewed(t *testing.T) {
	dir := set(t, devcerts.Options{})
	g := start(t, serverOf(t, dir))
	k := run(t, g.address, filesOf(dir, devcerts.P4RuntimeCA, devcerts.Controller))
	before := until(t, k, "ready", ready)
	first := g.lastClient()

	if err := devcerts.Renew(dir, devcerts.Options{Life: 24 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	if err := k.ReloadTLS(); err != nil {
		t.Fatal(err)
	}
	after := until(t, k, "ready", ready)
	if after.Stats.Connects != before.Stats.Connects || !after.Since.Equal(before.Since) {
		t.Errorf("the session did not go on: %+v", after)
	}
	if d := time.Until(after.CertificateExpires); d > 24*time.Hour {
		t.Errorf("certificate expires in %v", d)
	}

	g.cut()
	until(t, k, "back", func(s state.Session) bool { return ready(s) && s.Stats.Connects > before.Stats.Connects })
	if g.lastClient() == first {
		t.Error("the session came back with the old certificate")
	}

	// What can't be used is said, and changes nothing.
	if err := os.WriteFile(devcerts.PairOf(dir, devcerts.Controller).Cert, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.ReloadTLS(); err == nil || !strings.Contains(err.Error(), "switch sg: certificate") {
		t.Errorf("junk: %v", err)
	}
	connects := until(t, k, "ready", ready).Stats.Connects
	g.cut()
	until(t, k, "back with what was read before", func(s state.Session) bool { return ready(s) && s.Stats.Connects > connects })
}
