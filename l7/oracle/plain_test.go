package oracle

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

// load returns the turns of a session.
func load(tb testing.TB, file string) []l7test.Turn {
	tb.Helper()
	s, err := l7test.Load("testdata/" + file)
	if err != nil {
		tb.Fatal(err)
	}
	return s.Turns
}

// from returns the turns from the first of the client that has a text on.
func from(tb testing.TB, turns []l7test.Turn, text string, n int) []l7test.Turn {
	tb.Helper()
	for i, t := range turns {
		if t.Dir == l7.ToServer && strings.Contains(string(t.Bytes), text) {
			return turns[i : i+n]
		}
	}
	tb.Fatalf("no request with %q", text)
	return nil
}

// plain is what connections are made of: a statement with its text, and the
// execution of a cursor.
func plain(tb testing.TB) l7test.Session {
	turns := load(tb, "session-go-ora.txt")
	s := l7test.TCP(turns[:2]...)
	s.Port = 1521
	s.Repeat = 2
	s.Turns = append(s.Turns, from(tb, turns, "WHERE id = :1", 4)...)
	return s
}

func TestAllocs(t *testing.T) { l7test.Allocs(t, Proto(), plain(t)) }

func BenchmarkOracle(b *testing.B) { l7test.Bench(b, Proto(), plain(b)) }
