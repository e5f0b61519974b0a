package jaeger

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
	back                         string // how far to look, where there is no from
	store.Window
	tags  map[string]string
	limit int
}

// search is GET /api/traces: by ids, or by what spans are like.
func (a *API) search(ctx context.Context, r *http.Request) (any, error) {
	v := r.URL.Query()
	if ids := v["traceID"]; len(ids) > 0 {
		return a.byIDs(ctx, ids)
	}
	q := ask{service: v.Get("service"), operation: v.Get("operation"), min: v.Get("minDuration"), max: v.Get("maxDuration"), back: v.Get("lookback")}
	if q.service == "" {
		return nil, find.Bad("parameter 'service' is required")
	}
	var err error
	if q.Window, err = window(v); err != nil {
		return nil, err
	}
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
	list := make([]trace, len(found.List))
	for i := range list {
		list[i] = traceOf(found.List[i].Trace)
	}
	out := listed(list)
	if found.Cut != "" {
		out.Errors = []fault{{Code: http.StatusPartialContent, Msg: found.Cut}}
	}
	return out, nil
}

func (a *API) byIDs(ctx context.Context, ids []string) (any, error) {
	out := answer{}
	list := []trace{}
	spans := 0
	for _, text := range ids[:min(len(ids), a.Limits.Traces)] {
		t, err := a.get(ctx, text, store.Window{})
		if err != nil {
			told := find.Told(ctx, err, a.Log, "/api/traces")
			if told.Status >= http.StatusInternalServerError {
				return nil, err
			}
			out.Errors = append(out.Errors, fault{Code: told.Status, Msg: told.Text, TraceID: text})
			continue
		}
		if spans += len(t.Nodes); spans > find.MaxSpans && len(list) > 0 {
			out.Errors = append(out.Errors, fault{Code: http.StatusPartialContent, Msg: fmt.Sprintf("an answer has %d spans at most", find.MaxSpans), TraceID: text})
			break
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
func (a *API) find(ctx context.Context, q *ask) (found find.Answer, err error) {
	s := store.Query{Window: q.Window, Service: q.service, Operation: q.operation}
	if s.To == 0 {
		s.To = a.Now().UnixNano()
	}
	if s.From == 0 {
		back, err := lookback(q.back)
		if err != nil {
			return found, err
		}
		s.From = max(0, s.To-int64(back))
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
			return found, find.Bad("unable to parse param '%s': %q is no duration", d.name, d.text)
		}
		*d.to = int64(v)
	}
	text, keep := conditions(q.tags)
	if text != "" {
		if s.Where, err = query.ParseStored(text, a.Keys); err != nil {
			return found, find.Bad("tags: %v", err)
		}
	}
	return find.Traces(ctx, a.Store, a.Assembler, &find.Question{Query: s, Keep: keep, Traces: q.limit})
}

// lookback reads what Jaeger's UI calls so: 1h, 2d; custom is what start says.
func lookback(text string) (time.Duration, error) {
	if text == "" || text == "custom" {
		return defaultBack, nil
	}
	days, ok := strings.CutSuffix(text, "d")
	if n, err := strconv.ParseUint(days, 10, 16); ok && err == nil && n > 0 {
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, find.Bad("unable to parse param 'lookback': %q, want 1h or 2d", text)
	}
	return d, nil
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
	if q.From, err = stamp(get("query.start_time_min", "query.startTimeMin")); err != nil {
		return nil, err
	}
	if q.To, err = stamp(get("query.start_time_max", "query.startTimeMax")); err != nil {
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
	if len(found.List) == 0 {
		return nil, &find.Refusal{Status: http.StatusNotFound, Text: "No traces found"}
	}
	b := []byte(`{"result":{"resourceSpans":[`)
	for i := range found.List {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, resourceSpans(api.AppendOTLP(nil, found.List[i].Trace))...)
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
