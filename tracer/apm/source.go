package apm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/redact"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// source is an APM that is asked.
type source struct {
	name    string
	kind    Kind
	base    *url.URL
	header  http.Header
	secrets redact.Secrets
	http    *http.Client
	timeout time.Duration
	found   time.Duration
	missing time.Duration
	limit   int // bytes of an answer
	limits  batch.Limits
	places  chan struct{}
	cache   *cache
	breaker breaker
	tempo   tempoVersion
	tally   tally
}

const (
	maxRedirects = 3
	maxWords     = 256 // bytes of a source's words that are kept
)

func newSource(c *Config, s *Source) (*source, error) {
	base, err := s.base()
	if err != nil {
		return nil, fmt.Errorf("apm: sources.%s.url: %w", s.Name, err)
	}
	l := batch.DefaultLimits()
	l.Spans = c.MaxSpans
	r := &source{
		name: s.Name, kind: s.Kind, base: base, timeout: c.Timeout, found: c.Found, missing: c.Missing, limit: c.MaxBytes, limits: l,
		places: make(chan struct{}, c.MaxConcurrent), cache: newCache(c.CacheSpans, c.CacheTraces, c.CacheBytes), breaker: breaker{failures: c.Failures, pause: c.Pause},
	}
	r.header, r.secrets = s.header()
	if s.Timeout > 0 {
		r.timeout = s.Timeout
	}
	r.http = &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: s.TLS.Clone(), MaxIdleConnsPerHost: c.MaxConcurrent, IdleConnTimeout: time.Minute,
			ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: stay,
	}
	return r, nil
}

// stay follows redirects within a host only: the headers of a request are for it.
func stay(req *http.Request, via []*http.Request) error {
	if first := via[0].URL; req.URL.Host != first.Host || req.URL.Scheme != first.Scheme {
		return errors.New("it redirects to another host, which is not followed")
	}
	if len(via) > maxRedirects {
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	}
	return nil
}

// fetch answers from the cache or asks. A question goes on when its caller has gone:
// others may wait for it, and the answer is kept.
func (s *source) fetch(ctx context.Context, id span.TraceID, names []string) ([]store.Span, Report) {
	s.tally.asked.Add(1)
	r := Report{Source: s.name, Kind: s.kind}
	began := time.Now()
	k, mine := s.cache.find(id, began)
	if mine {
		go func() {
			a := s.ask(context.WithoutCancel(ctx), id, names)
			s.cache.put(k, a, s.until(&a))
		}()
	}
	select {
	case <-k.ready:
	case <-ctx.Done():
		if !mine {
			s.tally.skipped.Add(1)
		}
		r.Err = ctx.Err()
		return nil, r
	}
	if !mine {
		s.tally.cached.Add(1)
		r.Cached = true
	}
	r.Spans, r.Note, r.Err, r.Took = len(k.spans), k.note, k.err, time.Since(began)
	return k.spans, r
}

// until is the time for which an answer is kept; failures are not.
func (s *source) until(a *answer) time.Time {
	switch {
	case a.err != nil:
		return time.Time{}
	case len(a.spans) == 0:
		return time.Now().Add(s.missing)
	}
	return time.Now().Add(s.found)
}

// errMissing says that a source does not have a trace.
var errMissing = errors.New("not found")

// ask asks the source within its timeout, unless it is to be left alone.
func (s *source) ask(ctx context.Context, id span.TraceID, names []string) answer {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	case <-ctx.Done():
		s.tally.skipped.Add(1)
		return answer{err: fmt.Errorf("%d questions are under way, none ended within %v", cap(s.places), s.timeout)}
	}
	if err := s.breaker.allow(time.Now()); err != nil {
		s.tally.skipped.Add(1)
		return answer{err: err}
	}
	b := batch.New(s.limits)
	b.Reset(0)
	var q inquiry
	err := s.question(ctx, &q, b, id, names)
	switch {
	case err == nil && len(b.Spans) == 0, errors.Is(err, errMissing):
		s.breaker.done(time.Now(), nil)
		s.tally.missing.Add(1)
		s.tally.spans.Add(uint64(b.Received()))
		s.tally.refused.Add(uint64(b.Refused.Sum()))
		return answer{note: b.Refused.String()}
	case err != nil:
		err = s.explain(ctx, err)
		s.breaker.done(time.Now(), err)
		s.tally.failed.Add(1)
		return answer{err: err}
	}
	s.breaker.done(time.Now(), nil)
	s.tally.found.Add(1)
	s.tally.spans.Add(uint64(b.Received()))
	s.tally.refused.Add(uint64(b.Refused.Sum()))
	s.sign(b.Spans)
	return answer{spans: b.Spans, size: q.size, note: join(s.secrets.Words(q.note, maxWords), b.Refused.String())}
}

// join puts two notes together.
func join(a, b string) string {
	if a != "" && b != "" {
		a += "; "
	}
	return a + b
}

// explain makes an error that can be shown: without secrets, and short.
func (s *source) explain(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v", s.timeout)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // the URL says nothing that the name does not
	}
	return errors.New(s.secrets.Words(err.Error(), maxWords))
}

// sign names the source in the resources of its spans. Spans of one resource go on
// sharing it.
func (s *source) sign(spans []store.Span) {
	mark := store.Attr{Key: Attr, Value: store.StringValue(s.name)}
	var before, after []store.Attr
	for i := range spans {
		res := spans[i].Resource
		if i == 0 || len(res) != len(before) || len(res) > 0 && &res[0] != &before[0] {
			before, after = res, append(res[:len(res):len(res)], mark)
		}
		spans[i].Resource = after
	}
}

// body is an answer.
type body struct {
	text string
	kind string // content type
}

// get asks with GET.
func (s *source) get(ctx context.Context, q *inquiry, path, accept string) (body, error) {
	return s.do(ctx, q, http.MethodGet, path, accept, nil)
}

// do asks and reads the answer; 404 is errMissing.
func (s *source) do(ctx context.Context, q *inquiry, method, path, accept string, send io.Reader) (body, error) {
	u := *s.base
	u.Path += path
	req, err := http.NewRequestWithContext(ctx, method, u.String(), send)
	if err != nil {
		return body{}, err
	}
	req.Header = s.header.Clone()
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", "wirespan")
	if send != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	s.tally.requests.Add(1)
	resp, err := s.http.Do(req)
	if err != nil {
		return body{}, err
	}
	defer resp.Body.Close()
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(resp.Body, int64(s.limit)+1))
	s.tally.bytes.Add(uint64(n))
	q.size += int(n)
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return body{text: b.String()}, errMissing
	case err != nil:
		return body{}, fmt.Errorf("read answer: %w", err)
	case n > int64(s.limit):
		return body{}, fmt.Errorf("the answer is larger than %d bytes", s.limit)
	case resp.StatusCode != http.StatusOK:
		return body{}, fmt.Errorf("answered %s: %s", resp.Status, b.String())
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	return body{b.String(), kind}, nil
}
