package l7test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test/toy"
)

// faulty is toy with another Parse: what the properties must notice.
type faulty struct {
	l7.Parser
	parse func(inner l7.Parser, dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error)
}

func (f faulty) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	return f.parse(f.Parser, dir, b, out)
}

func faultyProto(parse func(l7.Parser, l7.Dir, []byte, *l7.Emitter) (l7.Step, error)) l7.Proto {
	p := toy.Proto()
	inner := p.New
	p.New = func(o l7.Options) l7.Parser { return faulty{inner(o), parse} }
	return p
}

func differs(want []Message, got *Result) bool {
	return !cmp.Equal(want, got.messages(), cmpopts.IgnoreUnexported(Message{}), cmpopts.EquateEmpty())
}

func TestPoisonNoticesAReferenceToTheInput(t *testing.T) {
	var kept []byte // the first line, shown again with every message
	p := faultyProto(func(inner l7.Parser, dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
		s, err := inner.Parse(dir, b, out)
		if kept == nil && s.Consumed > 0 {
			kept = b[:s.Consumed]
		}
		if m, _, ok := out.Take(); ok {
			m.Host = kept
			out.Emit(dir)
		}
		return s, err
	})
	s := TCP(Client("GET a\n"), Client("GET b\n"))
	want := Play(s, toy.Proto()).messages()
	for i := range want {
		want[i].Host = "GET a\n"
	}
	if !differs(want, Play(s, poisoned(p))) {
		t.Error("the reference was not noticed")
	}
}

func TestChopNoticesAParserOfSegments(t *testing.T) {
	p := faultyProto(func(inner l7.Parser, dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
		s, err := inner.Parse(dir, b, out)
		if s == (l7.Step{}) && err == nil {
			s.Consumed = len(b) // a piece of a line is thrown away
		}
		return s, err
	})
	s := TCP(Client("GET a\n"), Server("OK 0\n"))
	want := Play(s, p).messages()
	if len(want) != 2 {
		t.Fatalf("%d messages of whole segments", len(want))
	}
	if !differs(want, Play(s.split(1, 3), p)) {
		t.Error("the thrown away piece was not noticed")
	}
}

func TestWatchNotices(t *testing.T) {
	tests := []struct {
		name  string
		parse func(l7.Parser, l7.Dir, []byte, *l7.Emitter) (l7.Step, error)
		want  string
	}{
		{"writing to the input", func(_ l7.Parser, _ l7.Dir, b []byte, _ *l7.Emitter) (l7.Step, error) {
			b[0]++
			return l7.Step{Consumed: 1}, nil
		}, "wrote to its input"},
		{"consuming too much", func(_ l7.Parser, _ l7.Dir, b []byte, _ *l7.Emitter) (l7.Step, error) {
			return l7.Step{Consumed: len(b) + 1}, nil
		}, "returned"},
		{"asking for what it has", func(_ l7.Parser, _ l7.Dir, b []byte, _ *l7.Emitter) (l7.Step, error) {
			return l7.Step{Need: len(b)}, nil
		}, "asks for"},
		{"an error of its own", func(l7.Parser, l7.Dir, []byte, *l7.Emitter) (l7.Step, error) {
			return l7.Step{}, ownError{}
		}, "another error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, faults := watch(faultyProto(tt.parse))
			Play(TCP(Client("GET a\n")), p)
			if !slices.ContainsFunc(*faults, func(f string) bool { return strings.Contains(f, tt.want) }) {
				t.Errorf("faults %q, want one with %q", *faults, tt.want)
			}
		})
	}
}

type ownError struct{}

func (ownError) Error() string { return "of its own" }

func TestRecorderNoticesUnknownAttributes(t *testing.T) {
	p := toy.Proto()
	p.Keys = nil
	r := Play(TCP(Client("SET a\nk v\n\n")), p)
	if len(r.Faults) != 1 || !strings.Contains(r.Faults[0], "sets attribute 0 of 0") {
		t.Errorf("faults %q", r.Faults)
	}
}
