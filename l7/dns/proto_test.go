package dns

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

// both runs a property of l7test over UDP and over TCP.
func both(t *testing.T, property func(*testing.T, l7.Proto, string)) {
	t.Run("udp", func(t *testing.T) { property(t, UDP(), "testdata/udp") })
	t.Run("tcp", func(t *testing.T) { property(t, TCP(), "testdata/tcp") })
}

func TestGolden(t *testing.T)  { both(t, l7test.Golden) }
func TestChop(t *testing.T)    { both(t, l7test.Chop) }
func TestPoison(t *testing.T)  { both(t, l7test.Poison) }
func TestDrop(t *testing.T)    { both(t, l7test.Drop) }
func TestSwap(t *testing.T)    { both(t, l7test.Swap) }
func TestReorder(t *testing.T) { both(t, l7test.Reorder) }

func FuzzEngineUDP(f *testing.F) { l7test.Fuzz(f, UDP()) }
func FuzzEngineTCP(f *testing.F) { l7test.Fuzz(f, TCP()) }

// plain is a lookup without anything special.
func plain(tb testing.TB, dir string) l7test.Session {
	tb.Helper()
	s, err := l7test.Load("testdata/" + dir + "/plain.txt")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestEngineAllocs(t *testing.T) {
	l7test.Allocs(t, UDP(), plain(t, "udp"))
	l7test.Allocs(t, TCP(), plain(t, "tcp"))
}

func BenchmarkEngineUDP(b *testing.B) { l7test.Bench(b, UDP(), plain(b, "udp")) }
func BenchmarkEngineTCP(b *testing.B) { l7test.Bench(b, TCP(), plain(b, "tcp")) }
