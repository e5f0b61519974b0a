package main

import (
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// Packets gather for the whole time where they are few, and for as long as they
// fit where they are many; what was many stays so for a while.
func TestPause(t *testing.T) {
	p := pace{gather: 30 * time.Millisecond, room: 1 << 20}
	if d := p.pause(); d != p.gather {
		t.Errorf("%v before anything came", d)
	}
	p.rested = time.Now().Add(-time.Second)
	p.came(make([]capture.Packet, 100)) // 10 kB a second
	if d := p.pause(); d != p.gather {
		t.Errorf("%v with few packets", d)
	}
	p.rested, p.filled = time.Now().Add(-100*time.Millisecond), 10<<20 // 100 MiB a second: 10 ms
	first := p.pause()
	if first < 5*time.Millisecond || first > 11*time.Millisecond {
		t.Errorf("%v at 100 MiB/s", first)
	}
	p.rested = time.Now().Add(-100 * time.Millisecond)
	if d := p.pause(); d < first || d > 2*first {
		t.Errorf("%v right after %v", d, first)
	}
	for range 50 {
		p.rested = time.Now().Add(-100 * time.Millisecond)
		p.pause()
	}
	if d := p.pause(); d != p.gather {
		t.Errorf("%v long after", d)
	}
}
