package assemble

import (
	"errors"
	"testing"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// id1 is a random request ID.
const id1 = "7f3a9c5e1b2d4f608a7c9e1f2b3d4c5e"

// TestTwoAgents: one exchange is seen at the client's host and at the gateway's, whose
// clock is 400 ms ahead; the gateway passes the ID on, and the service's host knows
// by a thread who asked the database.
func TestTwoAgents(t *testing.T) {
	spans := []store.Span{
		seen{agent: "a", point: "eth0", x: 1, from: client, to: gwIn, start: 0, end: 100, request: id1, ttl: 64}.net(),
		seen{agent: "b", point: "eth0", x: 1, from: client, to: gwIn, start: 401, end: 499, request: id1, ttl: 63}.net(),
		seen{agent: "b", point: "eth1", x: 2, from: gwOut, to: app, start: 410, end: 490, request: id1, parent: "eth0/1", rule: "header_id"}.net(),
		seen{agent: "c", point: "eth0", x: 2, from: gwOut, to: app, start: 11, end: 89, request: id1}.net(),
		seen{agent: "c", point: "eth0", x: 3, from: appOut, to: db, start: 20, end: 80, proto: "mysql", parent: "eth0/2", rule: "thread"}.net(),
		seen{agent: "d", point: "eth0", x: 3, from: appOut, to: db, start: 21, end: 79, proto: "mysql"}.net(),
		seen{agent: "d", point: "eth0", x: 99, from: client, to: db, start: 30, end: 31, proto: "mysql"}.net(), // of nobody's
	}
	for seed := range 6 {
		got := show(t, spans, seed)
		want(t, got, `a eth0 1
  b eth0 1 [sighting]
    b eth1 2 [header_id]
      c eth0 2 [sighting]
        c eth0 3 [thread]
          d eth0 3 [sighting]
`)
		if len(got.Clocks) != 1 || got.Clocks[0].Agent != "b" || abs(got.Clocks[0].Offset+400*ms) > ms {
			t.Errorf("clocks: %+v", got.Clocks)
		}
		if n := &got.Nodes[1]; abs(n.Start-epoch-ms) > ms || n.Offset == 0 {
			t.Errorf("corrected start of the second: %d ms", (n.Start-epoch)/ms)
		}
		if len(got.Limits) > 0 {
			t.Errorf("limits: %v", got.Limits)
		}
	}
}

// TestFullStack: SDKs at client, gateway and service, with packets in between, system
// calls at the service's host, and a database below the SDK's span of the query.
func TestFullStack(t *testing.T) {
	query := []store.Attr{{Key: "db.system.name", Value: store.StringValue("mysql")}, {Key: "server.port", Value: store.IntValue(3306)}}
	spans := []store.Span{
		sdk("web", "T", "call", "", span.Client, 0, 100),
		seen{agent: "a", point: "eth0", x: 1, from: client, to: gwIn, start: 1, end: 99, context: "T/call"}.net(),
		seen{agent: "b", point: "eth0", x: 1, from: client, to: gwIn, start: 2, end: 98, context: "T/call"}.net(),
		// The gateway has no SDK and sends the context on.
		seen{agent: "b", point: "eth1", x: 2, from: gwOut, to: app, start: 5, end: 95, context: "T/call", parent: "eth0/1", rule: "context"}.net(),
		seen{agent: "c", point: "eth0", x: 2, from: gwOut, to: app, start: 6, end: 94, context: "T/call"}.net(),
		seen{agent: "c", x: 2, from: gwOut, to: app, start: 7, end: 93, observation: "s-app", parent: "eth0/2", rule: "sighting"}.sys(),
		sdk("shop", "T", "serve", "call", span.Server, 8, 92),
		sdk("shop", "T", "work", "serve", span.Internal, 10, 70),
		sdk("shop", "T", "query", "work", span.Client, 19, 61, query...),
		seen{agent: "c", x: 3, from: appOut, to: db, start: 20, end: 60, proto: "mysql", observation: "c-app", parent: "s-app/2", rule: "thread"}.sys(),
		seen{agent: "c", point: "eth0", x: 3, from: appOut, to: db, start: 20, end: 60, proto: "mysql", parent: "eth0/2", rule: "thread"}.net(),
		// A call to somebody the SDK does not know, from the same service.
		seen{agent: "c", point: "eth0", x: 4, from: appOut, to: client, start: 75, end: 80, parent: "eth0/2", rule: "thread"}.net(),
	}
	for seed := range spans {
		got := show(t, spans, seed)
		want(t, got, `web call
  a eth0 1 [context]
    b eth0 1 [sighting]
      b eth1 2 [context]
        c eth0 2 [sighting]
          c s-app 2 [sighting]
            shop serve [context]
              shop work [context]
                shop query [context]
                  c c-app 3 [thread]
                    c eth0 3 [sighting]
              c eth0 4 [thread]
`)
		if got.ID != traceOf("T") || len(got.Clocks) != 0 {
			t.Errorf("id %v, clocks %v", got.ID, got.Clocks)
		}
	}
}

// TestSDKClock: the clock of a service's SDK is an hour late; its spans lie within
// the exchange for all that.
func TestSDKClock(t *testing.T) {
	late := int64(-3_600_000)
	got := show(t, []store.Span{
		seen{agent: "a", point: "eth0", x: 1, from: client, to: app, start: 0, end: 100, context: "T/gone"}.net(),
		sdk("shop", "T", "serve", "gone", span.Server, late+10, late+90),
		sdk("shop", "T", "work", "serve", span.Internal, late+20, late+80),
	}, 0)
	want(t, got, "a eth0 1\n  shop serve [context]\n    shop work [context]\n")
	if n := got.Nodes[1]; n.Start < epoch || n.End > epoch+100*ms {
		t.Errorf("serve at %d ms to %d ms", (n.Start-epoch)/ms, (n.End-epoch)/ms)
	}
}

// TestRetry: a client tried again with the same span id; each try has the service's
// span that it reached.
func TestRetry(t *testing.T) {
	got := show(t, []store.Span{
		sdk("web", "T", "call", "", span.Client, 0, 100),
		seen{agent: "a", point: "eth0", x: 1, from: client, to: app, start: 1, end: 40, context: "T/call"}.net(),
		seen{agent: "a", point: "eth0", x: 2, from: client, to: app, start: 50, end: 99, context: "T/call"}.net(),
		sdk("shop", "T", "first", "call", span.Server, 2, 39),
		sdk("shop", "T", "second", "call", span.Server, 51, 98),
	}, 0)
	want(t, got, `web call
  a eth0 1 [context]
    shop first [context]
  a eth0 2 [context]
    shop second [context]
`)
}

// TestAround brings in what packets tell of spans that an APM has.
func TestAround(t *testing.T) {
	a, err := New(held{
		seen{agent: "a", point: "eth0", x: 1, from: client, to: app, start: 1, end: 99, context: "T/call"}.net(),
	}, Default())
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Around(t.Context(), []store.Span{
		sdk("shop", "T", "serve", "call", span.Server, 2, 98), sdk("web", "T", "call", "", span.Client, 0, 100),
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, "web call\n  a eth0 1 [context]\n    shop serve [context]\n")
	if _, err := a.Around(t.Context(), nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("of nothing: %v", err)
	}
	if _, err := a.Trace(t.Context(), traceOf("nobody's"), store.Window{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown trace: %v", err)
	}
}

// TestTimes: parallel children count once in the self time of their parent, and the
// critical path goes through what ended last.
func TestTimes(t *testing.T) {
	got := show(t, []store.Span{
		sdk("web", "T", "root", "", span.Server, 0, 100),
		sdk("a", "T", "one", "root", span.Internal, 10, 40),
		sdk("b", "T", "two", "root", span.Internal, 20, 60),
		sdk("b", "T", "three", "root", span.Internal, 70, 90),
		sdk("b", "T", "deep", "two", span.Internal, 30, 50),
	}, 0)
	self, path := map[string]int64{}, map[string]int64{}
	for i := range got.Nodes {
		n := &got.Nodes[i]
		self[n.Span.Name], path[n.Span.Name] = n.Self/ms, n.Critical/ms
	}
	for name, v := range map[string][2]int64{"root": {30, 40}, "one": {30, 0}, "two": {20, 20}, "three": {20, 20}, "deep": {20, 20}} {
		if self[name] != v[0] || path[name] != v[1] {
			t.Errorf("%s: self %d ms, critical %d ms, want %v", name, self[name], path[name], v)
		}
	}
	if s := got.Services; len(s) != 3 || s[0].Service != "b" || s[0].Self != 60*ms || s[0].Spans != 3 || s[1].Service != "a" && s[1].Service != "web" || s[1].Self != 30*ms {
		t.Errorf("services: %+v", s)
	}
}

// TestLimits says what was left out.
func TestLimits(t *testing.T) {
	var spans held
	for i := range 50 {
		spans = append(spans, sdk("s", "T", string(rune('A'+i)), "", span.Internal, int64(i), int64(i+1)))
	}
	cfg := Default()
	cfg.MaxSpans = 10
	a, err := New(spans, cfg)
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Trace(t.Context(), traceOf("T"), store.Window{})
	if err != nil || len(got.Nodes) != 10 || len(got.Limits) == 0 {
		t.Errorf("%v, %v", got, err)
	}
	cfg = Config{}
	if err := cfg.Validate(); err == nil {
		t.Error("no fault in an empty configuration")
	}
}

// TestCycle: what names each other as parent is shown for all that.
func TestCycle(t *testing.T) {
	got := show(t, []store.Span{
		sdk("s", "T", "a", "b", span.Internal, 0, 10),
		sdk("s", "T", "b", "c", span.Internal, 1, 9),
		sdk("s", "T", "c", "a", span.Internal, 2, 8),
		sdk("s", "T", "d", "d", span.Internal, 3, 7),
	}, 0)
	if len(got.Nodes) != 4 {
		t.Errorf("%d nodes:\n%s", len(got.Nodes), draw(got))
	}
}
