package link

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/tracer/executor"
	"github.com/wirespan/wirespan/tracer/span"
)

// accounted checks that every message of processes has come to an end.
func (s *scene) accounted() SystemStats {
	s.t.Helper()
	st := s.l.SystemStats()
	if st.Messages != st.Joined+st.Unjoined+st.Uncertain+st.Refused+st.Waiting {
		s.t.Errorf("%+v", st)
	}
	return st
}

// A message whose place is not sure finds no exchange, and says nothing about
// calls, until something of it is sure.
func TestSystemUncertain(t *testing.T) {
	run := func(settled bool) (*scene, SystemStats) {
		s := newScene(t)
		for _, d := range deeds {
			d.flags = sys.Uncertain
			s.acts(d)
		}
		s.l.System(SystemHost{Tier: sys.Sock}).Label(made)
		s.feed(other, served, asked)
		if settled {
			s.acts(deeds...)
		}
		s.flush()
		return s, s.accounted()
	}
	s, st := run(false)
	want := [][4]string{{"other", "net", "-", ""}, {"page", "net", "-", ""}, {"query", "net", "-", ""}}
	if d := cmp.Diff(want, s.rows()); d != "" || st.Joined != 0 || st.Used != 0 {
		t.Errorf("%+v\n%s", st, d)
	}
	s.l.now += 2 * actLife
	s.l.expireActs()
	if st := s.accounted(); st.Uncertain != uint64(len(deeds)) || st.Waiting != 0 {
		t.Errorf("%+v", st)
	}
	if s, st := run(true); st.Joined != uint64(len(deeds)) || len(s.rows()) != 5 {
		t.Errorf("%+v, %v", st, s.rows())
	}
}

// Two requests that a process read at once, as on HTTP/2: a call that it made
// for what it read is for one of them, and which is not said, whatever comes
// first.
func TestSystemCommonRequest(t *testing.T) {
	second := call{name: "page2", key: 4, from: web, to: svc, at: 11, end: 91, seq: 1050, rseq: 7500, target: "GET /2"}
	for name, feed := range map[string]func(*scene){
		"events first": func(s *scene) {
			s.acts(deeds...)
			s.l.System(SystemHost{Tier: sys.Sock}).Label(made)
			s.feed(served, second, asked)
		},
		"one known when the label comes": func(s *scene) {
			s.start()
			s.l.System(SystemHost{Tier: sys.Sock})
			s.feed(served, asked)
			s.acts(deeds...)
			s.l.System(SystemHost{Tier: sys.Sock}).Label(made)
			s.feed(second)
		},
		"packets first": func(s *scene) {
			s.start()
			s.l.System(SystemHost{Tier: sys.Sock})
			s.feed(served, second, asked)
			s.acts(deeds...)
			s.l.System(SystemHost{Tier: sys.Sock}).Label(made)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			feed(s)
			s.flush()
			for _, r := range s.rows() {
				if r[0] == "query" && r[3] == "thread" {
					t.Errorf("the query hangs below %s", r[2])
				}
			}
			if st := s.accounted(); st.Common != 2 {
				t.Errorf("%+v", st)
			}
			if len(s.l.system.served) != 0 {
				t.Errorf("left: %v", s.l.system.served)
			}
		})
	}
}

// What an executor said and took back is no parent.
func TestSystemRelabelled(t *testing.T) {
	s := newScene(t)
	also := deed{id: 9, local: svc, remote: "10.0.0.1:40002", role: executor.Serving, seq: 3000, length: 100, at: 6, pid: 7, tid: 71}
	s.acts(append([]deed{also}, deeds...)...)
	s.feed(other, served, asked)
	to := s.l.System(SystemHost{Tier: sys.Sock})
	to.Label(executor.Label{Call: 2, Request: 9, Rule: executor.Sole, Class: executor.Weak})
	to.Label(executor.Label{Call: 2, Request: 1, Rule: executor.Answered, Class: executor.Inferred})
	s.flush()
	for _, r := range s.rows() {
		if r[0] == "query" && r[1] == "c-app" && r[2] != "page s-app" {
			t.Errorf("the query hangs below %s", r[2])
		}
	}
}

// All exchanges of one call message, as of a pipeline, are for its request.
func TestSystemPipelinedCalls(t *testing.T) {
	next := call{name: "next", key: 5, from: out, to: dbs, at: 31, end: 62, seq: 520, rseq: 1000, target: "q2"}
	for name, first := range map[string]bool{"label first": true, "packets first": false} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.start()
			s.l.System(SystemHost{Tier: sys.Sock})
			if !first {
				s.feed(other, served, asked, next)
			}
			s.acts(deeds...)
			s.l.System(SystemHost{Tier: sys.Sock}).Label(made)
			if first {
				s.feed(other, served, asked, next)
			}
			s.flush()
			under := 0
			for _, r := range s.rows() {
				if r[1] == "c-app" && r[2] == "page s-app" {
					under++
				}
			}
			if under != 2 {
				t.Errorf("%v", s.rows())
			}
		})
	}
}

// Sides of exchanges are bounded; what has no room is counted, and gets no span
// of a process.
func TestSystemSidesBounded(t *testing.T) {
	s := newScene(t)
	s.start()
	s.l.System(SystemHost{Tier: sys.Sock})
	s.l.system.room = 1
	s.feed(other, served, asked)
	s.acts(deeds...)
	s.l.System(SystemHost{Tier: sys.Sock}).Label(made)
	s.flush()
	apps := 0
	for i := range s.spans {
		if v, _ := s.spans[i].Attrs.Find(span.KeyObservation); len(v.Str) > 0 {
			apps++
		}
	}
	if st := s.accounted(); apps != 1 || st.Sideless == 0 || st.Joined != 2 || s.l.system.sides.live() != 0 {
		t.Errorf("%d spans of processes, %+v", apps, st)
	}
}
