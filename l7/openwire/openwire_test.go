package openwire

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

const dir = "testdata"

func TestGolden(t *testing.T)  { l7test.Golden(t, Proto(), dir) }
func TestChop(t *testing.T)    { l7test.Chop(t, Proto(), dir) }
func TestPoison(t *testing.T)  { l7test.Poison(t, Proto(), dir) }
func TestDrop(t *testing.T)    { l7test.DropBy(t, Proto(), dir, operation) }
func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), dir) }
func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), dir) }

func FuzzOpenWire(f *testing.F)      { l7test.Fuzz(f, Proto()) }
func TestAllocs(t *testing.T)        { l7test.Allocs(t, Proto(), plainSession()) }
func BenchmarkOpenWire(b *testing.B) { l7test.Bench(b, Proto(), plainSession()) }

// operation is what a message is known by where others were lost: the objects
// that they had told of once are unknown then, destinations among them.
func operation(m l7test.Message) string { return m.Op }

// plainSession has every kind of command; all but the WireFormatInfos are
// repeated.
func plainSession() l7test.Session {
	s, err := l7test.Load(dir + "/plain.txt")
	if err != nil {
		panic(err)
	}
	s.Repeat = 2
	return s
}

func TestDetect(t *testing.T) {
	tests := []struct {
		b    string
		want l7.Verdict
	}{
		{"\x00\x00\x00\x0e\x01ActiveMQ\x00\x00\x00\x0c\x00", l7.NeedMore},
		{"\x00\x00\x00\x0e\x01ActiveMQ\x00\x00\x00\x0c\x00\x00\x00\x00\x07\x03\x00\x00\x00\x01\x01\x00", l7.Yes},
		{"\x00\x00\x00\x0e\x01ActiveMR", l7.No},
		{"\x00\x00\x01", l7.NeedMore},
		{"GET / HTTP/1.1\r\n", l7.No},
	}
	for _, tt := range tests {
		if got := detect(l7.ToServer, []byte(tt.b)); got != tt.want {
			t.Errorf("%q: got verdict %d, want %d", tt.b, got, tt.want)
		}
	}
}
