package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/wirespan/wirespan/tracer/redact"
	"github.com/wirespan/wirespan/tracer/sink"
)

// httpSender delivers parcels by OTLP/HTTP.
type httpSender struct {
	client  *http.Client
	to      Endpoint
	header  http.Header
	gzip    bool
	timeout time.Duration
	secrets redact.Secrets
	zippers sync.Pool // of *zipper
}

func newHTTPSender(c Config) *httpSender {
	headers := c.headers()
	s := &httpSender{to: c.Endpoint, gzip: c.Gzip, timeout: c.Timeout, secrets: redact.NewSecrets(slices.Collect(maps.Values(headers))...), header: http.Header{}}
	s.header.Set("User-Agent", userAgent(c.Version))
	for name, value := range headers {
		s.header.Set(name, value)
	}
	s.header.Set("Content-Type", "application/x-protobuf")
	if c.Gzip {
		s.header.Set("Content-Encoding", "gzip")
	}
	dialer := net.Dialer{Timeout: c.Timeout, KeepAlive: 30 * time.Second}
	s.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                  c.Proxy,
			DialContext:            dialer.DialContext,
			TLSClientConfig:        c.TLS.Clone(),
			TLSHandshakeTimeout:    c.Timeout,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
			MaxIdleConnsPerHost:    c.Senders,
			MaxResponseHeaderBytes: maxAnswer,
			IdleConnTimeout:        c.Idle,
		},
		// Headers with secrets must not follow a redirection elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

func userAgent(version string) string {
	if version == "" {
		return "wirespan"
	}
	return "wirespan/" + version
}

// Send posts the parcel once.
func (s *httpSender) Send(ctx context.Context, p *sink.Parcel) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	b := p.Bytes
	if s.gzip {
		z := s.zipper()
		defer s.zippers.Put(z)
		b = z.zip(b)
	}
	body := &loan{b: b}
	defer body.end()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.to.url(), nil)
	if err != nil {
		return fmt.Errorf("export to %s: cannot make the request", s.to)
	}
	req.Header = s.header.Clone()
	req.ContentLength = int64(len(b))
	req.GetBody = func() (io.ReadCloser, error) { return &loanReader{loan: body}, nil }
	req.Body = &loanReader{loan: body}
	resp, err := s.client.Do(req)
	if err != nil {
		var outer *url.Error // it repeats the URL, query and all
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return &sink.RetryError{Err: fmt.Errorf("export to %s: %w", s.to, err)}
	}
	defer resp.Body.Close()
	// What cannot be read of an answer does not change its status.
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return s.judge(resp, answer)
}

// judge turns an answer into an error (OTLP specification, "OTLP/HTTP Response").
func (s *httpSender) judge(resp *http.Response, answer []byte) error {
	form, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	isProto := form == "application/x-protobuf" || form == "application/protobuf"
	if resp.StatusCode/100 == 2 {
		if !isProto || len(answer) == maxAnswer {
			return nil
		}
		return partial(s.secrets, answer)
	}
	words := string(answer)
	if isProto {
		words = statusMessage(answer)
	}
	err := fmt.Errorf("export to %s: HTTP %d %s", s.to, resp.StatusCode, http.StatusText(resp.StatusCode))
	if words = s.secrets.Words(words, maxMessage); words != "" {
		err = fmt.Errorf("%w: %s", err, words)
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &sink.RetryError{After: retryAfter(resp.Header.Get("Retry-After"), time.Now()), Err: err}
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed:
		return &sink.DeniedError{Err: err}
	}
	return err
}

// Close ends idle connections.
func (s *httpSender) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// zipper is a compressor and its output.
type zipper struct {
	w   *gzip.Writer
	out bytes.Buffer
}

func (s *httpSender) zipper() *zipper {
	if z, ok := s.zippers.Get().(*zipper); ok {
		return z
	}
	return &zipper{w: gzip.NewWriter(io.Discard)}
}

// zip returns the compressed bytes, valid until the next call. Writing to
// memory does not fail.
func (z *zipper) zip(b []byte) []byte {
	z.out.Reset()
	z.w.Reset(&z.out)
	z.w.Write(b)
	z.w.Close()
	return z.out.Bytes()
}
