package complete

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// fault is what is wrong with a request, with its status of HTTP.
type fault struct {
	status int
	text   string
}

func (f *fault) Error() string { return f.text }

func bad(format string, args ...any) error {
	return &fault{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// settings are those that both requests of DeepFlow's have. Names are taken in upper
// case, too: encoding/json does not look at case.
type settings struct {
	MaxIteration *int64   `json:"max_iteration"`
	NetworkDelay *int64   `json:"network_delay_us"`
	Debug        bool     `json:"debug"`
	Sources      []string `json:"signal_sources"` // otel, packet, ebpf: rows of others are left out
}

// check refuses what DeepFlow refuses.
func (s *settings) check() (shown map[store.Signal]bool, err error) {
	if s.MaxIteration != nil && *s.MaxIteration < 1 {
		return nil, bad("max_iteration: %d, want at least 1", *s.MaxIteration)
	}
	if s.NetworkDelay != nil && *s.NetworkDelay < 1 {
		return nil, bad("network_delay_us: %d, want at least 1", *s.NetworkDelay)
	}
	for _, name := range s.Sources {
		signal, ok := map[string]store.Signal{"packet": store.NET, "ebpf": store.SYS, "otel": store.APP, "0": store.NET, "3": store.SYS, "4": store.APP}[strings.ToLower(name)]
		if !ok {
			return nil, bad("signal_sources: %q, want packet, ebpf or otel", name)
		}
		if shown == nil {
			shown = make(map[store.Signal]bool)
		}
		shown[signal] = true
	}
	return shown, nil
}

// request is the body: DeepFlow's, or ours, which says spans.
type request struct {
	settings
	AppSpans []api.AppSpan `json:"app_spans"`
	api.Completion
}

// question is what was asked.
type question struct {
	spans  []store.Span
	names  map[span.SpanID]string  // ids as they were written
	traces map[span.TraceID]string // the same
	shown  map[store.Signal]bool   // nil: all
}

// decode reads a body of one JSON value.
func (a *API) decode(w http.ResponseWriter, r *http.Request, to any) error {
	if c := r.Header.Get("Content-Encoding"); c != "" && !strings.EqualFold(c, "identity") {
		return &fault{http.StatusUnsupportedMediaType, fmt.Sprintf("Content-Encoding %.40q: the body is taken as it is only", c)}
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, a.Limits.Bytes))
	err := d.Decode(to)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("there is more behind its end")
		}
	}
	return bodyFault(err)
}

// bodyFault says why a body cannot be read, in words of those who wrote it.
func bodyFault(err error) error {
	var size *http.MaxBytesError
	var kind *json.UnmarshalTypeError
	var away net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &size):
		return &fault{http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d bytes", size.Limit)}
	case errors.As(err, &away):
		return &fault{http.StatusRequestTimeout, "it did not come in time"}
	case errors.As(err, &kind):
		return bad("%s: %s where another type is wanted, at byte %d", kind.Field, kind.Value, kind.Offset)
	case errors.Is(err, io.EOF):
		return bad("it is empty, want a JSON object")
	}
	return bad("no JSON of this form: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// read reads the spans of an APM.
func (a *API) read(w http.ResponseWriter, r *http.Request) (*question, error) {
	var body request
	if err := a.decode(w, r, &body); err != nil {
		return nil, err
	}
	shown, err := body.check()
	if err != nil {
		return nil, err
	}
	list := append(body.AppSpans, body.Spans...)
	if len(list) == 0 {
		return nil, bad("app_spans: there must be at least one span")
	}
	if len(list) > a.Limits.Spans {
		return nil, bad("app_spans: %d spans, at most %d are taken", len(list), a.Limits.Spans)
	}
	q := &question{
		spans: make([]store.Span, len(list)), names: make(map[span.SpanID]string), traces: make(map[span.TraceID]string), shown: shown,
	}
	for i := range list {
		if err := q.add(&q.spans[i], &list[i], i); err != nil {
			return nil, err
		}
	}
	divide(q.spans)
	return q, nil
}

// add makes one of our spans of one that came.
func (q *question) add(out *store.Span, s *api.AppSpan, i int) error {
	id, ok := traceID(s.TraceID)
	if !ok {
		return bad("app_spans[%d].trace_id: %.100q, want hex digits, or an id of SkyWalking", i, s.TraceID)
	}
	if out.ID, ok = spanID(s.SpanID); !ok || out.ID.IsZero() {
		return bad("app_spans[%d].span_id: %.100q, want hex digits, or an id of SkyWalking", i, s.SpanID)
	}
	if out.Parent, ok = spanID(s.Parent); !ok {
		return bad("app_spans[%d].parent_span_id: %.100q, want hex digits, or an id of SkyWalking", i, s.Parent)
	}
	if s.Kind < 0 || s.Kind > 5 {
		return bad("app_spans[%d].span_kind: %d, want 0 to 5", i, s.Kind)
	}
	const most = 1 << 52 // us, in the year 2112
	if s.Start <= 0 || s.Start > most || s.End < s.Start || s.End > most {
		return bad("app_spans[%d]: start_time_us %d and end_time_us %d are no times in microseconds, one behind the other", i, s.Start, s.End)
	}
	q.traces[id], q.names[out.ID] = s.TraceID, s.SpanID
	if !out.Parent.IsZero() {
		q.names[out.Parent] = s.Parent
	}
	// It ended within the microsecond, not at its beginning.
	out.Trace, out.Kind, out.Start, out.End = id, span.Kind(s.Kind), s.Start*1000, s.End*1000+999
	out.Service, out.Name = s.Service, s.Name
	for k, v := range s.Attrs {
		value, ok := valueOf(v)
		if !ok {
			return bad("app_spans[%d].attributes.%.100s: want a text, a number or a truth value", i, k)
		}
		out.Attrs = append(out.Attrs, store.Attr{Key: k, Value: value})
	}
	return nil
}

// valueOf takes digits for a number, as attributes of ports and statuses are.
func valueOf(v any) (store.Value, bool) {
	switch v := v.(type) {
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return store.IntValue(n), true
		}
		return store.StringValue(v), true
	case bool:
		return store.BoolValue(v), true
	case float64:
		if n := int64(v); float64(n) == v && n < 1<<53 && n > -1<<53 {
			return store.IntValue(n), true
		}
		return store.DoubleValue(v), true
	}
	return store.Value{}, false
}

// divide tells processes apart where no service is named: a request from one to
// another lies between a span of the client's kind and one of the server's. Clocks
// are those of processes.
func divide(spans []store.Span) {
	at := make(map[span.SpanID]int, len(spans))
	for i := range spans {
		at[spans[i].ID] = i
	}
	remote := func(child, parent *store.Span) bool {
		return child.Kind == span.Server || child.Kind == span.Consumer || parent.Kind == span.Client || parent.Kind == span.Producer
	}
	for i := range spans {
		if spans[i].Service != "" {
			continue
		}
		top := i
		for range spans {
			p, ok := at[spans[top].Parent]
			if !ok || p == top || remote(&spans[top], &spans[p]) {
				break
			}
			top = p
		}
		spans[i].Instance = spans[top].ID.String()
	}
}
