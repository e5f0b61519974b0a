package thrift

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
func FuzzThrift(f *testing.F)  { l7test.Fuzz(f, Proto()) }
func TestAllocs(t *testing.T)  { l7test.Allocs(t, Proto(), plain()) }

func BenchmarkThrift(b *testing.B) { l7test.Bench(b, Proto(), plain()) }

// plain is the ordinary exchange, which must cost nothing.
func plain() l7test.Session {
	return l7test.TCP(
		l7test.Client("\x80\x01\x00\x01\x00\x00\x00\x03add\x00\x00\x00\x07\x08\x00\x01\x00\x00\x00\x01\x08\x00\x02\x00\x00\x00\x01\x00"),
		l7test.Server("\x80\x01\x00\x02\x00\x00\x00\x03add\x00\x00\x00\x07\x08\x00\x00\x00\x00\x00\x02\x00"))
}

func TestDetect(t *testing.T) {
	tests := []struct {
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{l7.ToServer, "\x80\x01\x00\x01\x00\x00\x00\x03add\x00\x00\x00\x07", l7.Yes},
		{l7.ToServer, "\x80\x01\x00\x01\x00\x00", l7.NeedMore},
		{l7.ToServer, "\x80\x01\x00\x02\x00\x00\x00\x03add\x00\x00\x00\x07", l7.No},
		{l7.ToClient, "\x80\x01\x00\x02\x00\x00\x00\x03add\x00\x00\x00\x07", l7.Yes},
		{l7.ToServer, "\x80\x01\x00\x01\x00\x00\x00\x03a d\x00\x00\x00\x07", l7.No},
		{l7.ToServer, "\x00\x00\x00\x10\x80\x01\x00\x01\x00\x00\x00\x03add\x00\x00\x00\x07\x00", l7.Yes},
		{l7.ToServer, "\x82\x21\x07\x03add\x00", l7.Yes},
		{l7.ToServer, "\x00\x00\x00\x08\x82\x21\x07\x03add\x00", l7.Yes},
		{l7.ToServer, "\x00\x00\x00\x03add\x01\x00\x00\x00\x07\x00", l7.Maybe},
		{l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
		{l7.ToServer, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", l7.No},
	}
	for _, tt := range tests {
		if got := detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("direction %d, %q: got verdict %d, want %d", tt.dir, tt.b, got, tt.want)
		}
	}
}
