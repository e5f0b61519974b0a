package gate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync/atomic"
)

// Certificate is what a server shows. It can be replaced while it is used.
type Certificate struct {
	pair atomic.Pointer[tls.Certificate]
}

// Set takes a certificate with its chain and its key, in PEM.
func (c *Certificate) Set(cert, key []byte) error {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	c.pair.Store(&pair)
	return nil
}

// Config returns what a listener needs. clients are the authorities, in PEM, of
// certificates that clients must show; nil asks for none.
func (c *Certificate) Config(clients []byte) (*tls.Config, error) {
	if c.pair.Load() == nil {
		return nil, errors.New("tls: no certificate")
	}
	t := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.pair.Load(), nil },
	}
	if clients != nil {
		t.ClientCAs, t.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if !t.ClientCAs.AppendCertsFromPEM(clients) {
			return nil, errors.New("tls: no certificate authority in PEM")
		}
	}
	return t, nil
}
