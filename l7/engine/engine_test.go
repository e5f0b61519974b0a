package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/l7test/toy"
)

// line writes a message on one line: what most tests compare.
func line(m l7test.Message) string {
	s := m.Kind + " " + m.Op + " " + m.Resource
	if m.Code != 0 {
		s += string(rune('0' + m.Code%10))
	}
	s = strings.TrimSpace(s)
	if m.Lost > 0 {
		s += " lost"
	}
	if m.Cut {
		s += " cut"
	}
	if m.Trailer != nil {
		s += " end"
	}
	return s
}

// play runs turns and returns the messages of all connections as lines.
func play(t *testing.T, s l7test.Session, protos ...l7.Proto) ([]string, *l7test.Result) {
	t.Helper()
	if protos == nil {
		protos = []l7.Proto{toy.Proto()}
	}
	r := l7test.Play(s, protos...)
	for _, f := range r.Faults {
		if !strings.HasPrefix(f, "panic: as asked") && !strings.HasPrefix(f, "the parser consumed") {
			t.Error(f)
		}
	}
	var got []string
	for _, c := range r.Conns {
		for _, m := range c.Messages {
			got = append(got, line(m))
		}
	}
	return got, r
}

var (
	client = l7test.Client
	server = l7test.Server
)

func TestMessages(t *testing.T) {
	body := strings.Repeat("x", 100)
	tests := []struct {
		name  string
		turns []l7test.Turn
		want  []string
		check func(*testing.T, *l7test.Result)
	}{
		{
			name:  "a request and a response in one segment each",
			turns: []l7test.Turn{client("GET a\n"), server("OK 5\nhello")},
			want:  []string{"request GET a", "response"},
		},
		{
			name:  "several messages in one segment",
			turns: []l7test.Turn{client("GET a\nPUT b 3\nabcGET c\n"), server("OK 0\nERR 4\nOK 2\nhi")},
			want:  []string{"request GET a", "request PUT b", "request GET c", "response", "response  4", "response"},
		},
		{
			name:  "a body over several segments is skipped",
			turns: []l7test.Turn{client("GET a\n"), server("OK 300\n" + body), server(body), server(body + "ERR 7\n")},
			want:  []string{"request GET a", "response", "response  7"},
			check: func(t *testing.T, r *l7test.Result) {
				if r.Stats.Skipped != 300 || r.Stats.CarryBytes != 0 {
					t.Errorf("skipped %d, carried %d, want 300 and 0", r.Stats.Skipped, r.Stats.CarryBytes)
				}
			},
		},
		{
			name:  "a gap within a body costs nothing but is counted",
			turns: []l7test.Turn{client("GET a\n"), server("OK 300\n"), l7test.Lost(l7.ToClient, 200), server(body + "ERR 7\n")},
			want:  []string{"request GET a", "response lost", "response  7"},
		},
		{
			name:  "a gap that ends with the body ends the message",
			turns: []l7test.Turn{client("GET a\n"), server("OK 300\n"), l7test.Lost(l7.ToClient, 300), server("ERR 7\n")},
			want:  []string{"request GET a", "response lost", "response  7"},
			check: func(t *testing.T, r *l7test.Result) {
				if m := r.Conns[0].Messages[1]; m.Lost != 300 || m.Cut || m.Last != 306 {
					t.Errorf("lost %d, cut %v, last %d, want 300, false, 306", m.Lost, m.Cut, m.Last)
				}
				if r.Stats.Gaps != 0 || r.Stats.LostSkipped != 300 {
					t.Errorf("gaps %d, lost in skip %d", r.Stats.Gaps, r.Stats.LostSkipped)
				}
			},
		},
		{
			name:  "a gap beyond a body loses the boundary, which is found again",
			turns: []l7test.Turn{client("GET a\n"), server("OK 300\n"), l7test.Lost(l7.ToClient, 320), server("tail\nERR 7\n")},
			want:  []string{"request GET a", "response lost", "response  7"},
			check: func(t *testing.T, r *l7test.Result) {
				if r.Conns[0].Missed != 1 || r.Stats.Resynced != 1 || r.Stats.LostBoundary != 20 || r.Stats.Discarded[engine.OfSearch] != 5 {
					t.Errorf("missed %d, stats %+v", r.Conns[0].Missed, r.Stats)
				}
			},
		},
		{
			name:  "a gap that the parser copes with",
			turns: []l7test.Turn{client("LOG a 100\nwwww"), l7test.Lost(l7.ToServer, 90), client("yyyyyyGET b\n")},
			want:  []string{"request LOG a", "request GET b lost"},
		},
		{
			name:  "a head over three segments",
			turns: []l7test.Turn{client("GE"), client("T lo"), client("ng\nGET b\n")},
			want:  []string{"request GET long", "request GET b"},
		},
		{
			name:  "a chunked message has its end reported",
			turns: []l7test.Turn{client("STREAM a\n"), server("MORE\n+5\nhel"), server("lo+3\nabc.\nOK 0\n")},
			want:  []string{"request STREAM a", "response end", "response"},
		},
		{
			name:  "a gap within a chunk counts for its message",
			turns: []l7test.Turn{client("STREAM a\n"), server("MORE\n+50\nhel"), l7test.Lost(l7.ToClient, 47), server("+3\nabc.\nOK 0\n")},
			want:  []string{"request STREAM a", "response lost end", "response"},
		},
		{
			name:  "a gap over chunk boundaries cuts the message",
			turns: []l7test.Turn{client("STREAM a\n"), server("MORE\n+5\nhel"), l7test.Lost(l7.ToClient, 20), server("bc.\nOK 0\n")},
			want:  []string{"request STREAM a", "response lost cut", "response"},
		},
		{
			name:  "a body until the end, ended by FIN",
			turns: []l7test.Turn{client("TAIL a\n"), server("ALL\nabc"), server("def"), l7test.Lost(l7.ToClient, 9), l7test.Fin(l7.ToClient)},
			want:  []string{"request TAIL a", "response lost"},
		},
		{
			name:  "a body until the end, cut by the close",
			turns: []l7test.Turn{client("TAIL a\n"), server("ALL\nabc"), server("def")},
			want:  []string{"request TAIL a", "response cut"},
		},
		{
			name:  "a body that FIN cuts short",
			turns: []l7test.Turn{client("GET a\n"), server("OK 10\nabc"), l7test.Fin(l7.ToClient)},
			want:  []string{"request GET a", "response cut"},
		},
		{
			name:  "a message whose end is in a gap says what it can",
			turns: []l7test.Turn{client("GET a\nGET bc"), l7test.Lost(l7.ToServer, 10), server("OK 0\nOK 1"), l7test.Lost(l7.ToClient, 7), client("GET d\n"), server("ERR 4\n")},
			want:  []string{"request GET a", "request GET bc lost cut", "response", "response lost cut", "request GET d", "response  4"},
			check: func(t *testing.T, r *l7test.Result) {
				if m := r.Conns[0].Messages[1]; m.Lost != 10 || m.Last != 11 || m.Head != "GET bc" || r.Conns[0].Missed != 2 || r.Stats.Cut != 2 {
					t.Errorf("lost %d, last %d, head %q; missed %d, stats %+v", m.Lost, m.Last, m.Head, r.Conns[0].Missed, r.Stats)
				}
			},
		},
		{
			name:  "and so does one behind which the capture ends",
			turns: []l7test.Turn{client("GET a\n"), server("OK 2\nhi"), client("GET b\n"), server("OK "), server("1")},
			want:  []string{"request GET a", "response", "request GET b", "response cut"},
		},
		{
			name:  "a gap before the protocol was found",
			turns: []l7test.Turn{client("PU"), l7test.Lost(l7.ToServer, 7), client("GET b"), l7test.Lost(l7.ToServer, 7), server("OK 3"), l7test.Lost(l7.ToClient, 3), client("GET c\n"), server("OK 0\n")},
			want:  []string{"request GET b lost cut", "response lost cut", "request GET c", "response"},
		},
		{
			name:  "nothing is read behind a tunnel's opening",
			turns: []l7test.Turn{client("TUNNEL a\n"), server("TUN\n"), client("GET b\n")},
			want:  []string{"request TUNNEL a", "response"},
			check: opaqueFor(engine.Declared),
		},
		{
			name:  "a panic costs the connection only",
			turns: []l7test.Turn{client("GET a\n"), client("PANIC b\n"), client("GET c\n")},
			want:  []string{"request GET a"},
			check: opaqueFor(engine.Panic),
		},
		{
			name:  "a parser that consumes too much is not believed",
			turns: []l7test.Turn{client("GET a\n"), client("BREACH b\n"), client("GET c\n")},
			want:  []string{"request GET a"},
			check: opaqueFor(engine.Breach),
		},
		{
			name:  "rubbish between messages is passed over",
			turns: []l7test.Turn{client("GET a\nrubbish\nGET b\n")},
			want:  []string{"request GET a", "request GET b"},
		},
		{
			name:  "a line beyond the window is given up",
			turns: []l7test.Turn{client("GET a\nPUT " + strings.Repeat("long", toy.Window/4+10)), client("end\nGET b\n")},
			want:  []string{"request GET a", "request GET b"},
			check: func(t *testing.T, r *l7test.Result) {
				if r.Stats.Overflows != 1 {
					t.Errorf("overflows %d, want 1", r.Stats.Overflows)
				}
			},
		},
		{
			name:  "half a message is emitted at the end",
			turns: []l7test.Turn{client("SET a\nk v\n")},
			want:  []string{"request SET a"},
		},
		{
			name:  "an unknown protocol",
			turns: []l7test.Turn{client("EHLO\n"), server("250 5\n")},
			check: opaqueFor(engine.Unknown),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, r := play(t, l7test.TCP(tt.turns...))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s%+v", diff, r.Stats)
			}
			if tt.check != nil {
				tt.check(t, r)
			}
		})
	}
}

func opaqueFor(why engine.Reason) func(*testing.T, *l7test.Result) {
	return func(t *testing.T, r *l7test.Result) {
		if r.Stats.Opaque[why] != 1 || r.Conns[0].Opaque != why.String() {
			t.Errorf("opaque %q %v, want %q", r.Conns[0].Opaque, r.Stats.Opaque, why)
		}
	}
}

func TestAstray(t *testing.T) {
	turns := []l7test.Turn{client("GET a\n")}
	for range 12 {
		turns = append(turns, client("GET\nrub\nGET \n")) // every start found is a wrong one
	}
	got, r := play(t, l7test.TCP(turns...), wary())
	if len(got) != 1 || r.Stats.Opaque[engine.Astray] != 1 || r.Stats.Desynced != 9 {
		t.Errorf("messages %q, desynced %d, opaque %v", got, r.Stats.Desynced, r.Stats.Opaque)
	}
}

// wary is toy, but an empty name is no request.
func wary() l7.Proto {
	p := toy.Proto()
	inner := p.New
	p.New = func(o l7.Options) l7.Parser { return waryParser{inner(o)} }
	return p
}

type waryParser struct{ l7.Parser }

func (w waryParser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if strings.HasPrefix(string(b), "GET \n") {
		return l7.Step{}, l7.ErrDesync
	}
	return w.Parser.Parse(dir, b, out)
}

// prompt is toy whose MORE is over when another response comes, and which never
// has enough of a HINT.
func prompt() l7.Proto {
	p := toy.Proto()
	inner := p.New
	p.New = func(o l7.Options) l7.Parser { return &promptParser{Parser: inner(o)} }
	return p
}

type promptParser struct {
	l7.Parser
	open bool
}

func (p *promptParser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	switch text := string(b); {
	case strings.HasPrefix(text, "MORE\n"):
		p.open = true
	case strings.HasPrefix(text, "OK") && p.open:
		p.open = false
		out.Begin(l7.End)
		out.Emit(dir)
		return l7.Step{}, nil
	case strings.HasPrefix(text, "HINT"):
		out.Begin(l7.Interim)
		out.Emit(dir)
		return l7.Step{}, nil
	}
	return p.Parser.Parse(dir, b, out)
}

func TestMessageWithoutBytes(t *testing.T) {
	for _, turns := range [][]l7test.Turn{
		{client("GET a\nGET b\n"), server("MORE\n+1\nx"), server("OK 0\n")},
		{client("GET a\nGET b\n"), server("MORE\n+1\nxOK 0\n")},
	} {
		got, r := play(t, l7test.TCP(turns...), prompt())
		if diff := cmp.Diff([]string{"request GET a", "request GET b", "response end", "response"}, got); diff != "" {
			t.Errorf("messages (-want +got):\n%s%+v", diff, r.Stats)
		}
		if m := r.Conns[0].Messages[2]; m.Last != 8 || m.Cut {
			t.Errorf("it ends at %d, cut %v, want 8", m.Last, m.Cut)
		}
	}
	got, r := play(t, l7test.TCP(client("GET a\n"), server("HINT 1\n"), client("GET b\n")), prompt())
	if len(got) != 6 || r.Stats.Opaque[engine.Breach] != 1 {
		t.Errorf("for ever: %q, %+v", got, r.Stats)
	}
}
