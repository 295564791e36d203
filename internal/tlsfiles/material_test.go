package tlsfiles_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/internal/devcerts"
	"github.com/firstack/firstack/internal/tlsfiles"
)

// set makes certificates in a folder of its own.
func set(t *testing.T, o devcerts.Options) string {
	t.Helper()
	dir := t.TempDir()
	if err := devcerts.Make(dir, o); err != nil {
		t.Fatal(err)
	}
	return dir
}

// files of a member, checking others against an authority of the same folder.
func files(dir, ca, member string) tlsfiles.Files {
	p := devcerts.PairOf(dir, member)
	return tlsfiles.Files{CA: devcerts.PairOf(dir, ca).Cert, Cert: p.Cert, Key: p.Key}
}

var quiet = slog.New(slog.DiscardHandler)

func serial(t *testing.T, m *tlsfiles.Material) string {
	t.Helper()
	c, err := m.Client("")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := c.GetClientCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf.SerialNumber.String()
}

func TestFirstReading(t *testing.T) {
	dir := set(t, devcerts.Options{})
	good := files(dir, devcerts.P4RuntimeCA, devcerts.Controller)
	past := set(t, devcerts.Options{From: time.Now().Add(-48 * time.Hour), Life: time.Hour})
	future := set(t, devcerts.Options{From: time.Now().Add(48 * time.Hour)})
	notPEM := filepath.Join(t.TempDir(), "junk.pem")
	if err := os.WriteFile(notPEM, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files          tlsfiles.Files
		client, server string // in the error; "": none
	}{
		"good client":       {good, "", "is not one for a server"},
		"good server":       {files(dir, devcerts.P4RuntimeCA, devcerts.Switch), "is not one for a client", ""},
		"nothing":           {tlsfiles.Files{}, "", "needs a certificate"},
		"no authority":      {tlsfiles.Files{Cert: devcerts.PairOf(dir, devcerts.Switch).Cert, Key: devcerts.PairOf(dir, devcerts.Switch).Key}, "is not one for a client", "no authorities are given"},
		"expired":           {files(past, devcerts.P4RuntimeCA, devcerts.Controller), "expired at 20", "expired at 20"},
		"not yet":           {files(future, devcerts.P4RuntimeCA, devcerts.Controller), "is not valid before 20", "is not valid before 20"},
		"no key":            {tlsfiles.Files{CA: good.CA, Cert: good.Cert}, "go together", "go together"},
		"no certificate":    {tlsfiles.Files{CA: good.CA, Key: good.Key}, "go together", "go together"},
		"another's key":     {tlsfiles.Files{Cert: good.Cert, Key: devcerts.PairOf(dir, devcerts.Switch).Key}, "does not match", "does not match"},
		"missing authority": {tlsfiles.Files{CA: "/nowhere/ca.pem"}, "/nowhere/ca.pem", "/nowhere/ca.pem"},
		"missing key":       {tlsfiles.Files{Cert: good.Cert, Key: "/nowhere/key.pem"}, "/nowhere/key.pem", "/nowhere/key.pem"},
		"no PEM":            {tlsfiles.Files{CA: notPEM}, "no certificate in it", "no certificate in it"},
		"key for authority": {tlsfiles.Files{CA: good.Key}, "no certificate in it", "no certificate in it"},
	} {
		t.Run(name, func(t *testing.T) {
			m := tlsfiles.New(c.files, quiet)
			_, clientErr := m.Client("")
			_, serverErr := m.Server(tls.RequireAndVerifyClientCert)
			for side, pair := range map[string]struct {
				err  error
				want string
			}{"client": {clientErr, c.client}, "server": {serverErr, c.server}} {
				if (pair.err == nil) != (pair.want == "") || pair.err != nil && !strings.Contains(pair.err.Error(), pair.want) {
					t.Errorf("%s: %v, want %q", side, pair.err, pair.want)
				}
			}
		})
	}
}

// TestRenewal: what can be used is used at the next connection; what can't is logged once and changes nothing.
func TestRenewal(t *testing.T) {
	dir := set(t, devcerts.Options{})
	f := files(dir, devcerts.P4RuntimeCA, devcerts.Controller)
	var log bytes.Buffer
	m := tlsfiles.New(f, slog.New(slog.NewTextHandler(&log, nil)))
	if !m.Expires().IsZero() {
		t.Error("expires before it was read")
	}
	first := serial(t, m)
	if d := time.Until(m.Expires()); d < 89*24*time.Hour || d > 90*24*time.Hour {
		t.Errorf("expires in %v", d)
	}
	if log.Len() != 0 {
		t.Errorf("logged: %s", &log)
	}

	cert, err := os.ReadFile(f.Cert)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func() error{
		"half written": func() error { return os.WriteFile(f.Cert, cert[:len(cert)/2], 0o644) },
		"gone":         func() error { return os.Remove(f.Cert) },
		"other key's": func() error {
			return os.WriteFile(f.Cert, mustRead(t, devcerts.PairOf(dir, devcerts.Switch).Cert), 0o644)
		},
	} {
		log.Reset()
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if got := serial(t, m); got != first {
				t.Errorf("%s: another certificate", name)
			}
		}
		if n := strings.Count(log.String(), "stays in use"); n != 1 {
			t.Errorf("%s: logged %d times: %s", name, n, &log)
		}
		if m.Reload() == nil {
			t.Errorf("%s: reloaded", name)
		}
		if err := os.WriteFile(f.Cert, cert, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := m.Reload(); err != nil || serial(t, m) != first {
			t.Errorf("%s: mended: %v", name, err)
		}
	}

	log.Reset()
	if err := devcerts.Renew(dir, devcerts.Options{}); err != nil {
		t.Fatal(err)
	}
	if serial(t, m) == first || !strings.Contains(log.String(), "certificate renewed") {
		t.Errorf("not renewed; log: %s", &log)
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestExchangedLink is how Kubernetes renews: a link to another folder.
func TestExchangedLink(t *testing.T) {
	before, after, at := set(t, devcerts.Options{}), set(t, devcerts.Options{}), filepath.Join(t.TempDir(), "now")
	for _, dir := range []string{before, after} { // alike, but for what is in them
		for _, m := range devcerts.Members {
			for _, file := range []string{devcerts.PairOf(dir, m).Cert, devcerts.PairOf(dir, m).Key} {
				pem := mustRead(t, file)
				pem = append(pem, bytes.Repeat([]byte("\n"), 2000-len(pem))...)
				if err := errors.Join(os.WriteFile(file, pem, 0o600), os.Chtimes(file, time.Unix(1e9, 0), time.Unix(1e9, 0))); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := os.Symlink(before, at); err != nil {
		t.Fatal(err)
	}
	m := tlsfiles.New(files(at, devcerts.P4RuntimeCA, devcerts.Controller), quiet)
	first := serial(t, m)
	if err := os.Symlink(after, at+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(at+".new", at); err != nil {
		t.Fatal(err)
	}
	if serial(t, m) == first {
		t.Error("the old certificate is used")
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if err := os.WriteFile(to, mustRead(t, from), 0o600); err != nil {
		t.Fatal(err)
	}
}
