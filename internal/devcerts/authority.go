package devcerts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Authority signs certificates.
type Authority struct {
	Cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// leeway is how far clocks may be behind.
const leeway = time.Hour

// NewAuthority makes an authority that signs leaves only, with ECDSA on P-256.
func NewAuthority(name string, from time.Time, life time.Duration) (*Authority, error) {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: from.Add(-leeway), NotAfter: from.Add(life),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return sign(template, nil)
}

// Leaf says what a certificate is for.
type Leaf struct {
	Name   string   // common name
	Roles  []string // organizations
	Hosts  []string // DNS names and addresses that a server is known by
	Server bool
	Client bool
	From   time.Time
	Life   time.Duration
}

// Issue makes a key and signs a certificate for it.
func (a *Authority) Issue(l Leaf) (*Authority, error) {
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: l.Name, Organization: l.Roles},
		NotBefore: l.From.Add(-leeway), NotAfter: l.From.Add(l.Life),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	for _, h := range l.Hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	if l.Server {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if l.Client {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	if template.NotAfter.After(a.Cert.NotAfter) {
		template.NotAfter = a.Cert.NotAfter // it would not be believed longer
	}
	return sign(template, a)
}

// sign makes a key and a certificate, signed by an authority or, without one, by itself.
func sign(template *x509.Certificate, by *Authority) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, err
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("sign certificate of %s: %w", template.Subject, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Authority{cert, key}, nil
}

// load reads an authority's files.
func load(files Pair) (*Authority, error) {
	pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		return nil, fmt.Errorf("authority %s: %w", files.Cert, err)
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("authority %s: %w", files.Cert, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !cert.IsCA {
		return nil, fmt.Errorf("authority %s: %w", files.Cert, errors.New("is none that this command made"))
	}
	return &Authority{cert, key}, nil
}
