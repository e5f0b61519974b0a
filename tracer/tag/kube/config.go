package kube

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Config says where pods are learned from. URL and the bounds are required.
type Config struct {
	// URL is that of the API server, https://10.0.0.1:443, or, with Kubelet, of
	// the node's kubelet: https://NODE:10250, or http://NODE:10255 where the
	// read-only port is open.
	URL     string
	Kubelet bool

	Token    func() (string, error) // bearer token, asked for at every request as it expires; nil: none
	CA       []byte                 // PEM; nil: those of the system
	Insecure bool                   // do not verify the certificate: that of kubelets is often self-signed

	Node      string   // only pods of this node; empty: of the whole cluster. The API server only
	Namespace string   // only pods of this namespace; empty: of all. The API server only
	Labels    []string // labels of pods to keep

	Poll    time.Duration // between two lists of the kubelet
	Keep    time.Duration // how long a deleted pod is remembered
	Backoff time.Duration // after the first failure; doubled up to a minute
	MaxPods int
}

// Default needs URL only.
func Default() Config {
	return Config{Poll: 10 * time.Second, Keep: time.Minute, Backoff: time.Second, MaxPods: 20_000}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, key, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("kube: %s: %s", key, what))
		}
	}
	u, err := url.Parse(c.URL)
	need(err == nil && u != nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "", "url", "must be http(s)://HOST:PORT")
	need(c.Poll >= time.Second, "poll", "must be at least 1s")
	need(c.Keep >= 0, "keep", "must not be negative")
	need(c.Backoff > 0 && c.Backoff <= maxBackoff, "backoff", "must be above 0 and at most 1m")
	need(c.MaxPods > 0, "max-pods", "must be positive")
	if len(c.CA) > 0 {
		need(x509.NewCertPool().AppendCertsFromPEM(c.CA), "ca", "has no certificate in PEM")
	}
	return errors.Join(errs...)
}

// InCluster configures the API server for a program that runs in a pod: host
// and port are those of the variables KUBERNETES_SERVICE_HOST and _PORT, dir is
// where the service account is, /var/run/secrets/kubernetes.io/serviceaccount.
func InCluster(host, port, dir string) (Config, error) {
	c := Default()
	if host == "" || port == "" {
		return c, errors.New("not in a cluster: no address of the API server")
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return c, fmt.Errorf("read service account: %w", err)
	}
	c.URL, c.CA, c.Token = "https://"+net.JoinHostPort(host, port), ca, TokenFile(filepath.Join(dir, "token"))
	return c, nil
}

// maxToken bounds a token; those of service accounts have about 1 KB.
const maxToken = 64 << 10

// TokenFile reads a token from a file, anew each time: the kubelet replaces the
// token of a service account before it expires.
func TokenFile(name string) func() (string, error) {
	return func() (string, error) {
		b, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("read token: %w", err)
		}
		s := strings.TrimSpace(string(b))
		if s == "" || len(s) > maxToken || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return "", fmt.Errorf("read token: %s holds none", name)
		}
		return s, nil
	}
}

// tls returns how servers are verified.
func (c *Config) tls() *tls.Config {
	t := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.Insecure} //nolint:gosec // by explicit option
	if len(c.CA) > 0 {
		t.RootCAs = x509.NewCertPool()
		t.RootCAs.AppendCertsFromPEM(c.CA)
	}
	return t
}
