package clock

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture/tunnel"
	"github.com/wirespan/wirespan/capture/wire"
)

const t0 = int64(1_800_000_000_000_000_000)

var units = map[string]struct {
	unit tunnel.Unit
	ns   int64
	wrap int64
}{
	"100us": {tunnel.HundredMicros, 100_000, 1 << 32},
	"100ns": {tunnel.HundredNanos, 100, 1 << 32},
	"1588":  {tunnel.NanosOfSecond, 1, 1e9},
}

// TestIntervals sends packets over a way that delays them by up to 5 ms, with a
// clock that began anywhere and is too fast or too slow: times are those of the
// ports to within the shortest way and the drift of a second.
func TestIntervals(t *testing.T) {
	for name, u := range units {
		for _, ppm := range []int64{0, 50, -50} {
			random := rand.New(rand.NewPCG(1, uint64(ppm+100)))
			var c Clock
			begin := random.Int64N(1 << 50)
			sent := t0
			for i := range 60000 {
				gap := random.Int64N(4_000_000)
				if i%20000 == 19999 && u.wrap > 1e9 {
					gap = u.ns << 31 // longer than a half of what the stamp holds
					gap += gap / 4
				}
				if i%20000 == 19999 && ppm != 0 {
					gap = 8e8 // what drifts for hours without a packet is laid on anew
				}
				sent += gap
				own := begin + (sent-t0)/1e6*(1e6+ppm) + (sent-t0)%1e6
				mark := tunnel.Mark{Unit: u.unit, Stamp: uint32(own / u.ns % u.wrap)}
				way := int64(100_000)
				if random.IntN(4) > 0 {
					way += random.Int64N(5_000_000)
				}
				f := wire.Frame{Time: sent + way}
				got := c.At(&f, mark)
				// 50 ppm of two seconds, the grain of the stamp, and the shortest way.
				if diff := got - sent; i > 100 && (diff < -100_000-2*u.ns || diff > 100_000+200_000+2*u.ns) {
					t.Fatalf("%s, %d ppm, packet %d: off by %v", name, ppm, i, time.Duration(diff))
				}
				if got > f.Time {
					t.Fatalf("%s: a packet is dated after its arrival", name)
				}
			}
			if n := c.Counters(); n.Sources != 1 || n.Stamped != 60000 || n.Steps != 0 {
				t.Errorf("%s, %d ppm: %+v", name, ppm, n)
			}
		}
	}
}

// TestStep lays a clock on anew when it was set, and once only.
func TestStep(t *testing.T) {
	var c Clock
	at := func(arrival, own int64) int64 {
		f := wire.Frame{Time: arrival}
		return c.At(&f, tunnel.Mark{Unit: tunnel.HundredNanos, Stamp: uint32(own / 100)})
	}
	at(t0, 0)
	if got := at(t0+1_000_500, 1_000_000); got != t0+1_000_000 {
		t.Errorf("off by %d", got-t0-1_000_000)
	}
	if got := at(t0+2_000_000, 9_000_000_000); got != t0+2_000_000 {
		t.Errorf("after the step off by %d", got-t0-2_000_000)
	}
	if got := at(t0+3_000_300, 9_001_000_000); got != t0+3_000_000 {
		t.Errorf("behind the step off by %d", got-t0-3_000_000)
	}
	if n := c.Counters(); n.Steps != 1 {
		t.Errorf("%+v", n)
	}
}

// TestApart follows each source by itself, as many as there is room for, and
// leaves others as they came.
func TestApart(t *testing.T) {
	var c Clock
	f := wire.Frame{Time: t0}
	if got := c.At(&f, tunnel.Mark{Stamp: 5}); got != t0 {
		t.Errorf("without a stamp: %d", got)
	}
	for i := range MaxSources + 10 {
		f.Tunnel.Src = wire.Addr{byte(i >> 8), byte(i)}
		f.Time = t0 + int64(i)
		if got := c.At(&f, tunnel.Mark{Unit: tunnel.HundredMicros, Stamp: uint32(i * 1000)}); got != f.Time {
			t.Errorf("source %d begins %d off", i, got-f.Time)
		}
	}
	f.Tunnel.Src = wire.Addr{}
	f.Time = t0 + 1e9
	if got := c.At(&f, tunnel.Mark{Unit: tunnel.HundredMicros, Stamp: 9999}); got != t0+999_900_000 {
		t.Errorf("the first source is off by %d", got-t0-999_900_000)
	}
	if n := c.Counters(); n.Sources != MaxSources || n.Plain != 10 {
		t.Errorf("%+v", n)
	}
}

func TestNoAllocation(t *testing.T) {
	var c Clock
	f := wire.Frame{Time: t0}
	m := tunnel.Mark{Unit: tunnel.HundredNanos}
	c.At(&f, m)
	if n := testing.AllocsPerRun(100, func() {
		f.Time += 1000
		m.Stamp += 10
		c.At(&f, m)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAt(f *testing.F) {
	f.Add(int64(t0), uint32(1), int64(1000), uint32(2), uint8(1))
	f.Fuzz(func(t *testing.T, first int64, a uint32, gap int64, b uint32, unit uint8) {
		if first <= 0 || first > 1<<62 || gap < -1<<61 || gap > 1<<61 {
			return
		}
		var c Clock
		u := tunnel.Unit(unit%3) + tunnel.HundredMicros
		for i, p := range []struct {
			at    int64
			stamp uint32
		}{{first, a}, {first + gap, b}, {first + 2*gap, a}} {
			fr := wire.Frame{Time: p.at}
			got := c.At(&fr, tunnel.Mark{Unit: u, Stamp: p.stamp})
			if d := p.at - got; p.at > 0 && (d < 0 || d > maxStep) {
				t.Errorf("packet %d of %d is dated %d earlier", i, p.at, d)
			}
		}
	})
}
