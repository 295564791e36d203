package tls_test

import (
	"crypto/tls"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/store/etcd"
	"github.com/firstack/firstack/controller/store/etcd/etcdtest"
	"github.com/firstack/firstack/internal/devcerts"
	"github.com/firstack/firstack/internal/tlsfiles"
)

// etcdOf runs an etcd with the server's certificate of one set, which asks for clients' certificates of another.
func etcdOf(t *testing.T, server, clients string) *etcdtest.Server {
	t.Helper()
	probe, err := etcdFiles(clients, clients, devcerts.EtcdClient).Client("")
	if err != nil {
		t.Fatal(err)
	}
	probe.InsecureSkipVerify = true // the test's own question, whether it is there
	p := devcerts.PairOf(server, devcerts.EtcdServer)
	return etcdtest.Start(t, etcdtest.TLS{Cert: p.Cert, Key: p.Key, CA: devcerts.PairOf(clients, devcerts.EtcdCA).Cert, Probe: probe})
}

// etcdFiles check etcd by the authority of one set and show a member of another; "": none.
func etcdFiles(ca, of, member string) *tlsfiles.Material {
	f := tlsfiles.Files{CA: devcerts.PairOf(ca, devcerts.EtcdCA).Cert}
	if member != "" {
		p := devcerts.PairOf(of, member)
		f.Cert, f.Key = p.Cert, p.Key
	}
	return tlsfiles.New(f, quiet)
}

// share opens an etcd; nil: in plaintext.
func share(t *testing.T, s *etcdtest.Server, conf func() (*tls.Config, error), expires func() time.Time) (*etcd.Cluster, error) {
	t.Helper()
	c, err := etcd.Open(t.Context(), etcd.Options{
		Endpoints: []string{s.Address}, Name: "k", Lease: 6 * time.Second, Timeout: 4 * time.Second, Logger: quiet, Insecure: conf == nil, TLS: conf, Expires: expires,
	})
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

func client(m *tlsfiles.Material) func() (*tls.Config, error) {
	return func() (*tls.Config, error) { return m.Client("") }
}

// ranOut copies a set whose certificates, of the same authorities, have run out.
func ranOut(t *testing.T, dir string) string {
	t.Helper()
	past := t.TempDir()
	if err := errors.Join(os.CopyFS(past, os.DirFS(dir)), devcerts.Renew(past, expired())); err != nil {
		t.Fatal(err)
	}
	return past
}

// TestEtcdRefuses: an etcd that asks for certificates takes the controllers' only, and they are told why.
func TestEtcdRefuses(t *testing.T) {
	t.Parallel()
	dir, other := set(t, devcerts.Options{}), set(t, devcerts.Options{})
	past := ranOut(t, dir)
	s := etcdOf(t, dir, dir)
	shown := func() (*tls.Config, error) { // without a look at it
		p := devcerts.PairOf(past, devcerts.EtcdClient)
		pair, err := tls.LoadX509KeyPair(p.Cert, p.Key)
		if err != nil {
			return nil, err
		}
		conf, err := etcdFiles(dir, "", "").Client("")
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		return conf, err
	}
	missing := tlsfiles.New(tlsfiles.Files{CA: devcerts.PairOf(dir, devcerts.EtcdCA).Cert, Cert: "/nowhere/c.pem", Key: "/nowhere/k.pem"}, quiet)
	for name, c := range map[string]struct {
		conf func() (*tls.Config, error)
		says string
	}{
		"expired":           {client(etcdFiles(dir, past, devcerts.EtcdClient)), "expired at 20"},
		"expired and shown": {shown, "remote error: tls: "},
		"another authority": {client(etcdFiles(dir, other, devcerts.EtcdClient)), "remote error: tls: "},
		"of a gNMI writer":  {client(etcdFiles(dir, dir, devcerts.GNMIWrite)), "remote error: tls: "},
		"none":              {client(etcdFiles(dir, "", "")), "remote error: tls: "},
		"a file is missing": {client(missing), "/nowhere/c.pem: no such file"},
		"etcd's is another": {client(etcdFiles(other, dir, devcerts.EtcdClient)), "signed by unknown authority"},
		"plaintext":         {nil, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := share(t, s, c.conf, nil); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

// TestEtcdRefused: the controller takes no etcd whose certificate has run out.
func TestEtcdRefused(t *testing.T) {
	t.Parallel()
	dir := set(t, devcerts.Options{})
	s := etcdOf(t, ranOut(t, dir), dir)
	if _, err := share(t, s, client(etcdFiles(dir, dir, devcerts.EtcdClient)), nil); err == nil || !strings.Contains(err.Error(), "certificate has expired") {
		t.Errorf("%v", err)
	}
}

// TestEtcdRenewed: certificates of both sides change while a controller leads. Its lease goes on, and the next connection
// uses the new ones.
func TestEtcdRenewed(t *testing.T) {
	t.Parallel()
	dir := set(t, devcerts.Options{})
	s := etcdOf(t, dir, dir)
	m := etcdFiles(dir, dir, devcerts.EtcdClient)
	var connections atomic.Int64
	c, err := share(t, s, func() (*tls.Config, error) {
		connections.Add(1)
		return m.Client("")
	}, m.Expires)
	if err != nil {
		t.Fatal(err)
	}
	if d := time.Until(c.Standing().CertificateExpires); d < 89*24*time.Hour || d > 90*24*time.Hour {
		t.Errorf("certificate expires in %v", d)
	}
	reached, elected := make(chan bool, 1), make(chan p4rt.ElectionID, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Elector("sg", 0).Campaign(t.Context(), reached, func(id p4rt.ElectionID) { elected <- id })
	}()
	t.Cleanup(func() { <-ended })
	reached <- true
	told := func() p4rt.ElectionID {
		t.Helper()
		select {
		case id := <-elected:
			return id
		case <-time.After(30 * time.Second):
			t.Fatal("nothing is told of the election")
			panic("unreachable")
		}
	}
	first := told()

	if err := devcerts.Renew(dir, devcerts.Options{Life: 24 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	if err := m.Reload(); err != nil {
		t.Fatal(err)
	}
	if d := time.Until(c.Standing().CertificateExpires); d > 24*time.Hour {
		t.Errorf("certificate expires in %v", d)
	}
	if _, err := c.Swap(t.Context(), 0, []byte("x")); err != nil {
		t.Error(err)
	}
	select {
	case id := <-elected:
		t.Errorf("a renewal took the switch away: %v", id)
	case <-time.After(3 * time.Second): // the lease has been renewed since
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}

	// etcd starts again, with another authority, so that only what is new is taken.
	s.Kill()
	for _, pair := range []devcerts.Pair{devcerts.PairOf(dir, devcerts.EtcdCA), devcerts.PairOf(dir, devcerts.EtcdServer), devcerts.PairOf(dir, devcerts.EtcdClient)} {
		if err := errors.Join(os.Remove(pair.Cert), os.Remove(pair.Key)); err != nil {
			t.Fatal(err)
		}
	}
	fresh := set(t, devcerts.Options{})
	for _, member := range []string{devcerts.EtcdCA, devcerts.EtcdServer, devcerts.EtcdClient} {
		from, to := devcerts.PairOf(fresh, member), devcerts.PairOf(dir, member)
		if err := errors.Join(os.Rename(from.Key, to.Key), os.Rename(from.Cert, to.Cert)); err != nil {
			t.Fatal(err)
		}
	}
	if s.TLS.Probe, err = etcdFiles(dir, dir, devcerts.EtcdClient).Client(""); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, self := c.Leader("sg"); self && c.Standing().Leased && connections.Load() > 1 {
			break
		} else if time.Now().After(end) {
			t.Fatal("it does not lead with etcd back")
		}
	}
	for len(elected) > 0 { // when it took etcd longer than the lease
		if id := told(); id != (p4rt.ElectionID{}) && id.Compare(first) < 0 {
			t.Errorf("elected with %v after %v", id, first)
		}
	}
	if v, err := c.Load(t.Context()); err != nil || string(v.Value) != "x" {
		t.Errorf("%v, %v", v, err)
	}
}
