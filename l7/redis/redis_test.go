package redis

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
func FuzzRedis(f *testing.F)   { l7test.Fuzz(f, Proto()) }
func TestAllocs(t *testing.T)  { l7test.Allocs(t, Proto(), plainSession()) }

func BenchmarkRedis(b *testing.B) { l7test.Bench(b, Proto(), plainSession()) }

// plainSession is the ordinary exchange, which must cost nothing.
func plainSession() l7test.Session {
	return l7test.TCP(l7test.Client("*3\r\n$3\r\nSET\r\n$9\r\nuser:1001\r\n$5\r\nhello\r\n*2\r\n$3\r\nGET\r\n$9\r\nuser:1001\r\n"),
		l7test.Server("+OK\r\n$5\r\nhello\r\n"))
}

func TestDetect(t *testing.T) {
	tests := []struct {
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{l7.ToServer, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", l7.Yes},
		{l7.ToServer, "*2\r\n$3\r\nget\r\n$1\r\nk\r\n", l7.Yes},
		{l7.ToServer, "*2\r\n$3\r\nGET", l7.NeedMore},
		{l7.ToServer, "*1\r\n$6\r\nnosuch\r\n", l7.Maybe},
		{l7.ToServer, "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", l7.No},
		{l7.ToServer, "PING\r\n", l7.NeedMore},
		{l7.ToServer, "AUTH a b\r\nPING\r\n", l7.Maybe},
		{l7.ToServer, "SET a b\r\nGETDEL a\r\n", l7.Maybe},
		{l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
		{l7.ToServer, "\x16\x03\x01", l7.No},
		{l7.ToClient, "+PONG\r\n", l7.Yes},
		{l7.ToClient, "+OK\r\n", l7.NeedMore},
		{l7.ToClient, "+OK\r\n$1\r\nv\r\n", l7.Yes},
		{l7.ToClient, "+OK Dovecot ready.\r\n", l7.NeedMore},
		{l7.ToClient, "-WRONGTYPE Operation against a key\r\n", l7.Yes},
		{l7.ToClient, "$3\r\nabc\r\n", l7.Yes},
		{l7.ToClient, "$3\r\nabcd\r\n", l7.No},
		{l7.ToClient, "*3\r\n$7\r\nmessage\r\n:1\r\n", l7.Yes},
		{l7.ToClient, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", l7.Maybe},
		{l7.ToClient, "220 mail.example ESMTP\r\n", l7.No},
		{l7.ToClient, "HTTP/1.1 200 OK\r\n", l7.No},
	}
	for _, tt := range tests {
		if got := detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("direction %d, %q: got verdict %d, want %d", tt.dir, tt.b, got, tt.want)
		}
	}
}
