package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
)

// serverCredentials gives the TLS settings of the flags, nil for none. Files that change are read
// again for the next connection.
func serverCredentials(c config, log logger) (credentials.TransportCredentials, error) {
	if !c.tls {
		if c.cert != "" || c.key != "" || c.cacert != "" || c.clientAuth {
			return nil, fmt.Errorf("certificates are given, but not --grpc-server-ssl")
		}
		return nil, nil
	}
	if c.clientAuth && c.cacert == "" {
		return nil, fmt.Errorf("--grpc-server-with-client-auth needs --grpc-server-cacert")
	}
	s := &tlsFiles{c: c, log: log}
	s.stamps = s.look()
	var err error
	if s.current, err = s.read(); err != nil {
		return nil, err
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         s.current.NextProtos,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.config(), nil },
	}), nil
}

// tlsFiles are the certificates of the command line.
type tlsFiles struct {
	c   config
	log logger

	mu      sync.Mutex
	stamps  [3]stamp
	current *tls.Config
}

// stamp tells a file from the one that was there before.
type stamp struct {
	changed time.Time
	size    int64
}

// config gives the settings for a new connection. Files that cannot be used leave the settings as
// they were.
func (s *tlsFiles) config() *tls.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.look()
	if now == s.stamps {
		return s.current
	}
	s.stamps = now
	fresh, err := s.read()
	if err != nil {
		s.log.Error("changed certificates cannot be used, the old ones stay", "error", err)
		return s.current
	}
	s.log.Info("certificates are read again", "certificate", s.c.cert)
	s.current = fresh
	return fresh
}

func (s *tlsFiles) look() (stamps [3]stamp) {
	for i, path := range []string{s.c.cert, s.c.key, s.c.cacert} {
		if info, err := os.Stat(path); err == nil {
			stamps[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return stamps
}

func (s *tlsFiles) read() (*tls.Config, error) {
	c := s.c
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return nil, fmt.Errorf("--grpc-server-cert %s, --grpc-server-key %s: %w", c.cert, c.key, err)
	}
	// HTTP/2 is what gRPC speaks (RFC 9113, 3.2); credentials.NewTLS cannot add it to this.
	conf := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}}
	if c.cacert != "" {
		pem, err := os.ReadFile(c.cacert)
		if err != nil {
			return nil, fmt.Errorf("--grpc-server-cacert: %w", err)
		}
		conf.ClientCAs = x509.NewCertPool()
		if !conf.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--grpc-server-cacert %s: no certificate in it", c.cacert)
		}
		conf.ClientAuth = tls.VerifyClientCertIfGiven
	}
	if c.clientAuth {
		conf.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return conf, nil
}
