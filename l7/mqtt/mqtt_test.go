package mqtt

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
func FuzzMQTT(f *testing.F)    { l7test.Fuzz(f, Proto()) }
func TestAllocs(t *testing.T)  { l7test.Allocs(t, Proto(), plainSession()) }

func BenchmarkMQTT(b *testing.B) { l7test.Bench(b, Proto(), plainSession()) }

const (
	hello5   = "\x10\x12\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x05probe"
	welcome5 = "\x20\x03\x00\x00\x00"
)

// plainSession is the ordinary exchange, which must cost nothing.
func plainSession() l7test.Session {
	s := l7test.TCP(l7test.Client(hello5), l7test.Server(welcome5),
		l7test.Client("\x32\x0f\x00\x05a/b/c\x00\x07\x00value\x30\x0c\x00\x05a/b/c\x00hell"),
		l7test.Server("\x40\x02\x00\x07"))
	s.Repeat = 2
	return s
}

func TestDetect(t *testing.T) {
	tests := []struct {
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{l7.ToServer, hello5, l7.Yes},
		{l7.ToServer, "\x10\x12\x00\x04MQT", l7.NeedMore},
		{l7.ToServer, "\x10\x12\x00\x04HTTP", l7.No},
		{l7.ToServer, "\x10\x12\x00\x04MQTT\x07", l7.No},
		{l7.ToClient, hello5, l7.No},
		{l7.ToClient, "\x20\x02\x00\x00", l7.Maybe},
		{l7.ToClient, "\x30\x09\x00\x05a/b/cxx", l7.Maybe},
		{l7.ToServer, "\x82\x0a\x00\x01\x00\x05a/b/c\x01", l7.Yes},
		{l7.ToServer, "\xc0\x00", l7.Maybe},
		{l7.ToServer, "\xc0\x00\xc0\x00\xc0\x00", l7.Maybe},
		{l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
		{l7.ToServer, "\x16\x03\x01\x02\x00\x01", l7.No},
	}
	for _, tt := range tests {
		if got := detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("direction %d, %q: got verdict %d, want %d", tt.dir, tt.b, got, tt.want)
		}
	}
}
