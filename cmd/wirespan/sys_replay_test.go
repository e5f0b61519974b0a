package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/bpf/sys"
)

// sysDir has recordings of packets and of what processes did, made by
// testdata/make/sys.sh.
const sysDir = "../../testdata/sys"

// sysInputs are the arguments of read for recordings.
func sysInputs(names ...string) (args []string) {
	for _, n := range names {
		args = append(args, "--sys-replay", filepath.Join(sysDir, n+".events"), filepath.Join(sysDir, n+".pcapng"))
	}
	return args
}

// sysForest draws spans below their parents, with where they were seen, who it
// was, how much was moved, and why they are there; times are µs from the
// beginning of the trace.
func sysForest(spans []spanLine) string {
	kids, known, begin := make(map[string][]*spanLine), make(map[string]bool), make(map[string]int64)
	for i := range spans {
		s := &spans[i]
		known[s.Trace+s.ID] = true
		if b, ok := begin[s.Trace]; !ok || s.Start < b {
			begin[s.Trace] = s.Start
		}
	}
	for i := range spans {
		s := &spans[i]
		at := s.Trace + s.Parent
		if s.Parent == "" || !known[at] {
			at = ""
		}
		kids[at] = append(kids[at], s)
	}
	var b strings.Builder
	var draw func(list []*spanLine, depth int)
	draw = func(list []*spanLine, depth int) {
		sort.SliceStable(list, func(i, j int) bool {
			if list[i].Start != list[j].Start {
				return list[i].Start < list[j].Start
			}
			return list[i].ID < list[j].ID
		})
		for _, s := range list {
			from := begin[s.Trace]
			fmt.Fprintf(&b, "%s%s %s %s%s +%d %d", strings.Repeat("  ", depth), s.what(), s.Kind, s.str("wirespan.observation"), s.str("wirespan.capture.point"), (s.Start-from)/1000, (s.End-s.Start)/1000)
			for _, k := range []string{"process.pid", "thread.id", "wirespan.sys.received", "wirespan.sys.sent", "wirespan.sys.queue.receive", "wirespan.sys.queue.send", "wirespan.link.rule", "wirespan.sys.class"} {
				if v := s.str(k); v != "" {
					fmt.Fprintf(&b, " %s=%s", k[strings.LastIndexByte(k, '.')+1:], v)
				}
			}
			b.WriteByte('\n')
			draw(kids[s.Trace+s.ID], depth+1)
		}
	}
	draw(kids[""], 0)
	return b.String()
}

// TestSysReplay joins recorded events with recorded packets, without any right:
// a request through nginx and a service with a thread per connection to its
// Redis, alone and four at once; enciphered exchanges; and two agents.
func TestSysReplay(t *testing.T) {
	t.Parallel()
	for name, inputs := range map[string][]string{"shop": sysInputs("shop"), "tls": sysInputs("tls"), "agents": sysInputs("client", "server")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := sysForest(spansOf(t, inputs...))
			path := filepath.Join(sysDir, name+".golden.txt")
			if e2eUpdate() {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(readFile(t, path)), got); d != "" {
				t.Errorf("%s (-want +got; -update rewrites):\n%s", path, d)
			}
			if again := sysForest(spansOf(t, append(inputs, "--workers", "3")...)); again != got {
				t.Error("three workers give something else:\n" + cmp.Diff(got, again))
			}
		})
	}
}

// TestSysReplayWhole counts what golden files must not lose: every exchange of
// the shop has both processes, and every call hangs below the request it was
// made for.
func TestSysReplayWhole(t *testing.T) {
	t.Parallel()
	spans := spansOf(t, sysInputs("shop")...)
	seen := make(map[string][]string)
	for i := range spans {
		s := &spans[i]
		place := s.str("wirespan.observation")
		if s.str("wirespan.signal") == "NET" {
			place = "net"
		}
		seen[s.str("wirespan.exchange")] = append(seen[s.str("wirespan.exchange")], place)
	}
	for x, places := range seen {
		slices.Sort(places)
		if !slices.Equal(places, []string{"c-app", "net", "s-app"}) {
			t.Errorf("exchange %s was seen at %q", x, places)
		}
	}
	orders := 0
	for trace, whats := range callsByTrace(spans) {
		if len(whats) == 1 && whats[0] == "GET /plain" {
			continue
		}
		orders++
		if len(whats) != 4 || whats[0] != whats[1] || whats[2] != "SET" && whats[3] != "SET" {
			t.Errorf("trace %s: %q", trace, whats)
		}
	}
	if len(seen) != 25 || orders != 6 {
		t.Errorf("%d exchanges, %d orders", len(seen), orders)
	}
}

// callsByTrace lists what was asked in each trace, one for each exchange.
func callsByTrace(spans []spanLine) map[string][]string {
	known, by := make(map[string]bool), make(map[string][]string)
	for i := range spans {
		if s := &spans[i]; s.str("wirespan.signal") == "NET" && !known[s.str("wirespan.exchange")] {
			known[s.str("wirespan.exchange")] = true
			by[s.Trace] = append(by[s.Trace], s.what())
		}
	}
	for _, l := range by {
		slices.SortFunc(l, func(a, b string) int { return strings.Compare(b, a) })
		slices.SortStableFunc(l, func(a, b string) int { return len(b) - len(a) })
	}
	return by
}

// eventsOf reads a recording of events.
func eventsOf(t *testing.T, name string) (events []sys.Event, o sys.Origin) {
	t.Helper()
	f, err := os.Open(filepath.Join(sysDir, name+".events"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := sys.NewReplay(f)
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]sys.Event, 64)
	for {
		n, err := r.Read(context.Background(), batch)
		events = append(events, batch[:n]...)
		if errors.Is(err, io.EOF) {
			return events, sys.Origin{Tier: r.Tier(), Agent: r.Agent()}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// recordEvents writes a recording of events.
func recordEvents(t *testing.T, events []sys.Event, o sys.Origin) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := sys.NewRecorder(f, o)
	if err == nil {
		err = r.Write(events)
	}
	if err = errors.Join(err, r.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// parentsOf are the exchanges above each exchange, as far as processes say.
func parentsOf(spans []spanLine) map[string]string {
	of, parents := make(map[string]string), make(map[string]string)
	for i := range spans {
		of[spans[i].Trace+spans[i].ID] = spans[i].str("wirespan.exchange")
	}
	for i := range spans {
		s := &spans[i]
		if up := of[s.Trace+s.Parent]; up != "" && up != s.str("wirespan.exchange") {
			parents[s.str("wirespan.exchange")] = up
		}
	}
	return parents
}

// TestSysReplayDoubts marks events as uncertain at random: calls are unlinked
// then, and never below another request.
func TestSysReplayDoubts(t *testing.T) {
	t.Parallel()
	packets := filepath.Join(sysDir, "shop.pcapng")
	truth := parentsOf(spansOf(t, sysInputs("shop")...))
	if len(truth) != 18 {
		t.Fatalf("%d calls have parents", len(truth))
	}
	unlinked := 0
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		events, origin := eventsOf(t, "shop")
		for i := range events {
			if events[i].Type == sys.IO && rnd.IntN(3) == 0 {
				events[i].Flags |= sys.Uncertain
			}
		}
		got := parentsOf(spansOf(t, "--sys-replay", recordEvents(t, events, origin), packets))
		for x, p := range got {
			if truth[x] != p {
				t.Errorf("seed %d: exchange %s is below %s, not %s", seed, x, p, truth[x])
			}
		}
		unlinked += len(truth) - len(got)
	}
	if unlinked == 0 {
		t.Error("nothing was doubted")
	}
}

// TestSysReplayLosses leaves out runs of events, and says so, as the module does
// when its ring was full: no call is below another request.
func TestSysReplayLosses(t *testing.T) {
	t.Parallel()
	packets := filepath.Join(sysDir, "shop.pcapng")
	truth := parentsOf(spansOf(t, sysInputs("shop")...))
	linked := 0
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		events, origin := eventsOf(t, "shop")
		from := rnd.IntN(len(events) - 20)
		lost := sys.Event{Type: sys.Lost, Time: events[from+19].Time, Length: 20}
		events = slices.Replace(events, from, from+20, lost)
		got := parentsOf(spansOf(t, "--sys-replay", recordEvents(t, events, origin), packets))
		for x, p := range got {
			if truth[x] != p {
				t.Errorf("seed %d: exchange %s is below %s, not %s", seed, x, p, truth[x])
			}
		}
		linked += len(got)
	}
	if linked == 0 || linked == 8*len(truth) {
		t.Errorf("%d of %d calls are linked", linked, 8*len(truth))
	}
}

// TestSysReplayAgents puts two hosts together by what each agent wrote alone:
// one exchange has the same trace and key at both, and each span the id that it
// has when the recordings are read together.
func TestSysReplayAgents(t *testing.T) {
	t.Parallel()
	client, server, both := spansOf(t, sysInputs("client")...), spansOf(t, sysInputs("server")...), spansOf(t, sysInputs("client", "server")...)
	ids := make(map[string]bool)
	for i := range both {
		ids[both[i].Trace+both[i].ID] = true
	}
	keys := make(map[string][]string)
	for _, s := range slices.Concat(client, server) {
		if !ids[s.Trace+s.ID] {
			t.Errorf("%s %s (%s) is not there when both are read", s.Trace, s.ID, s.str("wirespan.observation"))
		}
		if as := s.str("wirespan.observation"); s.str("wirespan.signal") == "SYS" {
			k := s.Trace + " " + s.str("wirespan.exchange")
			keys[k] = append(keys[k], as)
		}
	}
	if len(both) != 12 || len(client) != 6 || len(server) != 6 || len(keys) != 3 {
		t.Errorf("%d spans, of %d and %d, %d exchanges", len(both), len(client), len(server), len(keys))
	}
	for k, sides := range keys {
		if !slices.Equal(sides, []string{"c-app", "s-app"}) {
			t.Errorf("%s: %q", k, sides)
		}
	}
}

// TestSysReplayCounts counts each exchange once, whether processes have spans of
// it or not, and accounts for every event and message.
func TestSysReplayCounts(t *testing.T) {
	t.Parallel()
	packets := filepath.Join(sysDir, "shop.pcapng")
	without, _ := metricsOf(t, packets)
	with, text := metricsOf(t, sysInputs("shop")...)
	for _, name := range []string{"wirespan.requests", "wirespan.red.exchanges"} {
		if with[name] != without[name] || with[name] != 25 {
			t.Errorf("%s: %d, without processes %d", name, with[name], without[name])
		}
	}
	events, _ := eventsOf(t, "shop")
	if n := with["wirespan.sys.tracked_events"]; n != int64(len(events)) {
		t.Errorf("%d events of %d", n, len(events))
	}
	if with["wirespan.sys.messages"] == 0 || with["wirespan.sys.linked_calls"] != 25 {
		t.Errorf("%v", with)
	}
	// Each exchange has two messages at either end.
	if !strings.Contains(text, "processes    100 joined with exchanges") || !strings.Contains(text, "certain") {
		t.Errorf("summary:\n%s", text)
	}
}

// metricsOf sums up what read exports as metrics, and returns its summary.
func metricsOf(t *testing.T, args ...string) (values map[string]int64, summary string) {
	t.Helper()
	values = make(map[string]int64)
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		var req metricspb.MetricsData
		if err = errors.Join(err, proto.Unmarshal(b, &req)); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, res := range req.ResourceMetrics {
			for _, m := range res.ScopeMetrics[0].Metrics {
				for _, p := range m.GetSum().GetDataPoints() {
					values[m.Name] += p.GetAsInt()
				}
			}
		}
	}))
	t.Cleanup(s.Close)
	o := wirespan(t, append([]string{"read", "--out", "ndjson:" + os.DevNull, "--otlp-metrics", s.URL}, args...)...)
	if o.code != 0 {
		t.Fatalf("status %d\n%s", o.code, o.stderr)
	}
	mu.Lock()
	defer mu.Unlock()
	return values, o.stderr
}

// TestSysReplayFaults: what is no recording is refused, and one that was cut
// off tells what it has.
func TestSysReplayFaults(t *testing.T) {
	t.Parallel()
	packets := filepath.Join(sysDir, "shop.pcapng")
	for _, file := range []string{filepath.Join(t.TempDir(), "none"), packets} {
		if r := wirespan(t, "read", "--sys-replay", file, packets); r.code != exitPartial || !strings.Contains(r.stderr, "--sys-replay") {
			t.Errorf("%s: status %d: %s", file, r.code, r.stderr)
		}
	}
	b := readFile(t, filepath.Join(sysDir, "shop.events"))
	out := filepath.Join(t.TempDir(), "spans")
	r := wirespan(t, "read", "--sys-replay", writeFile(t, "events", b[:len(b)/2+7]), packets, "--out", "ndjson:"+out)
	spans := decodeSpans(t, readFile(t, out))
	apps := 0
	for i := range spans {
		if spans[i].str("wirespan.signal") == "SYS" {
			apps++
		}
	}
	if r.code != exitPartial || apps == 0 || len(spans)-apps != 25 {
		t.Errorf("status %d, %d spans of processes, %d of packets\n%s", r.code, apps, len(spans)-apps, r.stderr)
	}
}
