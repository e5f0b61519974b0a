package template

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

const dir = "testdata"

func TestGolden(t *testing.T)  { l7test.Golden(t, Proto(), dir) }
func TestChop(t *testing.T)    { l7test.Chop(t, Proto(), dir) }
func TestPoison(t *testing.T)  { l7test.Poison(t, Proto(), dir) }
func TestDrop(t *testing.T)    { l7test.Drop(t, Proto(), dir) }
func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), dir) }
func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), dir) }

func FuzzQuote(f *testing.F) { l7test.Fuzz(f, Proto()) }

// plain is the ordinary exchange, which must cost nothing.
func plain() l7test.Session {
	return l7test.TCP(l7test.Client("ASK weather 0 en\r\n"), l7test.Server("200 5\r\nrainy"))
}

func TestAllocs(t *testing.T) { l7test.Allocs(t, Proto(), plain()) }

func BenchmarkQuote(b *testing.B) { l7test.Bench(b, Proto(), plain()) }

func TestDetect(t *testing.T) {
	tests := []struct {
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{l7.ToServer, "ASK weather 0\r\n", l7.Yes},
		{l7.ToServer, "ASK wea", l7.NeedMore},
		{l7.ToServer, "T", l7.NeedMore},
		{l7.ToServer, "ASK weather\r\n", l7.No},
		{l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
		{l7.ToServer, "200 0\r\n", l7.No},
		{l7.ToClient, "200 0\r\n", l7.Maybe},
		{l7.ToClient, "20", l7.NeedMore},
		{l7.ToClient, "220 mail.example ESMTP\r\n", l7.No},
	}
	for _, tt := range tests {
		if got := detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("direction %d, %q: got verdict %d, want %d", tt.dir, tt.b, got, tt.want)
		}
	}
}
