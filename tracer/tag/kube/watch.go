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
	"time"
)

const (
	pageSize     = 500              // items of one answer, as client-go asks for
	watchTimeout = 5 * time.Minute  // after which the server ends a watch, in order
	watchGrace   = 30 * time.Second // for it to do so
)

// event is one line of a watch.
type event struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// maxEvent bounds an event; etcd bounds objects to 1.5 MiB.
const maxEvent = 4 << 20

// maxBroken is how many watches in a row may break before the list is read
// again.
const maxBroken = 5

// follow lists, then watches until that fails. A watch that breaks off is taken
// up where it was; a version that is too old for that needs another list.
func (s *Source) follow(ctx context.Context) error {
	version, err := s.listAll(ctx)
	if err != nil {
		return err
	}
	for broken := 0; ; {
		began := time.Now()
		version, err = s.watch(ctx, version)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var refused *statusError
		switch {
		case isGone(err):
			s.note(func(r *Report) { r.Gone++ })
			if version, err = s.listAll(ctx); err != nil {
				return err
			}
		case err != nil && (errors.As(err, &refused) || broken >= maxBroken):
			return err
		default:
			s.failed(err)
		}
		if time.Since(began) > time.Second {
			broken = 0
			continue
		}
		broken++ // a server that ends watches at once must not be hurried
		if err := sleep(ctx, s.cfg.Backoff); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (s *Source) path() string {
	if s.cfg.Namespace != "" {
		return "/api/v1/namespaces/" + url.PathEscape(s.cfg.Namespace) + "/pods"
	}
	return "/api/v1/pods"
}

func (s *Source) selection() url.Values {
	q := url.Values{}
	if s.cfg.Node != "" {
		q.Set("fieldSelector", "spec.nodeName="+s.cfg.Node)
	}
	return q
}

// listAll reads every page, and returns the version from which to watch. A
// list whose pages expired meanwhile begins anew.
func (s *Source) listAll(ctx context.Context) (version string, err error) {
	for range 3 {
		if version, err = s.listOnce(ctx); !isGone(err) {
			return version, err
		}
		s.note(func(r *Report) { r.Gone++ })
	}
	return version, err
}

func (s *Source) listOnce(ctx context.Context) (string, error) {
	var list []*Pod
	q := s.selection()
	q.Set("limit", strconv.Itoa(pageSize))
	for {
		p, err := s.client.list(ctx, s.path(), q, func(o *object) { list = s.keep(list, o) })
		if err != nil {
			return "", err
		}
		if p.Continue == "" {
			s.synced(list)
			return p.ResourceVersion, nil
		}
		q.Set("continue", p.Continue)
	}
}

// watch reads events from a version on, and returns the version they have
// reached. It ends without an error when the server has ended it in order.
func (s *Source) watch(ctx context.Context, version string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, watchTimeout+watchGrace)
	defer cancel()
	q := s.selection()
	q.Set("watch", "1")
	q.Set("resourceVersion", version)
	q.Set("allowWatchBookmarks", "true")
	q.Set("timeoutSeconds", strconv.Itoa(int(watchTimeout/time.Second)))
	resp, err := s.client.get(ctx, s.path(), q)
	if err != nil {
		return version, fmt.Errorf("watch pods: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	s.note(func(r *Report) { r.Watches++ })
	body := &bounded{r: resp.Body}
	d := json.NewDecoder(body)
	for {
		body.left = maxEvent
		var e event
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return version, nil
		} else if err != nil {
			return version, fmt.Errorf("watch pods: %w", err)
		}
		v, err := s.apply(&e)
		if err != nil {
			return version, fmt.Errorf("watch pods: %w", err)
		}
		if v != "" {
			version = v
		}
	}
}

// apply takes one event and returns the version it brings.
func (s *Source) apply(e *event) (version string, err error) {
	if e.Type == "ERROR" {
		var st struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal(e.Object, &st); err != nil {
			return "", err
		}
		if st.Code == 0 {
			st.Code = http.StatusInternalServerError
		}
		return "", &statusError{code: st.Code, message: st.Message}
	}
	var o object
	if err := json.Unmarshal(e.Object, &o); err != nil {
		return "", err
	}
	switch e.Type {
	case "ADDED", "MODIFIED":
		s.pods.put(o.pod(s.cfg.Labels))
	case "DELETED":
		s.pods.remove(o.Metadata.UID, time.Now())
	case "BOOKMARK": // only the version
	default:
		return "", fmt.Errorf("event %q is not known", e.Type)
	}
	s.note(func(r *Report) { r.Events++ })
	return o.Metadata.ResourceVersion, nil
}

// bounded fails a reader that gives more than left.
type bounded struct {
	r    io.Reader
	left int
}

var errEvent = errors.New("an event is too large")

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errEvent
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
