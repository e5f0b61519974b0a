package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// readAuthorities makes a configuration that trusts those in a file, and no others;
// nil, which trusts the system's, if there is no file.
func readAuthorities(flag, file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // nil trusts the system's authorities
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %s has no certificate in PEM", flag, file)
	}
	return c, nil
}
