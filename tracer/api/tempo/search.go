package tempo

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wirespan/wirespan/tracer/api/find"
	"github.com/wirespan/wirespan/tracer/query"
)

// Defaults are Tempo's, but for the time that is searched: its recent blocks, here an
// hour.
const (
	defaultLimit = 20
	defaultSpans = 3
	defaultBack  = time.Hour
)

// summary is a TraceSearchMetadata of tempopb in JSON.
type summary struct {
	TraceID  string    `json:"traceID"`
	Service  string    `json:"rootServiceName"`
	Name     string    `json:"rootTraceName"`
	Start    string    `json:"startTimeUnixNano"`
	Duration int64     `json:"durationMs,omitempty"`
	SpanSets []spanSet `json:"spanSets,omitempty"`
	SpanSet  *spanSet  `json:"spanSet,omitempty"`
}

type spanSet struct {
	Spans   []spanRow `json:"spans"`
	Matched int       `json:"matched"`
}

type spanRow struct {
	ID         string   `json:"spanID"`
	Name       string   `json:"name,omitempty"`
	Start      string   `json:"startTimeUnixNano"`
	Duration   string   `json:"durationNanos"`
	Attributes []keyVal `json:"attributes,omitempty"`
}

type keyVal struct {
	Key   string            `json:"key"`
	Value map[string]string `json:"value"`
}

func (a *API) search(ctx context.Context, r *http.Request) (body, error) {
	v := r.URL.Query()
	q, err := a.question(r, v)
	if err != nil {
		return body{}, err
	}
	limit, err := number(v, "limit", defaultLimit, a.Limits.Traces)
	if err != nil {
		return body{}, err
	}
	perSet, err := number(v, "spss", defaultSpans, 1000)
	if err != nil {
		return body{}, err
	}
	q.Traces = limit
	found, err := find.Traces(ctx, a.Store, a.Assembler, q)
	if err != nil {
		return body{}, err
	}
	list := make([]summary, len(found.List))
	for i := range list {
		list[i] = summaryOf(&found.List[i], perSet)
	}
	metrics := map[string]any{"inspectedTraces": len(list), "inspectedSpans": strconv.Itoa(found.Looked)}
	if found.Cut != "" { // Grafana shows that an answer is partial by these
		metrics["totalJobs"], metrics["completedJobs"] = 2, 1
	}
	return asJSON(map[string]any{"traces": list, "metrics": metrics})
}

func number(v url.Values, name string, otherwise, most int) (int, error) {
	text := v.Get(name)
	if text == "" {
		return min(otherwise, most), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return 0, find.Bad("invalid %s: %q is no positive number", name, text)
	}
	return min(n, most), nil
}

// question reads q, or tags and durations of the older API.
func (a *API) question(r *http.Request, v url.Values) (q *find.Question, err error) {
	q = &find.Question{}
	if q.Window, err = window(r); err != nil {
		return q, err
	}
	if q.To == 0 {
		q.To = a.Now().UnixNano()
	}
	if q.From == 0 {
		q.From = max(0, q.To-int64(defaultBack))
	}
	var where string
	if text := v.Get("q"); text != "" {
		if where, q.Keep, err = translate(text); err != nil {
			return q, err
		}
	} else if where, err = tagsAsked(v.Get("tags")); err != nil {
		return q, err
	}
	for _, d := range []struct {
		name string
		to   *int64
	}{{"minDuration", &q.MinDuration}, {"maxDuration", &q.MaxDuration}} {
		if text := v.Get(d.name); text != "" {
			n, err := time.ParseDuration(text)
			if err != nil || n < 0 {
				return q, find.Bad("invalid %s: %q is no duration", d.name, text)
			}
			*d.to = int64(n)
		}
	}
	if where != "" {
		if q.Where, err = query.ParseStored(where, a.Keys); err != nil {
			return q, find.Bad("%v", err)
		}
	}
	return q, nil
}

// tagsAsked reads tags in logfmt: service.name=web http.method="GET".
func tagsAsked(text string) (string, error) {
	var terms []string
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		k, after, ok := strings.Cut(rest, "=")
		if !ok || k == "" || strings.ContainsAny(k, " \"") {
			return "", find.Bad("invalid tags: want key=value, got %q", rest)
		}
		var v string
		if strings.HasPrefix(after, `"`) {
			q, err := strconv.QuotedPrefix(after)
			if err != nil {
				return "", find.Bad("invalid tags: a quote of %s is not closed", k)
			}
			v, _ = strconv.Unquote(q)
			rest = after[len(q):]
		} else {
			v, rest, _ = strings.Cut(after, " ")
		}
		switch k {
		case "name", "status", "kind":
			terms = append(terms, k+" = "+query.Quote(v))
		case "error":
			terms = append(terms, map[bool]string{true: "error", false: "not error"}[v == "true"])
		default:
			terms = append(terms, query.Quote(k)+" = "+query.Quote(v))
		}
	}
	return strings.Join(terms, " and "), nil
}

func summaryOf(f *find.Found, spans int) summary {
	t := f.Trace
	root := t.Nodes[0].Span
	s := summary{
		TraceID: t.ID.String(), Service: root.Service, Name: root.Name,
		Start: strconv.FormatInt(t.Start, 10), Duration: (t.End - t.Start) / 1e6,
	}
	set := spanSet{Matched: len(f.Matched), Spans: []spanRow{}}
	for _, i := range f.Matched[:min(spans, len(f.Matched))] {
		n := &t.Nodes[i]
		set.Spans = append(set.Spans, spanRow{
			ID: n.Span.ID.String(), Name: n.Span.Name, Start: strconv.FormatInt(n.Start, 10), Duration: strconv.FormatInt(n.End-n.Start, 10),
			Attributes: []keyVal{{"service.name", map[string]string{"stringValue": n.Span.Service}}},
		})
	}
	s.SpanSets, s.SpanSet = []spanSet{set}, &set
	return s
}
