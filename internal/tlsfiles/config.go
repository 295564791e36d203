package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
)

// Client gives the settings for one connection to a server, which has to be for name; "": whatever was dialled.
// Ask again for the next connection.
func (m *Material) Client(name string) (*tls.Config, error) {
	c, err := m.current()
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: name, RootCAs: c.authorities}
	if c.pair != nil {
		if err := m.serves(c, x509.ExtKeyUsageClientAuth, "client"); err != nil {
			return nil, err
		}
		// Shown even if the server doesn't name its authority, so that it can say what it has against it.
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.pair, nil }
	}
	return conf, nil
}

// Server gives the settings of a gRPC server, good for its life. The files have to be usable now. Clients are asked
// for a certificate as auth says, and checked against the authorities, which have to be given then: the system's
// authorities sign certificates of everybody.
func (m *Material) Server(auth tls.ClientAuthType) (*tls.Config, error) {
	if _, err := m.server(auth); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			conf, err := m.server(auth)
			if err != nil {
				m.logger.Error("TLS client turned away", "err", err)
			}
			return conf, err
		},
	}, nil
}

func (m *Material) server(auth tls.ClientAuthType) (*tls.Config, error) {
	c, err := m.current()
	switch {
	case err != nil:
		return nil, err
	case c.pair == nil:
		return nil, errors.New("a server needs a certificate and its key")
	case auth >= tls.VerifyClientCertIfGiven && c.authorities == nil:
		return nil, errors.New("clients are to be checked, but no authorities are given")
	}
	if err := m.serves(c, x509.ExtKeyUsageServerAuth, "server"); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*c.pair},
		ClientAuth: auth, ClientCAs: c.authorities,
		NextProtos: []string{"h2"},
		// Who comes back is checked again: authorities and certificates may have changed.
		SessionTicketsDisabled: true,
	}, nil
}

// serves tells whether our certificate may be used on a side (RFC 5280, section 4.2.1.12). The other side would
// refuse it, in fewer words.
func (m *Material) serves(c *content, usage x509.ExtKeyUsage, side string) error {
	list := c.pair.Leaf.ExtKeyUsage
	if len(list) == 0 && len(c.pair.Leaf.UnknownExtKeyUsage) == 0 || slices.Contains(list, usage) || slices.Contains(list, x509.ExtKeyUsageAny) {
		return nil
	}
	return fmt.Errorf("certificate %s is not one for a %s (extended key usage)", m.files.Cert, side)
}
