package apm

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wirespan/wirespan/tracer/redact"
)

// Kind is the API that a source speaks.
type Kind string

// Kinds.
const (
	SkyWalking Kind = "skywalking" // OAP's GraphQL, /graphql
	Jaeger     Kind = "jaeger"     // JSON of its UI, /api/traces/{id}
	JaegerV3   Kind = "jaeger-v3"  // OTLP in JSON, /api/v3/traces/{id}
	Tempo      Kind = "tempo"      // OTLP, /api/v2/traces/{id} or, of old ones, /api/traces/{id}
	Zipkin     Kind = "zipkin"     // JSON, /api/v2/trace/{id}
)

// Source is an APM.
type Source struct {
	Name    string // in reports; unique
	Kind    Kind
	URL     string            // of its API: scheme, host and whatever path precedes the API's own; user and password make basic authentication
	Token   string            // sent as bearer token, empty for none
	Headers map[string]string // sent with every request, such as X-Scope-OrgID
	Timeout time.Duration     // for a request, 0: Config.Timeout
	TLS     *tls.Config       // nil: the system's authorities
}

// Config is how sources are asked. All fields but Sources are required; the cache is for each source.
type Config struct {
	Sources       []Source
	Timeout       time.Duration // of a request
	MaxBytes      int           // of an answer, unpacked
	MaxSpans      int           // of an answer
	MaxConcurrent int           // requests to one source at once
	CacheSpans    int           // spans in answers that are kept
	CacheTraces   int           // answers that are kept
	CacheBytes    int           // of answers that are kept, as they came
	Found         time.Duration // for which an answer is kept: spans may be on their way still
	Missing       time.Duration // for which "not found" is kept
	Failures      int           // in a row, after which a source is left alone
	Pause         time.Duration // for which it is, the first time; then twice as long, up to 16 times
}

// Default is what serve uses.
func Default() Config {
	return Config{
		Timeout: 5 * time.Second, MaxBytes: 64 << 20, MaxSpans: 10_000, MaxConcurrent: 4,
		CacheSpans: 100_000, CacheTraces: 10_000, CacheBytes: 128 << 20, Found: time.Minute, Missing: 10 * time.Second, Failures: 5, Pause: 10 * time.Second,
	}
}

// Validate reports all faults. It names no token.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, key, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("apm: %s: %s", key, what))
		}
	}
	need(c.Timeout > 0, "timeout", "must be positive")
	need(c.MaxBytes > 0, "max-bytes", "must be positive")
	need(c.MaxSpans > 0, "max-spans", "must be positive")
	need(c.MaxConcurrent > 0, "max-concurrent", "must be positive")
	need(c.CacheSpans > 0, "cache-spans", "must be positive")
	need(c.CacheTraces > 0, "cache-traces", "must be positive")
	need(c.CacheBytes > 0, "cache-bytes", "must be positive")
	need(c.Found >= 0 && c.Missing >= 0, "cache", "times must not be negative")
	need(c.Failures > 0, "failures", "must be positive")
	need(c.Pause > 0, "pause", "must be positive")
	names := make(map[string]bool, len(c.Sources))
	for i := range c.Sources {
		s := &c.Sources[i]
		key := "sources." + s.Name
		need(s.Name != "", fmt.Sprintf("sources[%d].name", i), "is missing")
		need(!names[s.Name], key, "name is taken")
		names[s.Name] = true
		need(s.Timeout >= 0, key+".timeout", "must not be negative")
		if _, err := s.base(); err != nil {
			errs = append(errs, fmt.Errorf("apm: %s.url: %w", key, err))
		}
		switch s.Kind {
		case SkyWalking, Jaeger, JaegerV3, Tempo, Zipkin:
		default:
			need(false, key+".kind", fmt.Sprintf("%q is none of skywalking, jaeger, jaeger-v3, tempo, zipkin", s.Kind))
		}
		for name, v := range s.Headers {
			need(name != "" && !strings.ContainsAny(name, " \r\n:") && !strings.ContainsAny(v, "\r\n"), key+".headers", fmt.Sprintf("%q is no header", name))
		}
		need(!strings.ContainsAny(s.Token, " \r\n"), key+".token", "must not have spaces or line ends")
	}
	return errors.Join(errs...)
}

// base is the URL without what must not be in errors. Errors do not repeat it: there
// may be a password in it.
func (s *Source) base() (*url.URL, error) {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil:
		return nil, errors.New("is no URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("must begin with http:// or https://")
	case u.Host == "":
		return nil, errors.New("has no host")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must not have a query or fragment")
	}
	u.User = nil
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

// header is what every request carries, and the values in it that are secret.
func (s *Source) header() (http.Header, redact.Secrets) {
	h, secrets := make(http.Header), []string(nil)
	for name, v := range s.Headers {
		h.Set(name, v)
		secrets = append(secrets, v)
	}
	if s.Token != "" {
		h.Set("Authorization", "Bearer "+s.Token)
		secrets = append(secrets, s.Token)
	}
	if u, err := url.Parse(s.URL); err == nil && u.User != nil && s.Token == "" {
		password, _ := u.User.Password()
		r := http.Request{Header: h}
		r.SetBasicAuth(u.User.Username(), password)
		secrets = append(secrets, password, strings.TrimPrefix(h.Get("Authorization"), "Basic "))
	}
	return h, redact.NewSecrets(secrets...)
}
