package icmp

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

const dir = "testdata"

func TestGolden(t *testing.T) { l7test.Golden(t, Proto(), dir) }
func TestPoison(t *testing.T) { l7test.Poison(t, Proto(), dir) }
func TestDrop(t *testing.T)   { l7test.Drop(t, Proto(), dir) }

func FuzzICMP(f *testing.F) { l7test.Fuzz(f, Proto()) }

func plain() l7test.Session {
	return l7test.UDP(l7test.Client("\x08\x00\xf7\xf2\x00\x07\x00\x01data"), l7test.Server("\x00\x00\xff\xf2\x00\x07\x00\x01data"))
}

func TestAllocs(t *testing.T) { l7test.Allocs(t, Proto(), plain()) }

func BenchmarkICMP(b *testing.B) { l7test.Bench(b, Proto(), plain()) }

// Who asks is part of what pairs: both hosts may use the same numbers.
func TestBothAsk(t *testing.T) {
	r := l7test.Play(l7test.UDP(
		l7test.Client("\x08\x00\x00\x00\x00\x07\x00\x01"), l7test.Server("\x08\x00\x00\x00\x00\x07\x00\x01"),
		l7test.Client("\x00\x00\x00\x00\x00\x07\x00\x01"), l7test.Server("\x00\x00\x00\x00\x00\x07\x00\x01")), Proto())
	m := r.Conns[0].Messages
	if len(m) != 4 || m[0].Match != m[3].Match || m[1].Match != m[2].Match || m[0].Match == m[1].Match {
		t.Error(r)
	}
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		b    string
		want l7.Verdict
	}{
		{"\x08\x00\x00\x00\x00\x07\x00\x01", l7.Yes},
		{"\x81\x00\x00\x00\x00\x07\x00\x01", l7.Yes},
		{"\x08\x01\x00\x00\x00\x07\x00\x01", l7.No},
		{"\x03\x00\x00\x00\x00\x07\x00\x01", l7.No},
		{"\x08\x00\x00", l7.No},
	} {
		if got := Detect(l7.ToServer, []byte(c.b)); got != c.want {
			t.Errorf("%q: %d, want %d", c.b, got, c.want)
		}
	}
}
