//go:build linux

package kernel

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// clock turns monotonic times into real ones. The offset between the two moves
// when somebody sets the clock, so it is measured again once a second.
type clock struct {
	offset int64
	until  int64 // monotonic time up to which offset is taken for good
}

const clockLife = int64(time.Second)

// real is the real time of a monotonic one.
func (c *clock) real(mono int64) int64 {
	if mono >= c.until {
		c.measure()
	}
	return mono + c.offset
}

// measure reads real time between two monotonic readings, several times, and
// believes the tightest pair.
func (c *clock) measure() {
	best := int64(math.MaxInt64)
	for range 5 {
		before, real, after := now(unix.CLOCK_MONOTONIC), now(unix.CLOCK_REALTIME), now(unix.CLOCK_MONOTONIC)
		if d := after - before; d < best {
			best, c.offset = d, real-before-d/2
		}
		c.until = after + clockLife
	}
}

func now(id int32) int64 {
	var t unix.Timespec
	if unix.ClockGettime(id, &t) != nil {
		return 0
	}
	return t.Nano()
}
