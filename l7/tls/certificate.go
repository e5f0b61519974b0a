package tls

import (
	"crypto/x509"
	"time"
)

// Bounds of what is kept of a certificate.
const (
	maxCertificate = 32 << 10
	maxNames       = 16 // alternative names
)

// certificate is what is told of a peer's first certificate.
type certificate struct {
	subject, issuer string
	notAfter        string // RFC 3339
	names           []string
}

// readCertificate reads the first certificate of a message (RFC 5246, section
// 7.4.2; RFC 8446, section 4.4.2, where a context precedes the list). It is done
// once per full handshake, and is the only part that allocates.
func readCertificate(body []byte, version int) *certificate {
	r := reader{b: body}
	if version >= tls13 {
		r.vector(1)
	}
	r.number(3)
	der := r.vector(3)
	if r.short || len(der) == 0 || len(der) > maxCertificate {
		return nil
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	out := &certificate{
		subject: bounded(c.Subject.String()), issuer: bounded(c.Issuer.String()),
		notAfter: c.NotAfter.UTC().Format(time.RFC3339),
	}
	for _, n := range c.DNSNames[:min(len(c.DNSNames), maxNames)] {
		out.names = append(out.names, bounded(n))
	}
	for _, a := range c.IPAddresses[:min(len(c.IPAddresses), maxNames-len(out.names))] {
		out.names = append(out.names, a.String())
	}
	return out
}

// bounded cuts a name to what an attribute may reasonably have.
func bounded(s string) string { return s[:min(len(s), 1024)] }
