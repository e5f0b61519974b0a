package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// pemFile is a file of TLS and the flag or variable that names it. The path is empty
// if nothing does.
type pemFile struct{ by, path string }

// readTLS makes a configuration of the authorities that are trusted, the system's if
// no file names them, and of the certificate that is shown, with its key; nil if no
// file is named at all.
func readTLS(authorities, cert, key pemFile) (*tls.Config, error) {
	if authorities.path == "" && cert.path == "" && key.path == "" {
		return nil, nil //nolint:nilnil // nil trusts the system's authorities and shows nothing
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if authorities.path != "" {
		pem, err := os.ReadFile(authorities.path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", authorities.by, err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: %s has no certificate in PEM", authorities.by, authorities.path)
		}
	}
	if (cert.path == "") != (key.path == "") {
		return nil, fmt.Errorf("%s and %s: one without the other", cert.by, key.by)
	}
	if cert.path != "" {
		pair, err := tls.LoadX509KeyPair(cert.path, key.path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cert.by, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
