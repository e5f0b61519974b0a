package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/store"
)

func TestValues(t *testing.T) { engines(t, testValues) }

func testValues(t *testing.T, open func(*testing.T) store.Store) {
	w := newWorldOn(t, open(t), 4, nil)
	for path, want := range map[string]string{
		"services":                                  "gw shop",
		"operations?service=gw":                     "GET",
		"attributes/k8s.pod.name/values":            "shop-0 shop-1",
		"attributes/service.name/values":            "gw shop",
		"attributes/protocol/values":                "http mysql",
		"attributes/network.protocol.name/values":   "http",
		"attributes/agent/values":                   "a b",
		"attributes/nobody.has.this/values":         "",
		"services?to=5":                             "",
		"attributes/k8s.pod.name/values?service=gw": "",
	} {
		if got := get[Values](w, path); strings.Join(got.Values, " ") != want {
			t.Errorf("%s: %v", path, got.Values)
		}
	}
	if got := get[Values](w, "services"); !got.Complete {
		t.Error("services are complete")
	}
	if got := get[Values](w, "services?limit=1"); got.Complete || len(got.Values) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestAttributes(t *testing.T) {
	w := newWorld(t, 4, nil)
	got := get[AttributeNames](w, "attributes?service=shop")
	if got.Sampled != 12 || !slices.IsSortedFunc(got.Attributes, func(a, b AttributeName) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("%+v", got)
	}
	i := slices.IndexFunc(got.Attributes, func(a AttributeName) bool { return a.Name == "http.response.status_code" })
	if i < 0 || got.Attributes[i] != (AttributeName{Name: "http.response.status_code", Type: "int", Spans: 4, Example: "200", Doc: "status code of the final response"}) {
		t.Errorf("%+v", got.Attributes)
	}
	if i = slices.IndexFunc(got.Attributes, func(a AttributeName) bool { return a.Name == "k8s.pod.name" }); i < 0 || !got.Attributes[i].Resource {
		t.Errorf("%+v", got.Attributes)
	}
}

func TestRates(t *testing.T) { engines(t, testRates) }

func testRates(t *testing.T, open func(*testing.T) store.Store) {
	w := newWorldOn(t, open(t), 20, nil)
	got := get[Rates](w, "rates?step=10s&signal=APP&service=shop")
	if got.Step != 10e9 || len(got.Rates) != 2 || !got.Complete {
		t.Fatalf("%+v", got)
	}
	for i, r := range got.Rates {
		if r.Count != 10 || r.PerSecond != 1 || r.Service != "shop" || r.Signal != "APP" || r.Mean != 84*scene.Ms || r.Errors != int64(2+i) {
			t.Errorf("%+v", r)
		}
		if r.P50 < 60*scene.Ms || r.P99 > 140*scene.Ms {
			t.Errorf("quantiles: %+v", r)
		}
	}
	if got = get[Rates](w, "rates?by=operation&operation=s7&from=-1h"); len(got.Rates) != 1 || got.Rates[0].Operation != "s7" || got.Rates[0].Errors != 1 {
		t.Errorf("%+v", got)
	}
	if got = get[Rates](w, "rates?step=10s&limit=1"); got.Complete || len(got.Rates) != 1 || len(got.Limits) != 1 {
		t.Errorf("%+v", got)
	}
	if got = get[Rates](w, "rates"); got.Step != 60e9 || got.Step%store.RateStep != 0 {
		t.Errorf("usual step: %d", got.Step)
	}
}

func TestStatsAndLimits(t *testing.T) {
	w := newWorld(t, 4, nil)
	s := get[Stats](w, "stats")
	if s.Spans != 20 || s.Written != 20 || s.Version != "test" || s.OldestNS != digits(scene.Epoch) {
		t.Errorf("%+v", s)
	}
	l := get[LimitAnswer](w, "limits")
	if l.Rows != 1000 || l.Packets || l.Listeners != 0 {
		t.Errorf("%+v", l)
	}
	if b := w.ask("openapi.json").Body.String(); b != string(OpenAPI()) {
		t.Error("not the document")
	}
}

// recorded has packets of some spans.
type recorded map[string]string

func (r recorded) Recording() bool { return r != nil }

func (r recorded) WritePackets(_ context.Context, s *store.Span, w io.Writer) error {
	b, ok := r[s.ID.String()]
	if !ok {
		return ErrNoPackets
	}
	if strings.HasPrefix(b, "!") {
		return errors.New("disk is gone")
	}
	_, err := io.WriteString(w, b)
	return err
}

func TestPackets(t *testing.T) {
	spans := requestSpans(0)
	with, without, broken := spans[0].ID.String(), spans[1].ID.String(), spans[2].ID.String()
	allowed := true
	w := newWorld(t, 1, func(c *Config) {
		c.Packets, c.MayPackets = recorded{with: "pcapng", broken: "!"}, func(*http.Request) bool { return allowed }
	})
	rec := w.ask("spans/" + with + "/packets")
	if rec.Code != 200 || rec.Body.String() != "pcapng" || rec.Header().Get("Content-Disposition") != `attachment; filename="`+with+`.pcapng"` {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if p := w.refused("spans/" + without + "/packets"); p.Status != 404 {
		t.Errorf("%+v", p)
	}
	if p := w.refused("spans/" + broken + "/packets"); p.Status != 500 || strings.Contains(p.Detail, "disk") {
		t.Errorf("%+v", p)
	}
	if !get[LimitAnswer](w, "limits").Packets {
		t.Error("the right is not told")
	}
	allowed = false
	if p := w.refused("spans/" + with + "/packets"); p.Status != 403 {
		t.Errorf("%+v", p)
	}
}

// TestMethods: what only reads takes GET and HEAD.
func TestMethods(t *testing.T) {
	w := newWorld(t, 1, nil)
	for _, m := range []string{http.MethodPost, http.MethodDelete, http.MethodPut} {
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, httptest.NewRequest(m, Prefix+"services", nil))
		if rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "GET, HEAD" || rec.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %v", m, rec.Code, rec.Header())
		}
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, httptest.NewRequest(http.MethodHead, Prefix+"services", nil))
	if rec.Code != http.StatusOK || rec.Header().Get("Access-Control-Allow-Origin") != "" || rec.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
}

// TestBusy: questions beyond the bound are turned away at once.
func TestBusy(t *testing.T) {
	w := newWorld(t, 1, func(c *Config) { c.Limits.Questions = 1 })
	w.api.questions <- struct{}{}
	if p := w.refused("services"); p.Status != http.StatusServiceUnavailable {
		t.Errorf("%+v", p)
	}
	<-w.api.questions
	get[Values](w, "services")
}

func TestConfigValidate(t *testing.T) {
	_, err := New(Config{})
	for _, want := range []string{"store: is missing", "assembler: is missing", "keys: are missing", "timeout:", "rows:", "scan", "questions"} {
		if want != "scan" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if _, err := NewLive(LiveConfig{}); err == nil || strings.Count(err.Error(), "must be positive") != 7 {
		t.Errorf("%v", err)
	}
}
