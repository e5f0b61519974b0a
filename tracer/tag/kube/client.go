package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	answerTimeout = 30 * time.Second // until the head of an answer
	listTimeout   = 2 * time.Minute  // for a whole list
	maxErrorBody  = 4 << 10
	maxList       = 1 << 30 // bytes; read as a stream, so this bounds time, not memory
)

// statusError is an answer that is not 200.
type statusError struct {
	code    int
	message string
	after   time.Duration // Retry-After
}

func (e *statusError) Error() string {
	hint := ""
	switch e.code {
	case http.StatusUnauthorized:
		hint = " (the token is not accepted)"
	case http.StatusForbidden:
		hint = " (the account needs the verbs get, list and watch on pods; for a kubelet, get on nodes/proxy)"
	}
	return fmt.Sprintf("server answers %d %s%s", e.code, strings.TrimSpace(e.message), hint)
}

// isGone reports that a resource version is too old to go on from
// (https://kubernetes.io/docs/reference/using-api/api-concepts, "410 Gone").
func isGone(err error) bool {
	var s *statusError
	return errors.As(err, &s) && s.code == http.StatusGone
}

// client talks to one server.
type client struct {
	cfg  *Config
	http *http.Client
}

func newClient(cfg *Config) *client {
	return &client{cfg: cfg, http: &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: cfg.tls(), ForceAttemptHTTP2: true, ResponseHeaderTimeout: answerTimeout,
			TLSHandshakeTimeout: answerTimeout, MaxIdleConns: 2, IdleConnTimeout: time.Minute,
		},
		// A token must not follow a redirection to elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// get asks; the caller closes the body.
func (c *client) get(ctx context.Context, path string, q url.Values) (*http.Response, error) {
	u := strings.TrimSuffix(c.cfg.URL, "/") + path
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "wirespan")
	if c.cfg.Token != nil {
		token, err := c.cfg.Token()
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close() //nolint:errcheck // nothing was written
	return nil, statusOf(resp)
}

func statusOf(resp *http.Response) error {
	e := &statusError{code: resp.StatusCode}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	var s struct {
		Message string `json:"message"`
	}
	if err == nil && json.Unmarshal(b, &s) == nil {
		e.message = s.Message
	}
	if e.message == "" {
		e.message = http.StatusText(e.code)
	}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
		e.after = min(time.Duration(n)*time.Second, maxBackoff)
	}
	return e
}

// page is what a list says beside its items.
type page struct {
	ResourceVersion string `json:"resourceVersion"`
	Continue        string `json:"continue"`
}

// list reads one page, item by item: a list of a large cluster does not lie in
// memory.
func (c *client) list(ctx context.Context, path string, q url.Values, take func(*object)) (page, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	resp, err := c.get(ctx, path, q)
	if err != nil {
		return page{}, fmt.Errorf("list pods: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	p, err := decodeList(io.LimitReader(resp.Body, maxList), take)
	if err != nil {
		return page{}, fmt.Errorf("list pods: %w", err)
	}
	return p, nil
}

var errNoList = errors.New("the answer is not a list of pods")

// decodeList reads {"metadata": {...}, "items": [...]}, in any order.
func decodeList(r io.Reader, take func(*object)) (p page, err error) {
	d := json.NewDecoder(r)
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return p, errors.Join(errNoList, err)
	}
	items := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return p, err
		}
		switch key {
		case "metadata":
			err = d.Decode(&p)
		case "items":
			items = true
			err = decodeItems(d, take)
		default:
			var skip json.RawMessage
			err = d.Decode(&skip)
		}
		if err != nil {
			return p, err
		}
	}
	if _, err := d.Token(); err != nil {
		return p, err
	}
	if !items {
		return p, errNoList
	}
	return p, nil
}

// decodeItems reads an array, or the null that Go programs write for none.
func decodeItems(d *json.Decoder, take func(*object)) error {
	t, err := d.Token()
	if err != nil || t == nil {
		return err
	}
	if t != json.Delim('[') {
		return errNoList
	}
	for d.More() {
		var o object
		if err := d.Decode(&o); err != nil {
			return err
		}
		take(&o)
	}
	_, err = d.Token()
	return err
}
