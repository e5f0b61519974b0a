package main

import (
	"fmt"
	"math"
	"time"
)

// How the controller judges; one reading is a second.
const (
	hotReadings = 2           // over budget in a row before the rate falls
	settleTime  = 3           // readings after a change that say nothing yet
	calmTime    = 10          // readings with room in a row before the rate rises
	calmLimit   = 600         // the same, at most, after rising was too early again and again
	forgetTime  = 600         // readings after which that is forgotten
	roomShare   = 0.45        // a share of the budget that twice as much still fits into
	roomMemory  = 0.95        // of the memory
	growth      = 1.02        // by which memory must have grown to be worth another step
	budgetPace  = time.Second // between two readings
)

// limits are what this process may use; 0 is no limit.
type limits struct {
	cpu    float64 // cores
	memory int64   // bytes
}

func (l limits) any() bool { return l.cpu > 0 || l.memory > 0 }

// reading is what the process has used.
type reading struct {
	at     time.Time
	cpu    time.Duration // since its start, user and system
	memory int64         // resident bytes
}

// controller turns readings into a level. The first levels give up something of
// every span (shedding), the further ones are powers of two of sampling.
// It steps down fast and up slowly: a step up doubles the load, so there must
// be room for that, and each time it proves too early the next one waits twice
// as long. It reads no clock.
type controller struct {
	limits limits
	shed   uint8 // levels before sampling
	level  uint8
	last   reading
	share  float64 // cores used in the last period

	hot, calm int
	settle    int   // readings to pass over
	patience  int   // calm readings before the rate rises
	sinceUp   int   // readings since it rose
	mark      int64 // memory when it was last a reason for a step; 0 is none
}

func newController(l limits) *controller {
	return &controller{limits: l, patience: calmTime, sinceUp: forgetTime}
}

// next takes a reading and returns the level from now on.
func (c *controller) next(r reading) uint8 {
	prev := c.last
	c.last = r
	c.sinceUp = min(c.sinceUp+1, forgetTime)
	if prev.at.IsZero() || !r.at.After(prev.at) {
		return c.level
	}
	c.share = (r.cpu - prev.cpu).Seconds() / r.at.Sub(prev.at).Seconds()
	if float64(r.memory) < roomMemory*float64(c.limits.memory) {
		c.mark = 0
	}
	if c.settle > 0 {
		c.settle--
		return c.level
	}
	switch {
	case c.over():
		c.calm = 0
		if c.hot++; c.hot >= hotReadings {
			c.lower()
		}
	case c.room():
		c.hot = 0
		if c.calm++; c.level > 0 && c.calm >= c.patience {
			c.raise()
		}
	default:
		c.hot, c.calm = 0, 0
	}
	return c.level
}

func (c *controller) overCPU() bool { return c.limits.cpu > 0 && c.share > c.limits.cpu }

// overMemory reports whether memory is beyond its limit and still growing: what
// tables keep for later connections does not become less when there are fewer,
// and is no reason to leave out more and more.
func (c *controller) overMemory() bool {
	return c.limits.memory > 0 && c.last.memory > c.limits.memory && float64(c.last.memory) > growth*float64(c.mark)
}

func (c *controller) over() bool { return c.overCPU() || c.overMemory() }

// room reports whether twice as many connections would fit.
func (c *controller) room() bool {
	return (c.limits.cpu == 0 || c.share < roomShare*c.limits.cpu) &&
		(c.limits.memory == 0 || float64(c.last.memory) < roomMemory*float64(c.limits.memory))
}

// lower gives up the next thing, or halves the rate, or takes more steps when
// twice the budget was used.
func (c *controller) lower() {
	steps := 1
	if c.overCPU() {
		steps = min(max(1, int(math.Ceil(math.Log2(c.share/c.limits.cpu)))), 3)
	}
	if c.overMemory() {
		c.mark = c.last.memory
	}
	if c.sinceUp < 2*c.patience {
		c.patience = min(2*c.patience, calmLimit)
	} else if c.sinceUp >= forgetTime {
		c.patience = calmTime
	}
	c.level = uint8(min(int(c.level)+steps, int(c.shed)+maxLevel))
	c.hot, c.calm, c.settle = 0, 0, settleTime
}

// given and sampling are what the level means.
func (c *controller) given() int { return int(min(c.level, c.shed)) }

func (c *controller) sampling() uint8 { return c.level - min(c.level, c.shed) }

// raise doubles the rate, or takes up again what was given up last.
func (c *controller) raise() {
	c.level--
	c.hot, c.calm, c.settle, c.sinceUp = 0, 0, settleTime, 0
}

// String says how much of the budget is used, for people.
func (c *controller) String() string {
	s := ""
	if c.limits.cpu > 0 {
		s = fmt.Sprintf("cpu %.2f of %.2f cores", c.share, c.limits.cpu)
	}
	if c.limits.memory > 0 {
		if s != "" {
			s += ", "
		}
		s += fmt.Sprintf("memory %d of %d MiB", c.last.memory>>20, c.limits.memory>>20)
	}
	return s
}
