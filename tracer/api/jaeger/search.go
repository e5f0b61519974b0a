package jaeger

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/api/find"
	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/store"
)

// defaultLimit and defaultBack are Jaeger's.
const (
	defaultLimit = 100
	defaultBack  = 48 * time.Hour
)

// ask is what a search asks for.
type ask struct {
	service, operation, min, max string
	from, to                     int64
	tags                         map[string]string
	limit                        int
}

// search is GET /api/traces: by ids, or by what spans are like.
func (a *API) search(ctx context.Context, r *http.Request) (any, error) {
	v := r.URL.Query()
	if ids := v["traceID"]; len(ids) > 0 {
		return a.byIDs(ctx, ids)
	}
	q := ask{service: v.Get("service"), operation: v.Get("operation"), min: v.Get("minDuration"), max: v.Get("maxDuration")}
	q.from, q.to = micros(v.Get("start")), micros(v.Get("end"))
	if q.service == "" {
		return nil, find.Bad("parameter 'service' is required")
	}
	var err error
	if q.limit, err = limitOf(v.Get("limit"), a.Limits.Traces); err != nil {
		return nil, err
	}
	if q.tags, err = tagsAsked(v); err != nil {
		return nil, err
	}
	found, err := a.find(ctx, &q)
	if err != nil {
		return nil, err
	}
	list := make([]trace, len(found))
	for i := range found {
		list[i] = traceOf(found[i].Trace)
	}
	return listed(list), nil
}

func (a *API) byIDs(ctx context.Context, ids []string) (any, error) {
	out := answer{}
	list := []trace{}
	for _, text := range ids[:min(len(ids), a.Limits.Traces)] {
		t, err := a.get(ctx, text, store.Window{})
		var no *find.Refusal
		if errors.As(err, &no) {
			out.Errors = append(out.Errors, fault{Code: no.Status, Msg: no.Text, TraceID: text})
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, traceOf(t))
	}
	out.Data, out.Total = list, len(list)
	return out, nil
}

func limitOf(text string, most int) (int, error) {
	if text == "" {
		return min(defaultLimit, most), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return 0, find.Bad("unable to parse param 'limit': %q", text)
	}
	return min(n, most), nil
}

// tagsAsked reads tag=key:value and tags={"key":"value"}.
func tagsAsked(v url.Values) (map[string]string, error) {
	list := map[string]string{}
	for _, t := range v["tag"] {
		k, value, ok := strings.Cut(t, ":")
		if !ok {
			return nil, find.Bad("malformed 'tag' parameter, expecting key:value, received: %s", t)
		}
		list[k] = value
	}
	for _, t := range v["tags"] {
		var m map[string]any
		if err := json.Unmarshal([]byte(t), &m); err != nil {
			return nil, find.Bad("malformed 'tags' parameter, cannot unmarshal JSON: %v", err)
		}
		for k, value := range m {
			text, ok := value.(string)
			if !ok {
				b, _ := json.Marshal(value)
				text = string(b)
			}
			list[k] = text
		}
	}
	return list, nil
}

// find makes a question of it in the language of --where.
func (a *API) find(ctx context.Context, q *ask) ([]find.Found, error) {
	s := store.Query{Window: store.Window{From: q.from, To: q.to}, Service: q.service, Operation: q.operation}
	if s.To == 0 {
		s.To = a.Now().UnixNano()
	}
	if s.From == 0 {
		s.From = max(0, s.To-int64(defaultBack))
	}
	for _, d := range []struct {
		name, text string
		to         *int64
	}{{"minDuration", q.min, &s.MinDuration}, {"maxDuration", q.max, &s.MaxDuration}} {
		if d.text == "" {
			continue
		}
		v, err := time.ParseDuration(d.text)
		if err != nil || v < 0 {
			return nil, find.Bad("unable to parse param '%s': %q is no duration", d.name, d.text)
		}
		*d.to = int64(v)
	}
	if len(q.tags) > 0 {
		e, err := query.ParseStored(where(q.tags), a.Keys)
		if err != nil {
			return nil, find.Bad("tags: %v", err)
		}
		s.Where = e
	}
	list, _, err := find.Traces(ctx, a.Store, a.Assembler, s, q.limit)
	return list, err
}

// where asks for tags, those that Jaeger makes of other fields included.
func where(tags map[string]string) string {
	keys := make([]string, 0, len(tags))
	for k := range tags {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	terms := make([]string, len(keys))
	for i, k := range keys {
		v := tags[k]
		switch {
		case k == "error" && v == "true":
			terms[i] = "error"
		case k == "error" && v == "false":
			terms[i] = "not error"
		case k == "span.kind":
			terms[i] = "kind = " + query.Quote(v)
		default:
			terms[i] = query.Quote(k) + " = " + query.Quote(v)
		}
	}
	return strings.Join(terms, " and ")
}

// search3 is GET /api/v3/traces (jaeger-idl, api_v3/query_service.proto).
func (a *API) search3(ctx context.Context, r *http.Request) (any, error) {
	v := r.URL.Query()
	get := func(names ...string) string {
		for _, n := range names {
			if s := v.Get(n); s != "" {
				return s
			}
		}
		return ""
	}
	q := ask{
		service: get("query.service_name", "query.serviceName"), operation: get("query.operation_name", "query.operationName"),
		min: get("query.duration_min", "query.durationMin"), max: get("query.duration_max", "query.durationMax"), tags: map[string]string{},
	}
	var err error
	if q.from, err = stamp(get("query.start_time_min", "query.startTimeMin")); err != nil {
		return nil, err
	}
	if q.to, err = stamp(get("query.start_time_max", "query.startTimeMax")); err != nil {
		return nil, err
	}
	if q.limit, err = limitOf(get("query.search_depth", "query.searchDepth", "query.num_traces", "query.numTraces"), a.Limits.Traces); err != nil {
		return nil, err
	}
	if t := get("query.attributes"); t != "" {
		if err := json.Unmarshal([]byte(t), &q.tags); err != nil {
			return nil, find.Bad("malformed parameter query.attributes: %v", err)
		}
	}
	found, err := a.find(ctx, &q)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &find.Refusal{Status: http.StatusNotFound, Text: "No traces found"}
	}
	b := []byte(`{"result":{"resourceSpans":[`)
	for i := range found {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, resourceSpans(api.AppendOTLP(nil, found[i].Trace))...)
	}
	return append(b, `]}}`...), nil
}

func (a *API) trace3(ctx context.Context, r *http.Request) (any, error) {
	v := r.URL.Query()
	from, err := stamp(v.Get("start_time"))
	if err != nil {
		return nil, err
	}
	to, err := stamp(v.Get("end_time"))
	if err != nil {
		return nil, err
	}
	t, err := a.get(ctx, r.PathValue("id"), store.Window{From: from, To: to})
	if err != nil {
		return nil, err
	}
	return append(api.AppendOTLP([]byte(`{"result":`), t), '}'), nil
}

// resourceSpans is the inside of the list of a TracesData.
func resourceSpans(traces []byte) []byte {
	const head, tail = `{"resourceSpans":[`, `]}`
	return traces[len(head) : len(traces)-len(tail)]
}

func stamp(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, find.Bad("malformed time %q: want RFC 3339", text)
	}
	return t.UnixNano(), nil
}
