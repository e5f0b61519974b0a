package dubbo

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
func FuzzDubbo(f *testing.F)   { l7test.Fuzz(f, Proto()) }
func TestAllocs(t *testing.T)  { l7test.Allocs(t, Proto(), plain()) }

func BenchmarkDubbo(b *testing.B) { l7test.Bench(b, Proto(), plain()) }

// plain is the ordinary exchange, which must cost nothing.
func plain() l7test.Session {
	body := "\x052.0.2\x11org.example.Users\x051.0.0\x04find\x12Ljava/lang/String;\x06secretH\x04path\x11org.example.Users\x0cx-request-id\x107f3a9c0e5d214b77Z"
	return l7test.TCP(
		l7test.Client("\xda\xbb\xc2\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"+string([]byte{byte(len(body))})+body),
		l7test.Server("\xda\xbb\x02\x14\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x04\x91\x02ok"))
}

func TestDetect(t *testing.T) {
	const request = "\xda\xbb\xc2\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x10"
	const response = "\xda\xbb\x02\x14\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x04"
	tests := []struct {
		dir  l7.Dir
		b    string
		want l7.Verdict
	}{
		{l7.ToServer, request, l7.Yes},
		{l7.ToServer, request[:5], l7.NeedMore},
		{l7.ToServer, response, l7.No},
		{l7.ToClient, response, l7.Yes},
		{l7.ToClient, request, l7.No},
		{l7.ToClient, "\xda\xbb\xe2\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01", l7.Maybe},
		{l7.ToServer, "\xda\xbb\xc0\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x10", l7.No},
		{l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
	}
	for _, tt := range tests {
		if got := detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("direction %d, %q: got verdict %d, want %d", tt.dir, tt.b, got, tt.want)
		}
	}
}
