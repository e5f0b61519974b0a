package stomp

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
func FuzzSTOMP(f *testing.F)   { l7test.Fuzz(f, Proto()) }
func TestAllocs(t *testing.T)  { l7test.Allocs(t, Proto(), plainSession()) }

func BenchmarkSTOMP(b *testing.B) { l7test.Bench(b, Proto(), plainSession()) }

// plainSession is the ordinary exchange, which must cost nothing.
func plainSession() l7test.Session {
	return l7test.TCP(l7test.Client("SEND\ndestination:/queue/a\nreceipt:1\ncontent-length:5\n\nhello\x00\n"),
		l7test.Server("RECEIPT\nreceipt-id:1\n\n\x00\nMESSAGE\ndestination:/queue/b\nmessage-id:7\nsubscription:0\n\nworld\x00"))
}

func TestDetect(t *testing.T) {
	tests := []struct {
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{l7.ToServer, "CONNECT\naccept-version:1.2\nhost:a\n\n\x00", l7.Yes},
		{l7.ToServer, "STOMP\r\nhost:a\r\n\r\n\x00", l7.Yes},
		{l7.ToServer, "CONNECT example.org:443 HTTP/1.1\r\n", l7.No},
		{l7.ToServer, "CONNECT {\"verbose\":true}\r\n", l7.No},
		{l7.ToServer, "CONNECT\nno header\n", l7.No},
		{l7.ToServer, "CONN", l7.NeedMore},
		{l7.ToClient, "CONNECTED\nversion:1.2\n\n\x00", l7.Yes},
		{l7.ToServer, "CONNECTED\nversion:1.2\n\n\x00", l7.No},
		{l7.ToClient, "ERROR\r\n", l7.NeedMore},
		{l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
	}
	for _, tt := range tests {
		if got := detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("direction %d, %q: got verdict %d, want %d", tt.dir, tt.b, got, tt.want)
		}
	}
}
