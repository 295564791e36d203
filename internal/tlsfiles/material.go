package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files names PEM files.
type Files struct {
	CA   string // authorities that the other side is checked against; "": the system's
	Cert string // our certificate, with what links it to an authority of the other side's; "": none
	Key  string // its key; goes with Cert
}

// Material is what the files hold. Any number of goroutines may use it at once.
type Material struct {
	files  Files
	logger *slog.Logger

	mu       sync.Mutex
	held     *content // nil until the files could be used once
	seen     stamps   // of the files when they were read last
	reported string   // the error that was logged last
}

// content is what was read. It is never changed, but replaced.
type content struct {
	authorities *x509.CertPool   // nil: the system's
	pair        *tls.Certificate // nil: none; Leaf is set
}

// stamps tell whether files have changed. A file that is put in another's place is told by its inode.
type stamps [3]os.FileInfo

func (s stamps) equal(o stamps) bool {
	for i := range s {
		if (s[i] == nil) != (o[i] == nil) {
			return false
		}
		if s[i] != nil && !(os.SameFile(s[i], o[i]) && s[i].Size() == o[i].Size() && s[i].ModTime().Equal(o[i].ModTime())) {
			return false
		}
	}
	return true
}

// New makes material of files, which are read when they are needed first. A nil logger is slog.Default.
func New(f Files, logger *slog.Logger) *Material {
	if logger == nil {
		logger = slog.Default()
	}
	return &Material{files: f, logger: logger}
}

// Reload looks at the files. The error says why they can't be used; what was read before stays in use then.
func (m *Material) Reload() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.look()
}

// current gives the newest content that can be used.
func (m *Material) current() (*content, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.look(); err != nil && m.held == nil {
		return nil, err
	}
	return m.held, nil
}

// look reads the files if they have changed since they were read, or could not be used then. m.mu is held.
func (m *Material) look() error {
	now, err := m.files.stamp()
	if err == nil && m.held != nil && now.equal(m.seen) {
		m.reported = ""
		return nil
	}
	var c *content
	if err == nil {
		c, err = m.files.read(time.Now())
	}
	switch {
	case err == nil:
		if m.held != nil && c.pair != nil {
			m.logger.Info("certificate renewed", "file", m.files.Cert, "serial", c.pair.Leaf.SerialNumber, "expires", c.pair.Leaf.NotAfter)
		}
		m.held, m.seen, m.reported = c, now, ""
	case m.held != nil && m.reported != err.Error():
		// Somebody may be at it, the certificate being new and the key not yet: the next look tells.
		m.logger.Error("TLS files can't be used; what was read before stays in use", "err", err)
		m.reported = err.Error()
	}
	return err
}

// Expires is when our certificate ends; zero when there is none, or none was read yet.
func (m *Material) Expires() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held == nil || m.held.pair == nil {
		return time.Time{}
	}
	return m.held.pair.Leaf.NotAfter
}

func (f Files) stamp() (s stamps, err error) {
	for i, file := range []string{f.CA, f.Cert, f.Key} {
		if file == "" {
			continue
		}
		if s[i], err = os.Stat(file); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (f Files) read(now time.Time) (*content, error) {
	c := &content{}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, err
		}
		c.authorities = x509.NewCertPool()
		if !c.authorities.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", f.CA)
		}
	}
	if (f.Cert == "") != (f.Key == "") {
		return nil, errors.New("certificate and key go together")
	}
	if f.Cert == "" {
		return c, nil
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s, key %s: %w", f.Cert, f.Key, err)
	}
	if pair.Leaf == nil { // GODEBUG=x509keypairleaf=0
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return nil, fmt.Errorf("certificate %s: %w", f.Cert, err)
		}
	}
	switch {
	case now.After(pair.Leaf.NotAfter):
		return nil, fmt.Errorf("certificate %s expired at %s", f.Cert, pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(pair.Leaf.NotBefore):
		return nil, fmt.Errorf("certificate %s is not valid before %s", f.Cert, pair.Leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	c.pair = &pair
	return c, nil
}
