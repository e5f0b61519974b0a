package assemble

import (
	"context"
	"errors"
	"testing"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
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
		seen{Agent: "a", Point: "eth0", X: 1, From: client, To: gwIn, Start: 0, End: 100, Request: id1, TTL: 64}.Net(),
		seen{Agent: "b", Point: "eth0", X: 1, From: client, To: gwIn, Start: 401, End: 499, Request: id1, TTL: 63}.Net(),
		seen{Agent: "b", Point: "eth1", X: 2, From: gwOut, To: app, Start: 410, End: 490, Request: id1, Parent: "eth0/1", Rule: "header_id"}.Net(),
		seen{Agent: "c", Point: "eth0", X: 2, From: gwOut, To: app, Start: 11, End: 89, Request: id1}.Net(),
		seen{Agent: "c", Point: "eth0", X: 3, From: appOut, To: db, Start: 20, End: 80, Proto: "mysql", Parent: "eth0/2", Rule: "thread"}.Net(),
		seen{Agent: "d", Point: "eth0", X: 3, From: appOut, To: db, Start: 21, End: 79, Proto: "mysql"}.Net(),
		seen{Agent: "d", Point: "eth0", X: 99, From: client, To: db, Start: 30, End: 31, Proto: "mysql"}.Net(), // of nobody's
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
		scene.SDK("web", "T", "call", "", span.Client, 0, 100),
		seen{Agent: "a", Point: "eth0", X: 1, From: client, To: gwIn, Start: 1, End: 99, Context: "T/call"}.Net(),
		seen{Agent: "b", Point: "eth0", X: 1, From: client, To: gwIn, Start: 2, End: 98, Context: "T/call"}.Net(),
		// The gateway has no SDK and sends the context on.
		seen{Agent: "b", Point: "eth1", X: 2, From: gwOut, To: app, Start: 5, End: 95, Context: "T/call", Parent: "eth0/1", Rule: "context"}.Net(),
		seen{Agent: "c", Point: "eth0", X: 2, From: gwOut, To: app, Start: 6, End: 94, Context: "T/call"}.Net(),
		seen{Agent: "c", X: 2, From: gwOut, To: app, Start: 7, End: 93, Observation: "s-app", Parent: "eth0/2", Rule: "sighting"}.Sys(),
		scene.SDK("shop", "T", "serve", "call", span.Server, 8, 92),
		scene.SDK("shop", "T", "work", "serve", span.Internal, 10, 70),
		scene.SDK("shop", "T", "query", "work", span.Client, 19, 61, query...),
		seen{Agent: "c", X: 3, From: appOut, To: db, Start: 20, End: 60, Proto: "mysql", Observation: "c-app", Parent: "s-app/2", Rule: "thread"}.Sys(),
		seen{Agent: "c", Point: "eth0", X: 3, From: appOut, To: db, Start: 20, End: 60, Proto: "mysql", Parent: "eth0/2", Rule: "thread"}.Net(),
		// A call to somebody the SDK does not know, from the same service.
		seen{Agent: "c", Point: "eth0", X: 4, From: appOut, To: client, Start: 75, End: 80, Parent: "eth0/2", Rule: "thread"}.Net(),
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
		if got.ID != scene.TraceOf("T") || len(got.Clocks) != 0 {
			t.Errorf("id %v, clocks %v", got.ID, got.Clocks)
		}
	}
}

// TestSDKClock: the clock of a service's SDK is an hour late; its spans lie within
// the exchange for all that.
func TestSDKClock(t *testing.T) {
	late := int64(-3_600_000)
	got := show(t, []store.Span{
		seen{Agent: "a", Point: "eth0", X: 1, From: client, To: app, Start: 0, End: 100, Context: "T/gone"}.Net(),
		scene.SDK("shop", "T", "serve", "gone", span.Server, late+10, late+90),
		scene.SDK("shop", "T", "work", "serve", span.Internal, late+20, late+80),
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
		scene.SDK("web", "T", "call", "", span.Client, 0, 100),
		seen{Agent: "a", Point: "eth0", X: 1, From: client, To: app, Start: 1, End: 40, Context: "T/call"}.Net(),
		seen{Agent: "a", Point: "eth0", X: 2, From: client, To: app, Start: 50, End: 99, Context: "T/call"}.Net(),
		scene.SDK("shop", "T", "first", "call", span.Server, 2, 39),
		scene.SDK("shop", "T", "second", "call", span.Server, 51, 98),
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
		seen{Agent: "a", Point: "eth0", X: 1, From: client, To: app, Start: 1, End: 99, Context: "T/call"}.Net(),
	}, Default())
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Around(t.Context(), []store.Span{
		scene.SDK("shop", "T", "serve", "call", span.Server, 2, 98), scene.SDK("web", "T", "call", "", span.Client, 0, 100),
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, "web call\n  a eth0 1 [context]\n    shop serve [context]\n")
	if _, err := a.Around(t.Context(), nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("of nothing: %v", err)
	}
	if _, err := a.Trace(t.Context(), scene.TraceOf("nobody's"), store.Window{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown trace: %v", err)
	}
}

// TestTimes: parallel children count once in the self time of their parent, and the
// critical path goes through what ended last.
func TestTimes(t *testing.T) {
	got := show(t, []store.Span{
		scene.SDK("web", "T", "root", "", span.Server, 0, 100),
		scene.SDK("a", "T", "one", "root", span.Internal, 10, 40),
		scene.SDK("b", "T", "two", "root", span.Internal, 20, 60),
		scene.SDK("b", "T", "three", "root", span.Internal, 70, 90),
		scene.SDK("b", "T", "deep", "two", span.Internal, 30, 50),
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
		spans = append(spans, scene.SDK("s", "T", string(rune('A'+i)), "", span.Internal, int64(i), int64(i+1)))
	}
	cfg := Default()
	cfg.MaxSpans = 10
	a, err := New(spans, cfg)
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Trace(t.Context(), scene.TraceOf("T"), store.Window{})
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
		scene.SDK("s", "T", "a", "b", span.Internal, 0, 10),
		scene.SDK("s", "T", "b", "c", span.Internal, 1, 9),
		scene.SDK("s", "T", "c", "a", span.Internal, 2, 8),
		scene.SDK("s", "T", "d", "d", span.Internal, 3, 7),
	}, 0)
	if len(got.Nodes) != 4 {
		t.Errorf("%d nodes:\n%s", len(got.Nodes), draw(got))
	}
}

// apmOf is an APM that keeps the spans of one trace.
type apmOf struct {
	spans []store.Span
	asked []span.TraceID
}

func (a *apmOf) Spans(_ context.Context, id span.TraceID, have []store.Span) ([]store.Span, []string) {
	a.asked = append(a.asked, id)
	if len(have) == 0 {
		return nil, []string{"nothing was known"}
	}
	var list []store.Span
	for _, s := range a.spans {
		if s.Trace == id {
			list = append(list, s)
		}
	}
	return list, []string{"asked"}
}

// TestForeign: what an APM has of a context on the wire joins the tree, and brings in
// what belongs to it; whose trace ids are ours it is not asked for.
func TestForeign(t *testing.T) {
	h := held{
		seen{Agent: "a", Point: "eth0", X: 1, From: client, To: app, Start: 1, End: 99, Context: "T/call"}.Net(),
		seen{Agent: "a", Point: "eth0", X: 2, From: appOut, To: db, Start: 40, End: 60, Proto: "mysql", Parent: "eth0/1", Rule: "thread"}.Net(),
		seen{Agent: "b", Point: "eth0", X: 5, From: appOut, To: gwIn, Start: 62, End: 70, Context: "T/other"}.Net(),
	}
	f := &apmOf{spans: []store.Span{
		scene.SDK("web", "T", "call", "", span.Client, 0, 100),
		scene.SDK("web", "T", "twice", "call", span.Internal, 1, 2), // the store has it, too
		scene.SDK("shop", "T", "serve", "call", span.Server, 2, 98),
		scene.SDK("shop", "T", "other", "serve", span.Client, 61, 71),
	}}
	twice := scene.SDK("web", "T", "twice", "call", span.Internal, 1, 2)
	twice.Start += 345
	h = append(h, twice)
	a, err := New(h, Default())
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.With(f).Trace(t.Context(), h[1].Trace, store.Window{})
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, `web call
  a eth0 1 [context]
    shop serve [context]
      a eth0 2 [thread]
      shop other [context]
        b eth0 5 [context]
  web twice [context]
`)
	if len(f.asked) != 1 || len(got.Limits) != 1 || got.Limits[0] != "asked" {
		t.Errorf("asked for %v, limits %v", f.asked, got.Limits)
	}
}

// TestUnsureCall: the agent of a service's host is not sure for which request the
// database was asked; the SDK tells of that call, in one of them.
func TestUnsureCall(t *testing.T) {
	query := []store.Attr{{Key: "db.system.name", Value: store.StringValue("mysql")}, {Key: "server.port", Value: store.IntValue(3306)}}
	loose := seen{Agent: "a", Point: "eth0", X: 3, From: appOut, To: db, Start: 40, End: 60, Proto: "mysql"}.Net()
	in := seen{Agent: "a", Point: "eth0", X: 1, From: client, To: app, Start: 1, End: 99, Context: "T/call"}.Net()
	loose.Links = []store.Link{{Trace: in.Trace, ID: in.ID, Attrs: []store.Attr{
		{Key: "wirespan.link.rule", Value: store.StringValue("sole_candidate")}, {Key: "wirespan.link.confidence", Value: store.DoubleValue(0.5)},
	}}}
	spans := []store.Span{
		in, loose,
		scene.SDK("shop", "T", "serve", "call", span.Server, 2, 98),
		scene.SDK("shop", "T", "query", "serve", span.Client, 39, 61, query...),
	}
	want(t, show(t, spans, 0), `a eth0 1
  shop serve [context]
    shop query [context]
      a eth0 3 [inferred]
`)
	// Two calls that it could be: nothing is said.
	twin := append(spans, scene.SDK("shop", "T", "twin", "call", span.Server, 2, 98), scene.SDK("shop", "T", "other", "twin", span.Client, 38, 62, query...))
	got := show(t, twin, 0)
	for i := range got.Nodes {
		if n := &got.Nodes[i]; n.Span.ID == loose.ID && n.Parent >= 0 {
			t.Errorf("below %s", got.Nodes[n.Parent].Span.Name)
		}
	}
}

// TestCallAlone: nothing connects the database's exchange with the request but that
// the SDK tells of such a call at that time, and there is no other one.
func TestCallAlone(t *testing.T) {
	query := []store.Attr{{Key: "db.system.name", Value: store.StringValue("mysql")}, {Key: "server.port", Value: store.IntValue(3306)}}
	spans := []store.Span{
		scene.SDK("shop", "T", "serve", "call", span.Server, 2, 98),
		scene.SDK("shop", "T", "query", "serve", span.Client, 39, 61, query...),
		seen{Agent: "a", Point: "eth0", X: 3, From: appOut, To: db, Start: 40, End: 60, Proto: "mysql"}.Net(),
		seen{Agent: "b", Point: "eth0", X: 3, From: appOut, To: db, Start: 41, End: 59, Proto: "mysql"}.Net(),
		seen{Agent: "b", Point: "eth0", X: 7, From: appOut, To: db, Start: 70, End: 75, Proto: "mysql"}.Net(), // of another time
		seen{Agent: "b", Point: "eth0", X: 8, From: appOut, To: app, Start: 45, End: 50}.Net(),                // to another server
	}
	alone := "shop serve\n  shop query [context]\n    a eth0 3 [inferred]\n      b eth0 3 [sighting]\n"
	want(t, show(t, spans, 0), alone)
	// An SDK that does not say whom it asked: it could be anybody.
	vague := append([]store.Span(nil), spans...)
	vague[1].Attrs = query[:1]
	want(t, show(t, vague, 0), "shop serve\n  shop query [context]\n")
	// Neighbours within the slack of clocks: times as they are tell.
	near := append(spans, seen{Agent: "b", Point: "eth0", X: 11, From: appOut, To: db, Start: 38, End: 39, Proto: "mysql"}.Net())
	near[len(near)-1].Start += ms / 2
	near[len(near)-1].End += ms / 2
	want(t, show(t, near, 0), alone)
	// Another one of that time: it could be either.
	want(t, show(t, append(spans, seen{Agent: "b", Point: "eth0", X: 9, From: appOut, To: db, Start: 50, End: 55, Proto: "mysql"}.Net()), 0),
		"shop serve\n  shop query [context]\n")
	// Another call of that time: it could be of either.
	want(t, show(t, append(spans, scene.SDK("shop", "T", "second", "serve", span.Client, 38, 62, query...)), 0),
		"shop serve\n  shop second [context]\n  shop query [context]\n")
}

// TestWeakID: an ID that others may have by chance connects nothing.
func TestWeakID(t *testing.T) {
	serve := scene.SDK("shop", "T", "serve", "", span.Server, 2, 98, store.Attr{Key: "http.request.header.x-request-id", Value: store.StringValue("17")})
	spans := []store.Span{serve, seen{Agent: "a", Point: "eth0", X: 1, From: client, To: app, Start: 1, End: 99, Request: "17"}.Net()}
	want(t, show(t, spans, 0), "shop serve\n")
	spans[0].Attrs[0].Value = store.StringValue(id1)
	spans[1] = seen{Agent: "a", Point: "eth0", X: 1, From: client, To: app, Start: 1, End: 99, Request: id1}.Net()
	want(t, show(t, spans, 0), "a eth0 1\n  shop serve [header_id]\n")
}
