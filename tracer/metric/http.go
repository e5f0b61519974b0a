package metric

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/wirespan/wirespan/tracer/sink"
)

// httpSender delivers by OTLP/HTTP.
type httpSender struct {
	client  http.Client
	to      Endpoint
	header  http.Header
	gzip    bool
	timeout time.Duration
	secrets secrets
}

func newHTTPSender(c *PushConfig) *httpSender {
	headers := requestHeaders(c)
	s := &httpSender{to: c.Endpoint, gzip: c.Gzip, timeout: c.Timeout, secrets: newSecrets(headers), header: http.Header{}}
	s.header.Set("User-Agent", userAgent(c))
	for name, value := range headers {
		s.header.Set(name, value)
	}
	s.header.Set("Content-Type", "application/x-protobuf")
	if c.Gzip {
		s.header.Set("Content-Encoding", "gzip")
	}
	s.client.Transport = &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: c.TLS.Clone(), TLSHandshakeTimeout: c.Timeout, ForceAttemptHTTP2: true,
		MaxResponseHeaderBytes: maxAnswer, IdleConnTimeout: 2 * c.Interval,
	}
	// Headers with secrets must not follow a redirection elsewhere.
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s
}

// Send posts the parcel once. Its bytes are copied: net/http may go on reading
// a body after the answer is there, and exports are rare.
func (s *httpSender) Send(ctx context.Context, p *sink.Parcel) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	body := bytes.Clone(p.Bytes)
	if s.gzip {
		body = zip(p.Bytes)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.to.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("export to %s: cannot make the request", s.to)
	}
	req.Header = s.header.Clone()
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
	if resp.StatusCode/100 == 2 {
		return s.secrets.partial(answer)
	}
	err := fmt.Errorf("export to %s: HTTP %d %s", s.to, resp.StatusCode, http.StatusText(resp.StatusCode))
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &sink.RetryError{After: retryAfter(resp.Header.Get("Retry-After"), time.Now()), Err: err}
	}
	return err
}

// Close ends idle connections.
func (s *httpSender) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// zip compresses; writing to memory does not fail.
func zip(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}
