package rocketmq

import (
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

const dir = "testdata"

func TestGolden(t *testing.T)  { l7test.Golden(t, Proto(), dir) }
func TestChop(t *testing.T)    { l7test.Chop(t, Proto(), dir) }
func TestPoison(t *testing.T)  { l7test.Poison(t, Proto(), dir) }
func TestDrop(t *testing.T)    { l7test.Drop(t, Proto(), dir) }
func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), dir) }
func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), dir) }

func FuzzRocketMQ(f *testing.F) { l7test.Fuzz(f, Proto()) }

// plain is a message that is sent.
func plain(tb testing.TB) l7test.Session {
	tb.Helper()
	s, err := l7test.Load("testdata/send.txt")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestAllocs(t *testing.T) { l7test.Allocs(t, Proto(), plain(t)) }

func BenchmarkSend(b *testing.B) { l7test.Bench(b, Proto(), plain(b)) }
