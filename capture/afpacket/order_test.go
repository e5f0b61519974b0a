//go:build linux

package afpacket

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// pairs makes two veth pairs in the near namespace, and captures what comes in
// through one end of each.
func (l *lab) pairs() Config {
	for _, d := range [][2]string{{"p0", "q0"}, {"p1", "q1"}} {
		l.run("ip", "-n", l.near, "link", "add", d[0], "type", "veth", "peer", "name", d[1])
		for _, dev := range d {
			l.run("ip", "-n", l.near, "link", "set", dev, "addrgenmode", "none") // the kernel is silent there
			l.run("ip", "-n", l.near, "link", "set", dev, "up")
		}
		l.running(l.near, d[0])
	}
	c := l.config("p0", "p1")
	c.Direction = capture.DirIn
	c.BlockSize = 64 << 10
	return c
}

// TestRingsOutOfStep has one ring whose blocks are full at once and another one
// whose blocks wait for their timer: with Reorder packets come in the order of
// time, without it they do not.
func TestRingsOutOfStep(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v Version) {
		for _, reorder := range []bool{false, true} {
			l := newLab(t)
			c := l.pairs()
			c.Version, c.FrameSize, c.Retire, c.Blocks = v, 2048, 100*time.Millisecond, 128
			if reorder {
				c.Reorder = c.Late()
			}
			s := l.source(c)
			bulk := frameUDP(nearIP, farIP, 1, 2, strings.Repeat("b", 1400))
			rare := frameUDP(nearIP, farIP, 1, 2, "rare")
			var burst [][]byte
			for range 50 { // more than a block
				burst = append(burst, bulk)
			}
			const n = 15
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				for range n {
					l.sendFrame(l.nearNS, "q1", rare)
					l.sendFrame(l.nearNS, "q0", burst...)
				}
			}()
			var ps []got
			for ended := false; !ended; {
				select {
				case <-sent:
					ended = true // and what is in the rings
				default:
				}
				ps = append(ps, collect(t, s)...)
			}
			if holds(ps, "rare") != n || holds(ps, "bbb") != n*50 {
				t.Fatalf("reorder %v: %d and %d packets", reorder, holds(ps, "rare"), holds(ps, "bbb"))
			}
			back := 0
			var last int64
			for _, p := range ps {
				if p.Time < last {
					back++
				}
				last = max(last, p.Time)
			}
			if reorder && back > 0 || !reorder && v == V3 && back == 0 {
				t.Errorf("reorder %v: %d of %d packets come later than others that were after them", reorder, back, len(ps))
			}
			if st := stats(t, s); st.Drops > 0 {
				t.Errorf("reorder %v: %d drops", reorder, st.Drops)
			}
			_ = s.Close()
		}
	})
}

// TestHalfFullRing: packets do not wait for those of others once half of a ring
// is full.
func TestHalfFullRing(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v Version) {
		l := newLab(t)
		c := l.pairs()
		c.Version, c.FrameSize, c.Blocks, c.Reorder = v, 2048, 8, MaxReorder
		s := l.source(c)
		bulk := frameUDP(nearIP, farIP, 1, 2, strings.Repeat("b", 1400))
		frames := make([][]byte, 0, 200)
		for len(frames) < cap(frames) { // five of eight blocks, of frames four
			frames = append(frames, bulk)
		}
		l.sendFrame(l.nearNS, "q0", frames...)
		ctx, cancel := context.WithTimeout(t.Context(), MaxReorder/2)
		defer cancel()
		batch := make([]capture.Packet, 64)
		bulks := 0
		var err error
		for n := 0; err == nil && bulks < 32; {
			n, err = s.ReadBatch(ctx, batch)
			for _, p := range batch[:n] {
				if len(p.Data) > 1400 {
					bulks++
				}
			}
		}
		if err != nil {
			t.Errorf("%d packets, then %v", bulks, err)
		}
	})
}

func TestLate(t *testing.T) {
	for v, want := range map[Version]time.Duration{VersionAuto: 18 * time.Millisecond, V3: 18 * time.Millisecond, V2: time.Millisecond} {
		c := Default()
		if c.Version = v; c.Late() != want {
			t.Errorf("version %d: %v, want %v", v, c.Late(), want)
		}
	}
}
