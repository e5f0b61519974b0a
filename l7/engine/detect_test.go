package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/l7test/toy"
)

// says is a protocol that gives the same verdict on everything, and whose
// parser consumes eat bytes before it refuses the stream.
func says(name string, v l7.Verdict, eat int) l7.Proto {
	return l7.Proto{
		Name: name, Transport: l7.TCP | l7.UDP,
		Detect: func(l7.Dir, []byte) l7.Verdict { return v },
		New:    func(l7.Options) l7.Parser { return &refuser{eat: eat} },
	}
}

type refuser struct{ eat int }

func (r *refuser) Parse(_ l7.Dir, b []byte, _ *l7.Emitter) (l7.Step, error) {
	n := min(r.eat, len(b))
	if r.eat -= n; n > 0 {
		return l7.Step{Consumed: n}, nil
	}
	return l7.Step{}, l7.ErrNotMine
}
func (r *refuser) Gap(l7.Dir, int64) bool                { return false }
func (r *refuser) Resync(_ l7.Dir, b []byte) (int, bool) { return len(b), false }
func (r *refuser) Cut(l7.Dir, []byte, *l7.Emitter)       {}
func (r *refuser) End(l7.Dir, []byte, *l7.Emitter)       {}
func (r *refuser) Finish(*l7.Emitter)                    {}

func TestDetection(t *testing.T) {
	exchange := []l7test.Turn{client("GET a\n"), server("OK 2\nhi"), client("GET b\n"), server("ERR 5\n")}
	want := []string{"request GET a", "response", "request GET b", "response  5"}
	tests := []struct {
		name   string
		protos []l7.Proto
		turns  []l7test.Turn
		want   []string
	}{
		{"a certain protocol before one that is plausible", []l7.Proto{says("x", l7.Maybe, 0), toy.Proto()}, exchange, want},
		{"a candidate that refuses gives way", []l7.Proto{says("x", l7.Yes, 0), says("y", l7.Yes, 0), toy.Proto()}, exchange, want},
		{"what a candidate has read is read again", []l7.Proto{says("x", l7.Yes, 4), toy.Proto()}, exchange, want},
		{"what it has read of several segments too", []l7.Proto{says("x", l7.Yes, 9), toy.Proto()}, exchange, want},
		{"and of both directions", []l7.Proto{says("x", l7.Yes, 15), toy.Proto()}, exchange, want},
		{
			"one that wants more holds up a plausible one",
			[]l7.Proto{says("x", l7.Maybe, 0), toy.Proto()},
			[]l7test.Turn{client("GE"), client("T a\n"), server("OK 0\n")},
			[]string{"request GET a", "response"},
		},
		{
			"a request kept from before the server's word",
			[]l7.Proto{toy.Proto()},
			[]l7test.Turn{client("GE"), server("HINT 3\n"), client("T a\n")},
			[]string{"interim  3", "request GET a"},
		},
		{"a pause in the first word until the end", []l7.Proto{toy.Proto()}, []l7test.Turn{client("GE")}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, r := play(t, l7test.TCP(tt.turns...), tt.protos...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s%+v", diff, r.Stats)
			}
		})
	}
}

func TestHintedPortIsAskedFirst(t *testing.T) {
	x := says("x", l7.Yes, 0)
	_, r := play(t, l7test.TCP(client("GET a\n")), x, toy.Proto())
	if r.Stats.Protos[0].Refused != 0 || r.Stats.Protos[1].Messages != 1 {
		t.Errorf("port of toy: %+v", r.Stats.Protos)
	}
	s := l7test.TCP(client("GET a\n"))
	s.Port = 4242
	_, r = play(t, s, x, toy.Proto())
	if r.Stats.Protos[0].Refused != 1 || r.Stats.Protos[1].Messages != 1 {
		t.Errorf("other port: %+v", r.Stats.Protos)
	}
}

func TestMidstream(t *testing.T) {
	body := strings.Repeat("x", 50)
	s := l7test.TCP(
		server(body), server(body), server("tail"), // of a response that began before
		client("GET a\n"), server("more of it\nOK 2\nhi"), client("GET b\n"), server("ERR 5\n"),
	)
	s.Midstream = true
	want := []string{"request GET a", "response", "request GET b", "response  5"}
	got, r := play(t, s)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s%+v", diff, r.Stats)
	}
	if r.Stats.Midstream != 1 || r.Stats.Discarded[engine.OfUndetected] != 104 {
		t.Errorf("midstream %d, discarded %v", r.Stats.Midstream, r.Stats.Discarded)
	}

	for i := range s.Turns {
		s.Turns[i].Dir = s.Turns[i].Dir.Opposite()
	}
	got, r = play(t, s)
	if diff := cmp.Diff(want, got); diff != "" || r.Stats.Flipped != 1 {
		t.Errorf("roles exchanged: messages (-want +got):\n%s%+v", diff, r.Stats)
	}
}

func TestMidstreamGivesUp(t *testing.T) {
	s := l7test.Session{Midstream: true}
	for range 20 {
		s.Turns = append(s.Turns, client("what?\n"), server("what!\n"))
	}
	s.Turns = append(s.Turns, client("GET a\n"))
	got, r := play(t, s)
	if len(got) != 0 || r.Stats.Opaque[engine.Unknown] != 1 {
		t.Errorf("messages %q, opaque %v", got, r.Stats.Opaque)
	}
}

func TestLossBeforeDetection(t *testing.T) {
	s := l7test.TCP(client("GE"), l7test.Lost(l7.ToServer, 10), client("rubbish\n"), client("GET a\n"), server("OK 0\n"))
	got, r := play(t, s)
	if diff := cmp.Diff([]string{"request GET a", "response"}, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s%+v", diff, r.Stats)
	}
}

func TestObservedRolesAreExchangedOnlyForCertain(t *testing.T) {
	turns := []l7test.Turn{server("GET a\n"), client("OK 0\n")}
	got, r := play(t, l7test.TCP(turns...))
	if diff := cmp.Diff([]string{"request GET a", "response"}, got); diff != "" || r.Stats.Flipped != 1 {
		t.Errorf("messages (-want +got):\n%s%+v", diff, r.Stats)
	}
	if got, r = play(t, l7test.TCP(turns...), plausible()); len(got) != 0 || r.Stats.Flipped != 0 || r.Stats.Opaque[engine.Unknown] != 1 {
		t.Errorf("plausible: messages %q, stats %+v", got, r.Stats)
	}
}

func TestPreamble(t *testing.T) {
	exchange := []l7test.Turn{client("GET a\n"), server("OK 2\nhi"), client("GET b\n"), server("ERR 5\n")}
	want := []string{"request GET a", "response", "request GET b", "response  5"}
	long := strings.Repeat("x", 1000)
	tests := []struct {
		name  string
		turns []l7test.Turn
		want  []string
	}{
		{"both sides", []l7test.Turn{client("\x05\x01\x00"), server("\x05\x00"), client("\x05\x01?"), server("\x05\x00?")}, want},
		{"one side", []l7test.Turn{client("hello\n")}, want},
		{"a preamble that looks like a start", []l7test.Turn{client("G"), server("O")}, want},
		{"15 segments", slices.Repeat([]l7test.Turn{client("x")}, 15), want},
		{"16 segments", slices.Repeat([]l7test.Turn{client("x"), server("x")}, 16), nil},
		{"4 KiB less something", slices.Repeat([]l7test.Turn{client(long), server(long)}, 4), want},
		{"more than 4 KiB", slices.Repeat([]l7test.Turn{client(long), server(long)}, 5), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, r := play(t, l7test.TCP(append(tt.turns, exchange...)...))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s%+v", diff, r.Stats)
			}
			if n := r.Stats.Opaque[engine.Unknown]; n == 1 != (tt.want == nil) {
				t.Errorf("%d unknown", n)
			}
		})
	}
	got, r := play(t, l7test.TCP(append([]l7test.Turn{client("hello\n")}, exchange...)...), plausible())
	if len(got) != 0 || r.Stats.Opaque[engine.Unknown] != 1 {
		t.Errorf("plausible: messages %q, stats %+v", got, r.Stats)
	}
}

// plausible is toy, never certain of itself.
func plausible() l7.Proto {
	p := toy.Proto()
	p.Detect = func(dir l7.Dir, b []byte) l7.Verdict { return min(toy.Detect(dir, b), l7.Maybe) }
	return p
}

func TestDecisionAtTheEndOfADirection(t *testing.T) {
	for _, way := range []l7.Dir{l7.ToServer, l7.ToClient} {
		s := l7test.Session{Midstream: true, Turns: []l7test.Turn{
			{Dir: way, Bytes: []byte("GET a\n")},
			l7test.Fin(way),
			{Dir: way, Bytes: []byte("GET late\n")},
			{Dir: way.Opposite(), Bytes: []byte("OK 0\n")},
		}}
		got, r := play(t, s, says("n", l7.NeedMore, 0), plausible())
		if diff := cmp.Diff([]string{"request GET a", "response"}, got); diff != "" {
			t.Errorf("direction %d: messages (-want +got):\n%s%+v", way, diff, r.Stats)
		}
		if n := r.Stats.Discarded[engine.OfEnd]; n != 9 {
			t.Errorf("direction %d: %d bytes discarded behind the end, want 9", way, n)
		}
	}
}

// TestRefusedBesideGap: a candidate that refuses the bytes in front of a gap
// leaves the gap where it is; what follows it is not taken for what it follows.
func TestRefusedBesideGap(t *testing.T) {
	hesitant := says("x", l7.NeedMore, 0)
	hesitant.Detect = func(dir l7.Dir, b []byte) l7.Verdict {
		if dir == l7.ToServer {
			return l7.Yes
		}
		return l7.NeedMore
	}
	s := l7test.TCP(server("half"), l7test.Lost(l7.ToClient, 5000), l7test.Lost(l7.ToServer, 100), client("GET a\n"), server("M"), client("GET b\n"), server("OK 0\n"))
	r := l7test.Play(s, hesitant)
	for _, f := range r.Faults {
		t.Error(f)
	}
}
