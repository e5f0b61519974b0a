package tls

import (
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

const dir = "testdata"

func TestGolden(t *testing.T)  { l7test.Golden(t, Proto(), dir) }
func TestChop(t *testing.T)    { l7test.Chop(t, Proto(), dir) }
func TestPoison(t *testing.T)  { l7test.Poison(t, Proto(), dir) }
func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), dir) }
func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), dir) }

// Names come from the ClientHello: where that is lost, all that follows is
// nameless, so exchanges are told apart by their kind.
func TestDrop(t *testing.T) {
	l7test.DropBy(t, Proto(), dir, func(m l7test.Message) string { return m.Kind + " " + m.Op })
}

func FuzzTLS(f *testing.F) { l7test.Fuzz(f, Proto()) }

func TestAllocs(t *testing.T) { l7test.Allocs(t, Proto(), turns(t)) }

func BenchmarkTLS(b *testing.B) { l7test.Bench(b, Proto(), turns(b)) }

// turns is a handshake, once, and two turns of a conversation, again and again.
func turns(tb testing.TB) l7test.Session {
	s, err := l7test.Load("testdata/nginx-http1-tls12.txt")
	if err != nil {
		tb.Fatal(err)
	}
	for i, turn := range s.Turns {
		if len(turn.Bytes) > 0 && turn.Bytes[0] == typeData {
			s.Turns, s.Repeat = s.Turns[:i+2], i
			return s
		}
	}
	tb.Fatal("no data")
	return s
}
