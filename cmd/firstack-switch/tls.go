package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"google.golang.org/grpc/credentials"
)

// serverCredentials gives the TLS settings of the flags, nil for none.
func serverCredentials(c config) (credentials.TransportCredentials, error) {
	if !c.tls {
		if c.cert != "" || c.key != "" || c.cacert != "" || c.clientAuth {
			return nil, fmt.Errorf("certificates are given, but not --grpc-server-ssl")
		}
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return nil, fmt.Errorf("--grpc-server-cert %s, --grpc-server-key %s: %w", c.cert, c.key, err)
	}
	conf := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
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
		if c.cacert == "" {
			return nil, fmt.Errorf("--grpc-server-with-client-auth needs --grpc-server-cacert")
		}
		conf.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return credentials.NewTLS(conf), nil
}
