package export

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"testing"
	"time"
)

// archive is HAR 1.2 as readers want it: all mandatory fields.
type archive struct {
	Log struct {
		Version string
		Creator struct{ Name, Version string }
		Pages   []any
		Entries []struct {
			StartedDateTime time.Time
			Time            float64
			Request         struct {
				Method, URL, HTTPVersion string
				Cookies                  []any
				Headers, QueryString     []struct{ Name, Value *string }
				HeadersSize, BodySize    *int
			}
			Response struct {
				Status      *int
				StatusText  *string
				HTTPVersion string
				Cookies     []any
				Headers     []struct{ Name, Value *string }
				Content     struct {
					Size     *int
					MimeType *string
				}
				RedirectURL           *string
				HeadersSize, BodySize *int
			}
			Cache           map[string]any
			Timings         struct{ Blocked, DNS, Connect, SSL, Send, Wait, Receive *float64 }
			ServerIPAddress string
			Connection      string
		}
	}
}

func TestHARGolden(t *testing.T) {
	got := both(t, func(b *bytes.Buffer) writer { return NewHAR(b, registry(), "1.2.3") }, trace(1), trace(2))
	golden(t, "archive.har", got)
	var a archive
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatal(err)
	}
	if len(a.Log.Entries) != 4 || a.Log.Pages == nil {
		t.Fatalf("%d entries", len(a.Log.Entries))
	}
	for i, e := range a.Log.Entries {
		sum := 0.0
		for _, p := range []*float64{e.Timings.Blocked, e.Timings.DNS, e.Timings.Connect, e.Timings.Send, e.Timings.Wait, e.Timings.Receive} {
			if p == nil {
				t.Fatalf("entry %d lacks a timing", i)
			}
			sum += max(*p, 0)
		}
		if math.Abs(sum-e.Time) > 1e-9 {
			t.Errorf("entry %d: time %v, timings sum to %v", i, e.Time, sum)
		}
		r, s := e.Request, e.Response
		if r.Cookies == nil || r.Headers == nil || r.QueryString == nil || r.HeadersSize == nil || r.BodySize == nil || r.URL == "" || r.HTTPVersion == "" ||
			s.Status == nil || s.StatusText == nil || s.Cookies == nil || s.Headers == nil || s.Content.Size == nil || s.Content.MimeType == nil ||
			s.RedirectURL == nil || s.HeadersSize == nil || s.BodySize == nil || e.Cache == nil {
			t.Errorf("entry %d lacks a mandatory field", i)
		}
	}
	first := a.Log.Entries[0]
	if first.Request.URL != "https://shop.example/orders?dry=1&token=REDACTED&&flag" || first.ServerIPAddress != "192.0.2.20" || first.Connection != "50123" {
		t.Errorf("got %+v", first)
	}
	if want := time.Unix(0, t0-7*ms-1).Truncate(time.Millisecond); !first.StartedDateTime.Equal(want) {
		t.Errorf("started %v, want %v", first.StartedDateTime, want)
	}
	if got := a.Log.Entries[1].Request.URL; got != "http://[2001:db8::6]:8080/stock/7" {
		t.Errorf("url %s", got)
	}
}

func TestHARWithoutEntries(t *testing.T) {
	var out bytes.Buffer
	feed(t, NewHAR(&out, registry(), ""), false)
	if !json.Valid(out.Bytes()) {
		t.Errorf("invalid: %s", out.Bytes())
	}
}

func BenchmarkHAR(b *testing.B) {
	w, spans, ctx := NewHAR(discard{}, registry(), "1"), trace(1), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := w.WriteSpans(ctx, spans); err != nil {
			b.Fatal(err)
		}
	}
}
