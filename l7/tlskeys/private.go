package tlskeys

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// OpenKey reads RSA private keys from a PEM file: PKCS #1 or PKCS #8, not
// encrypted.
func (t *Table) OpenKey(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read private key: %w", err)
	}
	var keys []*rsa.PrivateKey
	for len(b) > 0 {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			break
		}
		k, err := parseKey(block)
		if err != nil {
			return fmt.Errorf("read private key %s: %w", path, err)
		}
		if k != nil {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return fmt.Errorf("read private key %s: no RSA private key in PEM", path)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys = append(t.keys, keys...)
	return nil
}

// parseKey returns nil for a block that is no private key, such as a
// certificate in front of it.
func parseKey(block *pem.Block) (*rsa.PrivateKey, error) {
	switch block.Type {
	case "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errors.New("it is encrypted; decrypt it first (openssl rsa)")
		}
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("it is encrypted; decrypt it first (openssl pkey)")
	case "PRIVATE KEY":
		k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		r, ok := k.(*rsa.PrivateKey)
		if !ok {
			return nil, errors.New("not an RSA key: with other key exchanges a private key deciphers nothing, use --tls-keylog")
		}
		return r, nil
	}
	return nil, nil
}
