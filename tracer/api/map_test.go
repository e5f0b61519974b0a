package api

import (
	"fmt"
	"math"
	"testing"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

// TestServiceMap: each call is one, however many agents, processes and SDKs tell of it.
func TestServiceMap(t *testing.T) { engines(t, testServiceMap) }

func testServiceMap(t *testing.T, open func(*testing.T) store.Store) {
	w := newWorldOn(t, open(t), 20, nil)
	m := get[ServiceMap](w, "map?from="+digits(scene.Epoch)+"&to="+digits(scene.Epoch+20e9))
	if !m.Sample.Complete || m.Sample.Traces != 20 || m.Sample.Spans != 100 || m.Sample.Covered != 1 {
		t.Errorf("%+v", m.Sample)
	}
	type edge struct {
		caller, callee, protocol string
		calls, errors            int
		p50                      int64
	}
	var got []edge
	for _, e := range m.Edges {
		got = append(got, edge{e.Caller, e.Callee, e.Protocol, e.Calls, e.Errors, e.P50})
		if math.Abs(e.PerSecond-1) > 1e-9 || len(e.Trace) != 32 {
			t.Errorf("%+v", e)
		}
	}
	want := []edge{{"", "gw", "http", 20, 0, 98 * scene.Ms}, {"gw", "shop", "http", 20, 5, 84 * scene.Ms}, {"shop", "db.example", "mysql", 20, 0, 40 * scene.Ms}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	for _, n := range m.Services {
		switch n.Service {
		case "db.example":
			if n.Kind != "database" || n.System != "mysql" || n.Counted != "edges" || math.Abs(n.PerSecond-1) > 1e-9 || n.P50 != 40*scene.Ms {
				t.Errorf("%+v", n)
			}
		default:
			if n.Kind != "service" || n.Counted != "store" || n.PerSecond == 0 {
				t.Errorf("%+v", n)
			}
		}
	}
	if m = get[ServiceMap](w, "map?service=gw&from="+digits(scene.Epoch)+"&to="+digits(scene.Epoch+20e9)); len(m.Edges) != 2 || len(m.Services) != 2 {
		t.Errorf("of gw: %+v", m.Edges)
	}
}

// TestServiceMapSample: rates come from what the sample covers, and it says how much
// that is.
func TestServiceMapSample(t *testing.T) {
	st, err := memory.New(memory.Default())
	if err != nil {
		t.Fatal(err)
	}
	// 1200 calls in 120 s; the last part of the time has no more than the others.
	for i := range 1200 {
		trace := fmt.Sprintf("t%d", i)
		spans := []store.Span{
			scene.SDK("a", trace, trace+"c", "", span.Client, int64(i*100), int64(i*100+20)),
			scene.SDK("b", trace, trace+"s", trace+"c", span.Server, int64(i*100+1), int64(i*100+19)),
		}
		copy(spans[0].ID[:], fmt.Sprintf("c%07d", i))
		copy(spans[1].ID[:], fmt.Sprintf("s%07d", i))
		spans[1].Parent = spans[0].ID
		if err := st.Write(t.Context(), spans); err != nil {
			t.Fatal(err)
		}
	}
	w := worldOf(t, st, nil)
	m := get[ServiceMap](w, "map?traces=120&from="+digits(scene.Epoch)+"&to="+digits(scene.Epoch+120e9))
	if m.Sample.Complete || m.Sample.Traces != 120 || m.Sample.Covered < 0.05 || m.Sample.Covered > 0.2 {
		t.Errorf("%+v", m.Sample)
	}
	if len(m.Edges) != 1 || m.Edges[0].Caller != "a" || m.Edges[0].Callee != "b" || m.Edges[0].Calls != 120 {
		t.Fatalf("%+v", m.Edges)
	}
	if r := m.Edges[0].PerSecond; r < 9 || r > 11.5 {
		t.Errorf("%v per second, not 10", r)
	}
}
