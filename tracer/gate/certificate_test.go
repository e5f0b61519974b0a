package gate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// issue makes a certificate that signs itself.
func issue(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b})
}

// shake does a handshake over a pipe and returns the name that the server showed.
func shake(t *testing.T, server *tls.Config, client *tls.Config) (string, error) {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	failed := make(chan error, 1)
	go func() { failed <- tls.Server(a, server).Handshake() }()
	c := tls.Client(b, client)
	if err := c.Handshake(); err != nil {
		return "", err
	}
	if err := <-failed; err != nil {
		return "", err
	}
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

func TestCertificate(t *testing.T) {
	var c Certificate
	if _, err := c.Config(nil); err == nil {
		t.Error("no certificate")
	}
	cert, key := issue(t, "one")
	if err := c.Set(cert, key); err != nil {
		t.Fatal(err)
	}
	s, err := c.Config(nil)
	if err != nil {
		t.Fatal(err)
	}
	if name, err := shake(t, s, &tls.Config{InsecureSkipVerify: true}); err != nil || name != "one" {
		t.Errorf("%q %v", name, err)
	}
	if _, err := shake(t, s, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is taken")
	}
	other, otherKey := issue(t, "two")
	if c.Set(other, key) == nil {
		t.Error("a key of another certificate is taken")
	}
	if err := c.Set(other, otherKey); err != nil {
		t.Fatal(err)
	}
	if name, err := shake(t, s, &tls.Config{InsecureSkipVerify: true}); err != nil || name != "two" {
		t.Errorf("after a change: %q %v", name, err)
	}
}

func TestClientCertificates(t *testing.T) {
	var c Certificate
	cert, key := issue(t, "server")
	if err := c.Set(cert, key); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Config([]byte("nothing")); err == nil {
		t.Error("no authority")
	}
	mine, mineKey := issue(t, "client")
	s, err := c.Config(mine)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(mine, mineKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shake(t, s, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}}); err != nil {
		t.Error(err)
	}
	if _, err := shake(t, s, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}); err == nil {
		t.Error("a client without certificate comes in")
	}
}
