package nats

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
func FuzzNATS(f *testing.F)    { l7test.Fuzz(f, Proto()) }
func TestAllocs(t *testing.T)  { l7test.Allocs(t, Proto(), plainSession()) }

func BenchmarkNATS(b *testing.B) { l7test.Bench(b, Proto(), plainSession()) }

// plainSession is the ordinary exchange, which must cost nothing.
func plainSession() l7test.Session {
	s := l7test.TCP(l7test.Server("INFO {\"server_id\":\"A\"}\r\n"), l7test.Client("CONNECT {\"verbose\":false}\r\nSUB _INBOX.a.* 1\r\n"),
		l7test.Client("PUB orders.new _INBOX.a.1 5\r\nhello\r\nHPUB orders.paid 23 28\r\nNATS/1.0\r\nA: b\r\nC: d\r\n\r\nhello\r\n"),
		l7test.Server("MSG _INBOX.a.1 1 2\r\nok\r\nMSG weather 2 3\r\nsun\r\n"))
	s.Repeat = 2
	return s
}

func TestDetect(t *testing.T) {
	tests := []struct {
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{l7.ToClient, "INFO {\"server_id\":\"A\"", l7.Yes},
		{l7.ToServer, "CONNECT {\"verbose\":true}\r\n", l7.Yes},
		{l7.ToServer, "CONNECT example.org:443 HTTP/1.1\r\n", l7.No},
		{l7.ToServer, "PUB a 2\r\nhi\r\n", l7.Yes},
		{l7.ToServer, "PUB a 2\r\nhig\r\n", l7.No},
		{l7.ToServer, "PUB a 20\r\nhi", l7.NeedMore},
		{l7.ToClient, "MSG a 1 20\r\nhi", l7.Maybe},
		{l7.ToClient, "PUB a 2\r\nhi\r\n", l7.No},
		{l7.ToServer, "SUB a.> group 7\r\n", l7.Maybe},
		{l7.ToServer, "PING\r\n", l7.NeedMore},
		{l7.ToClient, "+OK\r\n", l7.NeedMore},
		{l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
		{l7.ToServer, "SUBSCRIBE x\r\n", l7.No},
		{l7.ToServer, "\x16\x03\x01", l7.No},
	}
	for _, tt := range tests {
		if got := detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("direction %d, %q: got verdict %d, want %d", tt.dir, tt.b, got, tt.want)
		}
	}
}
