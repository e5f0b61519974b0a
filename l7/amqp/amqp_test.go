package amqp

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
func FuzzAMQP(f *testing.F)    { l7test.Fuzz(f, Proto()) }
func TestAllocs(t *testing.T)  { l7test.Allocs(t, Proto(), plainSession()) }

func BenchmarkAMQP(b *testing.B) { l7test.Bench(b, Proto(), plainSession()) }

// publishing is a message with properties, in one write.
const publishing = "\x01\x00\x01\x00\x00\x00\x10\x00\x3c\x00\x28\x00\x00\x06orders\x01k\x00\xce" +
	"\x02\x00\x01\x00\x00\x00\x12\x00\x3c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x80\x03m-1\xce" +
	"\x03\x00\x01\x00\x00\x00\x05hello\xce"

// plainSession is the ordinary exchange, which must cost nothing.
func plainSession() l7test.Session {
	return l7test.TCP(l7test.Client(publishing),
		l7test.Client("\x01\x00\x01\x00\x00\x00\x0c\x00\x32\x00\x0a\x00\x00\x01q\x00\x00\x00\x00\x00\xce"),
		l7test.Server("\x01\x00\x01\x00\x00\x00\x0e\x00\x32\x00\x0b\x01q\x00\x00\x00\x01\x00\x00\x00\x00\xce"))
}

func TestDetect(t *testing.T) {
	tests := []struct {
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{l7.ToServer, "AMQP\x00\x00\x09\x01", l7.Yes},
		{l7.ToServer, "AMQP\x00\x00", l7.NeedMore},
		{l7.ToServer, "AMQP\x00\x01\x00\x00", l7.No},
		{l7.ToServer, "AMQP\x03\x01\x00\x00", l7.No},
		{l7.ToServer, publishing, l7.Yes},
		{l7.ToClient, publishing, l7.No},
		{l7.ToServer, publishing[:12], l7.NeedMore},
		{l7.ToServer, publishing[25:], l7.No},
		{l7.ToServer, publishing[24:], l7.Maybe},
		{l7.ToClient, "\x08\x00\x00\x00\x00\x00\x00\xce", l7.NeedMore},
		{l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
	}
	for _, tt := range tests {
		if got := detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("direction %d, %q: got verdict %d, want %d", tt.dir, tt.b, got, tt.want)
		}
	}
}
