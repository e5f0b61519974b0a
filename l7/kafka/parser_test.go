package kafka

import (
	"fmt"
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

const dir = "testdata"

func TestGolden(t *testing.T)  { l7test.Golden(t, Proto(), dir) }
func TestChop(t *testing.T)    { l7test.Chop(t, Proto(), dir) }
func TestPoison(t *testing.T)  { l7test.Poison(t, Proto(), dir) }
func TestDrop(t *testing.T)    { l7test.DropBy(t, Proto(), dir, identity) }
func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), dir) }
func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), dir) }

func FuzzKafka(f *testing.F) { l7test.Fuzz(f, Proto()) }

// identity leaves out what a response says only when its request was seen.
func identity(m l7test.Message) string { return fmt.Sprintf("%s %d", m.Kind, m.Match) }

// plain is an exchange whose batch is not compressed, with headers.
func plain(tb testing.TB) l7test.Session {
	tb.Helper()
	s, err := l7test.Load("testdata/classic-produce.txt")
	if err != nil {
		tb.Fatal(err)
	}
	s.Repeat = len(s.Turns) - 2
	return s
}

func fetched(tb testing.TB) l7test.Session {
	tb.Helper()
	s, err := l7test.Load("testdata/classic-fetch.txt")
	if err != nil {
		tb.Fatal(err)
	}
	s.Turns = s.Turns[:5]
	s.Repeat = 2
	return s
}

func TestAllocs(t *testing.T) {
	l7test.Allocs(t, Proto(), plain(t))
	l7test.Allocs(t, Proto(), fetched(t))
}

func BenchmarkProduce(b *testing.B) { l7test.Bench(b, Proto(), plain(b)) }

func BenchmarkFetch(b *testing.B) { l7test.Bench(b, Proto(), fetched(b)) }
