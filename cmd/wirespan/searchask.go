package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/tracer/api"
	assembly "github.com/wirespan/wirespan/tracer/assemble"
)

// Exit statuses of search and trace, as those of grep.
const (
	exitNone  = 1 // nothing was found
	exitUnask = 3 // server or store could not be asked, or did not answer in full
)

// Bounds of answers.
const (
	maxAnswer  = 512 << 20
	answerTime = 2 * time.Minute // for an answer
	defaultAsk = "http://" + defaultUI
)

// askFlags say whom search and trace ask.
type askFlags struct {
	server serverFlags
	dir    string
}

func (a *askFlags) add(f *pflag.FlagSet) {
	f.StringVar(&a.server.url, "server", "", "ask the wirespan serve whose --ui is at `URL` (default "+defaultAsk+")")
	a.server.addAccess(f)
	f.StringVar(&a.dir, "store", "", "ask the store in directory `DIR`, which no running serve has open; one that has is asked itself")
}

// asker asks a server, or a store that it opened itself, by the same requests.
type asker struct {
	base   *url.URL
	token  string
	client *http.Client
	name   string // of whom is asked, for people
	close  func() error
}

// open finds out whom to ask.
func (a *askFlags) open(ctx context.Context) (*asker, error) {
	switch {
	case a.dir != "" && a.server.url != "":
		return nil, usage(errors.New("--server and --store exclude each other"))
	case a.dir == "":
		u := a.server.url
		if u == "" {
			u = defaultAsk
		}
		return a.remote(u)
	}
	q, err := a.local(ctx)
	if err == nil {
		return q, nil
	}
	if u := servedBy(a.dir); u != "" {
		return a.remote(u)
	}
	return nil, &statusError{exitUnask, fmt.Errorf("--store %s: %w", a.dir, err)}
}

// remote asks a server.
func (a *askFlags) remote(raw string) (*asker, error) {
	u, err := askURL(raw)
	if err != nil {
		return nil, usage(fmt.Errorf("--server %s: %w", redactedURL(raw), err))
	}
	token, err := a.server.secret()
	if err != nil {
		return nil, usage(err)
	}
	if token != "" && u.Scheme != "https" && !a.server.clear && !isLoopback(u.Hostname()) {
		return nil, usage(fmt.Errorf("--server %s: the token would be readable on the way; use https, or --server-insecure", u.Redacted()))
	}
	t, err := a.server.tls()
	if err != nil {
		return nil, usage(err)
	}
	tr := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: t, DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, ForceAttemptHTTP2: true}
	q := &asker{base: u, token: token, client: &http.Client{Transport: tr, Timeout: answerTime, CheckRedirect: sameServer}, name: u.Redacted()}
	q.close = func() error { tr.CloseIdleConnections(); return nil }
	return q, nil
}

// sameServer keeps the token from going elsewhere.
func sameServer(r *http.Request, via []*http.Request) error {
	if len(via) > 5 || r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme {
		return errors.New("it sends us to another server")
	}
	return nil
}

// askURL completes the URL of a server: host, host:port, or http and https.
func askURL(raw string) (*url.URL, error) {
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "":
		return nil, errors.New("is no URL such as http://host:16680")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("takes spans over %s; questions go to its --ui, as http://%s:16680", u.Scheme, u.Hostname())
	}
	if u.Port() == "" && u.Scheme == "http" {
		u.Host = net.JoinHostPort(u.Hostname(), "16680")
	}
	u.Path, u.RawQuery, u.Fragment = strings.TrimSuffix(u.Path, "/"), "", ""
	return u, nil
}

func redactedURL(raw string) string {
	if u, err := url.Parse(raw); err == nil {
		return u.Redacted()
	}
	return "URL"
}

// local opens the store, and asks it by way of the handler that a server has.
func (a *askFlags) local(ctx context.Context) (*asker, error) {
	st, err := openLocalToRead(ctx, a.dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	as, err := assembly.New(st, assembly.Default())
	if err == nil {
		var h *api.API
		h, err = api.New(api.Config{Store: st, Assembler: as, Keys: newKeys(all.Protos(), nil), Limits: localLimits(), Version: versionString()})
		if err == nil {
			return &asker{
				base: &url.URL{Scheme: "http", Host: "store"}, client: &http.Client{Transport: inProcess{h}}, name: a.dir,
				close: func() error { return st.Close(context.WithoutCancel(ctx)) },
			}, nil
		}
	}
	return nil, errors.Join(err, st.Close(context.WithoutCancel(ctx)))
}

// localLimits are wider than those of a server: nobody else waits.
func localLimits() api.Limits {
	l := api.DefaultLimits()
	l.Timeout = answerTime
	return l
}

// get asks, and returns what is no problem.
func (q *asker) get(ctx context.Context, path string, params url.Values) ([]byte, error) {
	u := *q.base
	u.Path += api.Prefix + path
	u.RawPath = q.base.EscapedPath() + api.Prefix + escapePath(path)
	u.RawQuery = params.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &statusError{exitUsage, fmt.Errorf("ask %s: %w", q.name, err)}
	}
	r.Header.Set("User-Agent", "wirespan/"+versionString())
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	resp, err := q.client.Do(r)
	if err != nil {
		var ue *url.Error // has the whole URL, which people did not type
		if errors.As(err, &ue) {
			err = ue.Err
		}
		if q.name == defaultAsk {
			err = fmt.Errorf("%w; does wirespan serve run? --server and --store say whom else to ask", err)
		}
		return nil, &statusError{exitUnask, fmt.Errorf("ask %s: %w", q.name, err)}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, &statusError{exitUnask, fmt.Errorf("read the answer of %s: %w", q.name, err)}
	case len(b) > maxAnswer:
		return nil, &statusError{exitUnask, fmt.Errorf("the answer of %s is longer than %d bytes", q.name, maxAnswer)}
	case resp.StatusCode == http.StatusOK:
		return b, nil
	}
	return nil, q.refusal(resp, b)
}

// escapePath escapes the last part of a path, which may be anything.
func escapePath(path string) string {
	i := strings.IndexByte(path, '/') + 1
	return path[:i] + url.PathEscape(path[i:])
}

// refusal says what a server has against a request.
func (q *asker) refusal(resp *http.Response, b []byte) error {
	var p api.Problem
	if resp.Header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(b, &p) != nil {
		switch resp.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			return &statusError{exitUnask, fmt.Errorf("%s wants a token that may read (--token-file, WIRESPAN_TOKEN)", q.name)}
		case http.StatusNotFound:
			return &statusError{exitUnask, fmt.Errorf("%s answers, but not as a wirespan serve does; is it the address of its --ui?", q.name)}
		}
		return &statusError{exitUnask, fmt.Errorf("%s answers %s", q.name, resp.Status)}
	}
	err := error(&p)
	if p.Parameter == "q" {
		err = errors.New(p.Detail) // it is what was typed
	}
	if p.Marker != "" {
		err = fmt.Errorf("%w\n%s", err, harmless(p.Marker))
	}
	switch {
	case p.Status == http.StatusNotFound:
		return &statusError{exitNone, err}
	case p.Status == http.StatusBadRequest:
		return usage(err)
	case p.Status == http.StatusUnauthorized:
		return &statusError{exitUnask, fmt.Errorf("%s wants a token that may read (--token-file, WIRESPAN_TOKEN)", q.name)}
	}
	return &statusError{exitUnask, fmt.Errorf("%s: %w", q.name, err)}
}

// harmless leaves control characters out of what a server says, but for the ends of
// lines.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}

// inProcess is a server without a network.
type inProcess struct{ h http.Handler }

// RoundTrip answers a request.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &answerBuffer{head: http.Header{}, status: http.StatusOK}
	p.h.ServeHTTP(w, r)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.head, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// answerBuffer is an answer in memory.
type answerBuffer struct {
	head   http.Header
	status int
	body   bytes.Buffer
}

func (a *answerBuffer) Header() http.Header         { return a.head }
func (a *answerBuffer) WriteHeader(status int)      { a.status = status }
func (a *answerBuffer) Write(b []byte) (int, error) { return a.body.Write(b) }
