package link

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// register is a Who that knows some addresses and notes what it is told.
type register struct {
	known map[[16]byte]*identity.Identity
	asked int
	told  []string
}

func (r *register) Endpoint(q *identity.Query) *identity.Identity {
	r.asked++
	return r.known[q.Addr]
}

func (r *register) Learn(at int64, addr [16]byte, name []byte, ttl time.Duration) {
	r.told = append(r.told, fmt.Sprintf("%s %v %s", span.AppendIP(nil, &addr), ttl, name))
}

func (r *register) SetFile(addr [16]byte, name string) {
	r.told = append(r.told, fmt.Sprintf("%s file %s", span.AppendIP(nil, &addr), name))
}

// Services, instances and resources are those of a Who; what it does not know
// is named as without one.
func TestWho(t *testing.T) {
	s := newScene(t)
	attrs := span.AppendInt(nil, span.KeyClientPort, 4711)
	who := &register{known: map[[16]byte]*identity.Identity{
		endpoint(cl, 0).Addr: {Service: "laptop"},
		endpoint(gw, 0).Addr: {Service: "nginx", Instance: "c0ffee", Attrs: attrs},
	}}
	s.cfg.Who = who
	s.cfg.Forms = []Form{{Pair: true, Sink: (*keep)(&s.spans)}}
	s.start()
	s.l.SetName(endpoint(sb, 0).Addr, "db")
	s.feed(
		call{name: "d", class: l7.ClassDNS, from: cl, to: sb, end: 1, host: "shop.example", answers: gw + "/60", target: "shop.example A"},
		call{name: "a", from: cl, to: gw, at: 2, end: 9, host: "shop.example", conn: 1},
		call{name: "b", from: gw, to: sa, at: 3, end: 8},
	)
	begun := who.asked
	s.flush()
	var got []string
	for i := range s.spans {
		sp := &s.spans[i]
		got = append(got, fmt.Sprintf("%s %s %s %d", s.nameOf(sp), sp.Service, sp.Instance, len(sp.Resource)))
	}
	slices.Sort(got)
	n := len(attrs)
	want := []string{
		"a nginx c0ffee " + fmt.Sprint(n), "a' laptop  0", "b 10.0.0.3:80 10.0.0.3:80 0", "b' nginx c0ffee " + fmt.Sprint(n), "d laptop  0",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{sb + " file db", gw + " 1m0s shop.example"}, who.told); d != "" {
		t.Error(d)
	}
	if begun != 2 || who.asked != 5 { // at the first request of a connection; what was answered lately is not asked again
		t.Errorf("asked %d times when requests began, %d in all", begun, who.asked)
	}
}

// byProcess knows processes by number only.
type byProcess struct{ asked []uint32 }

func (b *byProcess) Endpoint(q *identity.Query) *identity.Identity {
	b.asked = append(b.asked, q.PID)
	if q.PID == 0 {
		return nil
	}
	return &identity.Identity{Service: fmt.Sprint("process ", q.PID)}
}

func (b *byProcess) Learn(int64, [16]byte, []byte, time.Duration) {}
func (b *byProcess) SetFile([16]byte, string)                     {}

// Where it is known who moved the bytes, who that is is asked for by the process,
// at once.
func TestWhoByProcess(t *testing.T) {
	who := &byProcess{}
	s := newScene(t)
	s.cfg.Who = who
	s.acts(deeds...)
	if fmt.Sprint(who.asked) != "[7 7]" {
		t.Errorf("asked for %v", who.asked)
	}
	s.feed(served, asked)
	s.flush()
	for i := range s.spans {
		want := "process 7"
		if string(s.spans[i].Name) == "query" && s.spans[i].Kind == span.Server {
			want = dbs // nobody saw it read
		}
		if got := string(s.spans[i].Service); got != want {
			t.Errorf("%s %v is of %s, want %s", s.spans[i].Name, s.spans[i].Kind, got, want)
		}
	}
}
