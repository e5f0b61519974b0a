package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// otelTLS names the files of OTEL_EXPORTER_OTLP_CERTIFICATE, CLIENT_KEY and
// CLIENT_CERTIFICATE.
type otelTLS struct{ roots, key, cert string }

func readOTelTLS() otelTLS {
	var t otelTLS
	t.roots, _ = otelVar("CERTIFICATE")
	t.key, _ = otelVar("CLIENT_KEY")
	t.cert, _ = otelVar("CLIENT_CERTIFICATE")
	return t
}

// config reads the files; nil if none is named.
func (t otelTLS) config() (*tls.Config, error) {
	if t == (otelTLS{}) {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.roots != "" {
		pem, err := os.ReadFile(t.roots)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CERTIFICATE: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CERTIFICATE: %s has no certificate in PEM", t.roots)
		}
	}
	if (t.key == "") != (t.cert == "") {
		return nil, errors.New("OTEL_EXPORTER_OTLP_CLIENT_KEY and OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: one without the other")
	}
	if t.key != "" {
		pair, err := tls.LoadX509KeyPair(t.cert, t.key)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
