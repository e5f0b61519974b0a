package fastcgi

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
func FuzzFastCGI(f *testing.F) { l7test.Fuzz(f, Proto()) }
func TestAllocs(t *testing.T)  { l7test.Allocs(t, Proto(), plain()) }

func BenchmarkFastCGI(b *testing.B) { l7test.Bench(b, Proto(), plain()) }

// plain is the ordinary exchange, which must cost nothing.
func plain() l7test.Session {
	return l7test.TCP(
		l7test.Client("\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00"+
			"\x01\x04\x00\x01\x00\x28\x00\x00\x0e\x03REQUEST_METHODGET\x0b\x08REQUEST_URI/items/4"+
			"\x01\x04\x00\x01\x00\x00\x00\x00\x01\x05\x00\x01\x00\x00\x00\x00"),
		l7test.Server("\x01\x06\x00\x01\x00\x1a\x00\x00Content-type: a/b\r\n\r\nhello"+
			"\x01\x06\x00\x01\x00\x00\x00\x00\x01\x03\x00\x01\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
}

func TestDetect(t *testing.T) {
	tests := []struct {
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{l7.ToServer, "\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", l7.Yes},
		{l7.ToServer, "\x01\x01\x00\x01\x00\x08\x00\x00", l7.NeedMore},
		{l7.ToServer, "\x01\x01\x00\x01\x00\x08\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00", l7.No},
		{l7.ToServer, "\x01\x01\x00\x00\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", l7.No},
		{l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
		{l7.ToClient, "\x01\x06\x00\x01\x00\x1a\x00\x00Content-type: a/b\r\n\r\nhello", l7.Yes},
		{l7.ToClient, "\x01\x06\x00\x01\x00\x1a\x00\x00\x00\x00", l7.No},
		{l7.ToClient, "\x01\x03\x00\x01\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", l7.Yes},
	}
	for _, tt := range tests {
		if got := detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("direction %d, %q: got verdict %d, want %d", tt.dir, tt.b, got, tt.want)
		}
	}
}
