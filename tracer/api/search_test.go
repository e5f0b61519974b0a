package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

// TestSearchSpans: every parameter chooses what it says.
func TestSearchSpans(t *testing.T) { engines(t, testSearchSpans) }

func testSearchSpans(t *testing.T, open func(*testing.T) store.Store) {
	w := newWorldOn(t, open(t), 8, nil)
	all := 8 * len(requestSpans(0))
	for path, want := range map[string]int{
		"":                                       all,
		"service=shop":                           24,
		"service=shop&service=gw":                24 + 16,
		"service=shop&operation=s3&operation=q3": 2,
		"protocol=mysql":                         8,
		"protocol=http":                          all - 8,
		"kind=client":                            8,
		"signal=APP":                             16,
		"agent=a":                                8,
		"point=eth1":                             8,
		"status=error":                           2,
		"status=200":                             8,
		"status=2xx&service=shop":                8,
		"min_duration=95ms":                      16,
		"max_duration=50ms":                      8,
		"min_duration=85ms&max_duration=90ms":    8,
		"address=192.0.2.1":                      16,
		"address=192.0.2.0/30":                   24,
		"address=db.example":                     8,
		"id=" + requestID(0):                     3,
		"attribute=k8s.pod.name%3Dshop-1":        4,
		"attribute=k8s.pod.name%3Dshop-1&status=error": 2,
		"text=out+of":      2,
		"text=cart+loaded": 8,
		"text=shop-1":      4,
		"from=" + digits(scene.Epoch+3000*scene.Ms):         all * 5 / 8,
		"to=2023-11-14T22:13:23Z":                           all * 3 / 8,
		"from=2023-11-14T22:13:23Z&to=2023-11-14T22:13:24Z": all / 8,
		"from=-1m":  all,
		"from=-57s": all * 5 / 8,
		"q=" + esc("service = shop and duration > 50ms and http.response.status_code >= 200"): 8,
		"q=" + esc("service = shop") + "&service=gw":                                          0,
		"q=" + esc("error or name = q0"):                                                      3,
	} {
		got := get[Spans](w, "spans?limit=1000&"+path)
		if len(got.Spans) != want || !got.Complete || got.Next != "" {
			t.Errorf("%s: %d spans, want %d (complete %v, next %q)", path, len(got.Spans), want, got.Complete, got.Next)
		}
		if !slices.IsSortedFunc(got.Spans, func(a, b Span) int { return -strings.Compare(a.Start, b.Start) }) {
			t.Errorf("%s: not the latest first", path)
		}
	}
}

// TestSearchPages: pages of any size hold the same spans, each once, also where
// many begin at the same time.
func TestSearchPages(t *testing.T) { engines(t, testSearchPages) }

func testSearchPages(t *testing.T, open func(*testing.T) store.Store) {
	st := open(t)
	want := map[string]bool{}
	var spans []store.Span
	for i := range 300 {
		s := store.Span{Trace: span.TraceID{1}, ID: span.SpanID{1, byte(i), byte(i >> 8)}, Start: int64(1e18) + int64(i/100)*1e6, End: 2e18, Service: "s", Name: "n"}
		want[s.ID.String()] = true
		spans = append(spans, s)
	}
	if err := st.Write(t.Context(), append(spans, spans[:50]...)); err != nil { // some twice
		t.Fatal(err)
	}
	w := worldOf(t, st, nil)
	for _, limit := range []int{1, 7, 100, 299, 300, 1000} {
		got, next := map[string]bool{}, ""
		for page := 0; page == 0 || next != ""; page++ {
			if page > 400 {
				t.Fatal("pages have no end")
			}
			p := get[Spans](w, fmt.Sprintf("spans?limit=%d&cursor=%s", limit, next))
			for _, s := range p.Spans {
				if got[s.SpanID] {
					t.Fatalf("limit %d: %s twice", limit, s.SpanID)
				}
				got[s.SpanID] = true
			}
			next = p.Next
		}
		if len(got) != len(want) {
			t.Errorf("limit %d: %d spans, want %d", limit, len(got), len(want))
		}
	}
}

// TestSearchTies: what a cursor cannot keep apart is told.
func TestSearchTies(t *testing.T) {
	st, err := memory.New(memory.Default())
	if err != nil {
		t.Fatal(err)
	}
	var spans []store.Span
	for i := range 1500 {
		spans = append(spans, store.Span{Trace: span.TraceID{1}, ID: span.SpanID{1, byte(i), byte(i >> 8)}, Start: 1e18, End: 2e18})
	}
	spans = append(spans, store.Span{Trace: span.TraceID{1}, ID: span.SpanID{2}, Start: 1e17, End: 2e17})
	if err := st.Write(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	w := worldOf(t, st, nil)
	p := get[Spans](w, "spans?limit=1000")
	if len(p.Spans) != 1000 || len(p.Limits) != 1 || !strings.Contains(p.Limits[0], "more than 512 spans begin at 2001-09-09T01:46:40Z") {
		t.Fatalf("%d spans, %v", len(p.Spans), p.Limits)
	}
	if p = get[Spans](w, "spans?limit=1000&cursor="+p.Next); len(p.Spans) != 1 || p.Next != "" {
		t.Errorf("%d spans behind them, next %q", len(p.Spans), p.Next)
	}
}

// TestSearchTraces: traces are those that are assembled, once each, on the page of
// the latest span that was asked for.
func TestSearchTraces(t *testing.T) { engines(t, testSearchTraces) }

func testSearchTraces(t *testing.T, open func(*testing.T) store.Store) {
	w := newWorldOn(t, open(t), 10, nil)
	for _, path := range []string{"", "service=shop", "signal=NET&agent=a", "q=" + esc("any contains shop")} {
		for _, limit := range []int{1, 3, 10, 100} {
			var got []string
			next := ""
			for page := 0; page == 0 || next != ""; page++ {
				if page > 20 {
					t.Fatal("pages have no end")
				}
				p := get[Traces](w, fmt.Sprintf("traces?limit=%d&%s&cursor=%s", limit, path, next))
				for _, s := range p.Traces {
					got = append(got, s.TraceID)
					if s.Spans != 5 || s.Roots != 1 || s.Matched == 0 || s.Service != "gw" || s.Duration < 100*scene.Ms {
						t.Fatalf("%+v", s)
					}
				}
				next = p.Next
			}
			var want []string
			for i := 9; i >= 0; i-- {
				want = append(want, scene.TraceOf(fmt.Sprintf("T%d", i)).String())
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s by %d:\n%v, want\n%v", path, limit, got, want)
			}
		}
	}
	p := get[Traces](w, "traces?status=error&service=shop")
	if len(p.Traces) != 2 || p.Traces[0].Errors != 1 || p.Traces[0].Matched != 1 || p.Traces[0].Status != "UNSET" {
		t.Errorf("%+v", p.Traces)
	}
}

func TestSearchProblems(t *testing.T) {
	w := newWorld(t, 1, nil)
	for path, want := range map[string]Problem{
		"spans?q=" + esc("servce = web"):                   {Type: "query", Parameter: "q", Detail: `unknown field "servce", did you mean "service"?`, Marker: "servce = web\n^^^^^^"},
		"spans?q=" + esc("service = web and duration>5"):   {Type: "query", Parameter: "q", Detail: `duration needs a duration such as 10ms or 1.5s, not "5"`, Marker: "service = web and duration>5\n                           ^"},
		"check?q=" + esc("(error"):                         {Type: "query", Parameter: "q", Detail: "parenthesis is not closed", Marker: "(error\n^"},
		"spans?limt=5":                                     {Type: "parameter", Parameter: "limt"},
		"spans?limit=0":                                    {Type: "parameter", Parameter: "limit", Detail: `is a number from 1 to 1000, not "0"`},
		"spans?limit=5&limit=6":                            {Type: "parameter", Parameter: "limit", Detail: "is given 2 times"},
		"spans?from=yesterday":                             {Type: "parameter", Parameter: "from"},
		"spans?from=5&to=4":                                {Type: "parameter", Parameter: "to", Detail: "is not after from"},
		"spans?min_duration=5":                             {Type: "parameter", Parameter: "min_duration"},
		"spans?kind=database":                              {Type: "parameter", Parameter: "kind"},
		"spans?attribute=x":                                {Type: "parameter", Parameter: "attribute"},
		"spans?attribute=wirespan.vlan%3Dred":              {Type: "parameter", Parameter: "attribute"},
		"spans?cursor=abc":                                 {Type: "parameter", Parameter: "cursor"},
		"spans?text=" + strings.Repeat("x", 17000):         {Type: "parameter", Parameter: "q"},
		"traces?status=" + strings.Repeat("x&status=", 70): {Type: "parameter", Parameter: "status"},
		"spans?a;b":                                        {Type: "parameter"},
		"nothing":                                          {Type: "not-found"},
		"spans/xyz":                                        {Type: "not-found"},
		"spans/00000000000000aa":                           {Type: "not-found"},
		"traces/nobody":                                    {Type: "not-found"},
		"traces/x?format=xml":                              {Type: "parameter", Parameter: "format"},
		"traces/x?width=5":                                 {Type: "parameter", Parameter: "width"},
		"rates?step=7s":                                    {Type: "parameter", Parameter: "step"},
		"rates?step=10s&from=-48h":                         {Type: "parameter", Parameter: "step"},
		"attributes/wirespan.facts/values":                 {Type: "not-found"},
		"map?traces=100000":                                {Type: "parameter", Parameter: "traces"},
		"live":                                             {Type: "not-found"},
		"spans/0000000000000001/packets":                   {Type: "forbidden"},
	} {
		got := w.refused(path)
		if got.Type != "urn:wirespan:problem:"+want.Type || got.Parameter != want.Parameter ||
			want.Detail != "" && got.Detail != want.Detail || want.Marker != "" && got.Marker != want.Marker {
			t.Errorf("%.60s: %+v", path, got)
		}
	}
	p := w.refused("spans?q=" + esc("error and servce = web"))
	if p.Position == nil || *p.Position != 10 || *p.Length != 6 {
		t.Errorf("place: %+v", p)
	}
	if got := get[Checked](w, "check?q="+esc("http.response.status_cod = 5")); len(got.Hints) != 1 || !strings.Contains(got.Hints[0], "did you mean http.response.status_code?") {
		t.Errorf("hints: %v", got.Hints)
	}
}

// TestDeadline: what was found in time is answered, and goes on at its cursor.
func TestDeadline(t *testing.T) {
	w := newWorld(t, 4, nil)
	slow := worldOf(t, stuck{w.st, 7}, func(c *Config) { c.Limits.Timeout = 150 * time.Millisecond })
	p := get[Spans](slow, "spans?limit=20")
	if len(p.Spans) != 7 || p.Complete || p.Next == "" || len(p.Limits) != 1 {
		t.Fatalf("%d spans, %+v", len(p.Spans), p.page)
	}
	rest := get[Spans](w, "spans?limit=20&cursor="+p.Next)
	if len(rest.Spans) != 13 {
		t.Errorf("%d spans behind the cursor", len(rest.Spans))
	}
	none := worldOf(t, stuck{w.st, 0}, func(c *Config) { c.Limits.Timeout = 150 * time.Millisecond })
	if p := none.refused("spans"); p.Status != http.StatusGatewayTimeout {
		t.Errorf("%+v", p)
	}
}

// TestScanLimit: a search for traces that looks at too many spans says so, and can
// go on.
func TestScanLimit(t *testing.T) {
	st, err := memory.New(memory.Default())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		for _, trace := range []string{"A", "B"} {
			s := scene.SDK("s", trace, fmt.Sprintf("%s%d", trace, i), "", span.Internal, int64(i), int64(i+1))
			if trace == "A" {
				s.Start += 1e9
			}
			if err := st.Write(t.Context(), []store.Span{s}); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := worldOf(t, st, func(c *Config) { c.Limits.Scan, c.Limits.Rows = 30, 30 })
	var got []string
	next := ""
	for page := 0; page == 0 || next != ""; page++ {
		if page > 20 {
			t.Fatal("no end")
		}
		p := get[Traces](w, "traces?limit=2&cursor="+next)
		if page == 0 && (p.Complete || len(p.Limits) == 0) {
			t.Errorf("first page: %+v", p.page)
		}
		for _, s := range p.Traces {
			got = append(got, s.TraceID[:2])
		}
		next = p.Next
	}
	if !slices.Equal(got, []string{"41", "42"}) {
		t.Errorf("traces %v", got)
	}
}

// TestNumbers: JavaScript loses no digit.
func TestNumbers(t *testing.T) {
	w := newWorld(t, 1, nil)
	body := w.ask("spans?operation=s0").Body.String()
	if !strings.Contains(body, `"items":"1152921504606846977"`) || !strings.Contains(body, `"start_ns":"1700000000008000000"`) || !strings.Contains(body, `"http.response.status_code":200`) {
		t.Error(body)
	}
	list := []store.Attr{
		{Key: "nan", Value: store.DoubleValue(nan())},
		{Key: "bytes", Value: store.BytesValue("\x00\xff")},
		{Key: "none"},
		{Key: "edge", Value: store.IntValue(maxExact)},
		{Key: "beyond", Value: store.IntValue(-maxExact - 1)},
		{Key: "bad\xff", Value: store.StringValue("\xff\"")},
		{Key: "map", Value: store.Value{Type: store.Map, Map: []store.Attr{{Key: store.AttrFacts, Value: store.BoolValue(true)}, {Key: "in", Value: store.Value{Type: store.Array, List: []store.Value{store.BoolValue(true), store.DoubleValue(1e300)}}}}}},
	}
	b, err := json.Marshal(Attributes(list))
	want := `{"nan":"NaN","bytes":{"base64":"AP8="},"none":null,"edge":9007199254740991,"beyond":"-9007199254740992","bad\ufffd":"\ufffd\"","map":{"in":[true,1e+300]}}`
	if err != nil || string(b) != want {
		t.Errorf("%v\n%s\n%s", err, b, want)
	}
}

func nan() float64 { var zero float64; return zero / zero }

func FuzzCursor(f *testing.F) {
	c := first()
	c.pass(5, 1)
	c.pass(5, 2)
	f.Add(c.String())
	f.Add("AQA")
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := parseCursor(s)
		if !ok || s == "" {
			return
		}
		again, ok := parseCursor(c.String())
		if !ok || again.start != c.start || !slices.Equal(again.ties, c.ties) {
			t.Fatalf("%+v, %+v", c, again)
		}
	})
}

func FuzzParams(f *testing.F) {
	for _, s := range []string{"q=service+%3D+web&limit=5", "from=-1h&to=now", "attribute=a%3Db&text=%22&status=5xx", "from=1e9&to=1700000000000"} {
		f.Add(s)
	}
	keys, now := span.NewKeys(), time.Unix(0, scene.Epoch)
	s := requestSpans(0)[0]
	f.Fuzz(func(t *testing.T, raw string) {
		p, fault := readParams(raw, with(pageParams...), now)
		if fault != nil {
			return
		}
		q := p.question(keys)
		if p.fault == nil {
			store.Fits(&q, &s)
		}
	})
}
