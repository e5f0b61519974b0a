package engine_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/l7test/toy"
)

// door is a protocol of one line in each direction, behind which another one
// follows.
type door struct{}

func doorProto(seen *[]string) l7.Proto {
	return l7.Proto{
		Name: "door", Transport: l7.TCP,
		Detect: func(dir l7.Dir, b []byte) l7.Verdict {
			switch want := []byte("knock\n"); {
			case dir == l7.ToClient:
				return l7.Maybe
			case bytes.HasPrefix(b, want):
				return l7.Yes
			case bytes.HasPrefix(want, b):
				return l7.NeedMore
			}
			return l7.No
		},
		New: func(o l7.Options) l7.Parser {
			*seen = append(*seen, o.After)
			return &door{}
		},
	}
}

func (d *door) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return l7.Step{}, nil
	}
	kind := l7.Request
	var err error
	if dir == l7.ToClient {
		kind, err = l7.Response, l7.ErrSwitch
	}
	m := out.Begin(kind)
	m.Op = b[:i]
	out.Emit(dir)
	return l7.Step{Consumed: i + 1}, err
}

func (d *door) Gap(l7.Dir, int64) bool                { return false }
func (d *door) Resync(_ l7.Dir, b []byte) (int, bool) { return len(b), false }
func (d *door) Cut(l7.Dir, []byte, *l7.Emitter)       {}
func (d *door) End(l7.Dir, []byte, *l7.Emitter)       {}
func (d *door) Finish(*l7.Emitter)                    {}

// Behind ErrSwitch detection starts again, in both directions.
func TestSwitch(t *testing.T) {
	for _, c := range []struct {
		name  string
		turns []l7test.Turn
		want  []string
	}{
		{
			"in segments of their own",
			[]l7test.Turn{client("knock\n"), server("open\n"), client("GET a\n"), server("OK 0\n")},
			[]string{"request knock", "response open", "request GET a", "response"},
		},
		{
			"in one segment",
			[]l7test.Turn{client("knock\n"), server("open\nOK 0\n"), client("GET a\n")},
			[]string{"request knock", "response open", "response", "request GET a"},
		},
		{
			"byte by byte", append(bytewise(client, "knock\n"), append(bytewise(server, "open\n"), append(bytewise(client, "GET a\n"), bytewise(server, "OK 0\n")...)...)...),
			[]string{"request knock", "response open", "request GET a", "response"},
		},
		{
			"not as the same",
			[]l7test.Turn{client("knock\n"), server("open\n"), client("knock\n"), server("open\n")},
			[]string{"request knock", "response open"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var after []string
			got, _ := play(t, l7test.Session{Turns: c.turns}, toy.Proto(), doorProto(&after))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if len(after) != 1 || after[0] != "" {
				t.Errorf("after %q", after)
			}
		})
	}
}

func bytewise(say func(string) l7test.Turn, s string) (turns []l7test.Turn) {
	for _, c := range strings.Split(s, "") {
		turns = append(turns, say(c))
	}
	return turns
}
