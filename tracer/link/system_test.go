package link

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/tracer/executor"
	"github.com/wirespan/wirespan/tracer/span"
)

// deed is a message of a process in a scene.
type deed struct {
	id            uint64
	local, remote string
	role          executor.Role
	sent          bool
	seq, length   uint32
	at, end       int64 // ms
	pid, tid      uint32
	goroutine     uint64
	flags         sys.Flags
}

func spot(s string) executor.Endpoint {
	a := netip.MustParseAddrPort(s)
	return executor.Endpoint{Addr: a.Addr().As16(), Port: a.Port()}
}

// acts tells the Linker what processes did.
func (s *scene) acts(deeds ...deed) {
	s.start()
	to := s.l.System(SystemHost{Tier: sys.Sock})
	for _, d := range deeds {
		who := executor.Thread{TGID: d.pid, TID: d.tid, Goroutine: d.goroutine}
		m := executor.Message{
			ID: d.id, Local: spot(d.local), Remote: spot(d.remote), Role: d.role, Seq: d.seq, Length: d.length, Calls: 1,
			Begin: epoch + d.at*ms, End: epoch + max(d.at, d.end)*ms, First: who, Last: who, Flags: d.flags,
		}
		if d.sent {
			m.Direction = sys.Sent
		}
		to.Message(&m)
	}
}

const (
	web = "10.0.0.1:40001"
	svc = "10.0.0.2:80"
	out = "10.0.0.2:50001"
	dbs = "10.0.0.3:5432"
)

// One request to a service that asks its database: nothing on the wire joins
// the two.
var (
	served = call{name: "page", key: 1, from: web, to: svc, at: 10, end: 90, seq: 1000, rseq: 7000, target: "GET /"}
	asked  = call{name: "query", key: 2, from: out, to: dbs, at: 30, end: 60, seq: 500, rseq: 900, target: "q"}
	// Another request is open at the service, so that there is no sole candidate.
	other = call{name: "other", key: 3, from: "10.0.0.1:40002", to: svc, at: 5, end: 95, seq: 3000, rseq: 4000, target: "GET /o"}

	deeds = []deed{
		{id: 1, local: svc, remote: web, role: executor.Serving, seq: 1000, length: 100, at: 12, pid: 7, tid: 71},
		{id: 2, local: out, remote: dbs, role: executor.Calling, sent: true, seq: 500, length: 40, at: 29, pid: 7, tid: 71},
		{id: 3, local: out, remote: dbs, role: executor.Calling, seq: 900, length: 300, at: 61, pid: 7, tid: 71},
		{id: 4, local: svc, remote: web, role: executor.Serving, sent: true, seq: 7000, length: 900, at: 89, pid: 7, tid: 71},
	}
	made = executor.Label{Call: 2, Request: 1, Rule: executor.Alone, Class: executor.Certain}
)

// rows are name, place, parent and rule of spans.
func (s *scene) rows() (rows [][4]string) {
	ids := map[span.SpanID]int{}
	for i := range s.spans {
		ids[s.spans[i].ID] = i
	}
	for i := range s.spans {
		p, parent := &s.spans[i], "-"
		if j, ok := ids[p.Parent]; ok {
			parent = string(s.spans[j].Name) + " " + s.places(j)
		}
		rule, _ := p.Attrs.Find(span.KeyLinkRule)
		rows = append(rows, [4]string{string(p.Name), s.places(i), parent, string(rule.Str)})
	}
	return rows
}

func (s *scene) places(i int) string {
	v, _ := s.spans[i].Attrs.Find(span.KeyObservation)
	if len(v.Str) == 0 {
		return "net"
	}
	return string(v.Str)
}

// What processes did becomes spans around those of packets, and says whose call
// the query was, whatever comes first.
func TestSystem(t *testing.T) {
	want := [][4]string{
		{"other", "net", "-", ""},
		{"page", "net", "-", ""},
		{"page", "s-app", "page net", "sighting"},
		{"query", "c-app", "page s-app", "thread"},
		{"query", "net", "query c-app", "sighting"},
	}
	for name, feed := range map[string]func(*scene){
		"events first": func(s *scene) {
			s.acts(deeds...)
			s.l.System(SystemHost{Tier: sys.Sock}).Label(made)
			s.feed(other, served, asked)
		},
		"packets first": func(s *scene) {
			s.start()
			s.l.System(SystemHost{Tier: sys.Sock})
			s.feed(other, served, asked)
			s.acts(deeds...)
			s.l.System(SystemHost{Tier: sys.Sock}).Label(made)
		},
		"label last, calls first": func(s *scene) {
			s.acts(deeds[1], deeds[2])
			s.l.System(SystemHost{Tier: sys.Sock}).Label(made)
			s.feed(other, served, asked)
			s.acts(deeds[0], deeds[3])
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			feed(s)
			s.flush()
			if d := cmp.Diff(want, s.rows()); d != "" {
				t.Error(d)
			}
			if st := s.l.SystemStats(); st.Joined != st.Messages || st.Used == 0 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// An ID beats a thread, which is told; among two that the wire names the thread
// decides.
func TestSystemAndIDs(t *testing.T) {
	named := asked
	named.ids = "x-request-id=7f3a9c2e5b1d4f60"
	p, o := served, other
	o.ids = named.ids
	s := newScene(t)
	s.acts(deeds...)
	s.l.System(SystemHost{Tier: sys.Sock}).Label(made)
	s.feed(o, p, named)
	s.flush()
	i := slices.IndexFunc(s.spans, func(x span.Span) bool { return string(x.Name) == "query" })
	rule, _ := s.spans[i].Attrs.Find(span.KeyLinkRule)
	conf, _ := s.spans[i].Attrs.Find(span.KeyLinkConfidence)
	ev, _ := s.spans[i].Attrs.Find(span.KeyLinkEvidence)
	if c := math.Float64frombits(uint64(conf.Num)); string(rule.Str) != "header_id" || c >= 0.9 || !strings.Contains(string(ev.Str), "another request") {
		t.Errorf("%s %v %s", rule.Str, c, ev.Str)
	}

	p.ids = named.ids
	s = newScene(t)
	s.acts(deeds...)
	s.l.System(SystemHost{Tier: sys.Sock}).Label(made)
	s.feed(o, p, named)
	s.flush()
	for _, r := range s.rows() {
		if r[0] == "query" && r[1] == "c-app" && r[2] != "page s-app" {
			t.Errorf("the query hangs below %s", r[2])
		}
	}
}

// On one busy connection messages are far ahead of the packets, or behind them:
// each finds its exchange all the same.
func TestSystemBehind(t *testing.T) {
	const n = 300
	for name, actsFirst := range map[string]bool{"events ahead": true, "packets ahead": false} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.start()
			s.l.System(SystemHost{Tier: sys.Sock})
			var calls []call
			var deeds []deed
			for i := range n {
				at, seq, rseq := int64(10+2*i), uint32(1000+100*i), uint32(7000+1000*i)
				calls = append(calls, call{name: "q", key: uint64(1 + i), from: web, to: svc, at: at, end: at + 1, seq: seq, rseq: rseq, target: "q"})
				id := uint64(2 * i)
				deeds = append(deeds,
					deed{id: id + 1, local: svc, remote: web, role: executor.Serving, seq: seq, length: 100, at: at, pid: 7, tid: 71},
					deed{id: id + 2, local: svc, remote: web, role: executor.Serving, sent: true, seq: rseq, length: 1000, at: at + 1, pid: 7, tid: 71})
			}
			if actsFirst {
				s.acts(deeds...)
				s.feed(calls...)
			} else {
				s.feed(calls...)
				s.acts(deeds...)
			}
			s.flush()
			if st := s.l.SystemStats(); st.Joined != 2*n {
				t.Errorf("%+v", st)
			}
		})
	}
}
