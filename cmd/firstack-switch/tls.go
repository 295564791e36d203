package main

import (
	"crypto/tls"
	"fmt"

	"google.golang.org/grpc/credentials"

	"github.com/firstack/firstack/internal/tlsfiles"
)

// serverCredentials gives the TLS settings of the flags, nil for none. Files that change are used from the next
// connection on.
func serverCredentials(c config, log logger) (credentials.TransportCredentials, error) {
	if !c.tls {
		if c.cert != "" || c.key != "" || c.cacert != "" || c.clientAuth {
			return nil, fmt.Errorf("certificates are given, but not --grpc-server-ssl")
		}
		return nil, nil
	}
	auth := tls.NoClientCert
	switch {
	case c.clientAuth && c.cacert == "":
		return nil, fmt.Errorf("--grpc-server-with-client-auth needs --grpc-server-cacert")
	case c.clientAuth:
		auth = tls.RequireAndVerifyClientCert
	case c.cacert != "":
		auth = tls.VerifyClientCertIfGiven
	}
	conf, err := tlsfiles.New(tlsfiles.Files{CA: c.cacert, Cert: c.cert, Key: c.key}, log).Server(auth)
	if err != nil {
		return nil, fmt.Errorf("--grpc-server-cert %s, --grpc-server-key %s, --grpc-server-cacert %s: %w", c.cert, c.key, c.cacert, err)
	}
	return tlsfiles.Credentials(conf, log), nil
}
