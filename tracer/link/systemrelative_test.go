package link

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/tracer/executor"
)

// Two exchanges of one connection, told by a source that counts bytes from its
// beginning, become sides of the right ones; a connection whose beginning packets
// did not show gets none.
func TestSystemRelative(t *testing.T) {
	first := call{name: "one", key: 1, from: web, to: svc, at: 10, end: 20, seq: 1001, rseq: 7001, target: "GET /1", whole: true}
	second := call{name: "two", key: 2, from: web, to: svc, at: 30, end: 40, seq: 1101, rseq: 7901, target: "GET /2", whole: true, trail: Trail{Offset: 100}}
	tell := func(s *scene) {
		s.start()
		to := s.l.System(SystemHost{Tier: sys.Legacy})
		for i, d := range []deed{
			{id: 1, seq: 0, length: 100, at: 12, tid: 71},
			{id: 2, seq: 0, length: 900, at: 19, tid: 71, sent: true},
			{id: 3, seq: 100, length: 50, at: 32, tid: 72},
			{id: 4, seq: 900, length: 10, at: 39, tid: 72, sent: true},
		} {
			who := executor.Thread{TGID: 7, TID: d.tid}
			m := executor.Message{
				ID: d.id, Cookie: 5, Local: spot(svc), Remote: spot(web), Role: executor.Serving, Seq: d.seq, Length: d.length, Calls: 1,
				Begin: epoch + d.at*ms, End: epoch + d.at*ms, First: who, Last: who, Flags: sys.RelativeSeq,
			}
			if m.Direction = sys.Received; i%2 == 1 {
				m.Direction = sys.Sent
			}
			to.Message(&m)
		}
	}
	want := [][4]string{{"one", "net", "-", ""}, {"one", "s-app", "one net", "sighting"}, {"two", "net", "-", ""}, {"two", "s-app", "two net", "sighting"}}
	for name, feed := range map[string]func(*scene){
		"events first":  func(s *scene) { tell(s); s.feed(first, second) },
		"packets first": func(s *scene) { s.feed(first, second); tell(s) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.start()
			s.l.System(SystemHost{Tier: sys.Legacy})
			feed(s)
			s.flush()
			if d := cmp.Diff(want, s.rows()); d != "" {
				t.Error(d)
			}
			if st := s.l.SystemStats(); st.Joined != 4 {
				t.Errorf("%+v", st)
			}
		})
	}
	t.Run("beginning not seen", func(t *testing.T) {
		s := newScene(t)
		first, second := first, second
		first.whole, second.whole = false, false
		tell(s)
		s.feed(first, second)
		s.flush()
		if st := s.l.SystemStats(); st.Joined != 0 || len(s.rows()) != 2 {
			t.Errorf("%+v, %v", st, s.rows())
		}
	})
}
