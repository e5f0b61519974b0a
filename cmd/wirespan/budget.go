package main

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

// Parts of a control group's limit that are used when no flag says otherwise;
// the kernel kills or stops at the whole of it.
const groupShare = 0.9

// heapShare is the part of the memory that the Go runtime is asked to stay
// within; rings and stacks need the rest.
const heapShare = 0.85

// minMemory is what the fixed parts need.
const minMemory = 24 << 20

// limits returns the budget: the flags, else what control groups allow. Files
// are read to their ends whatever that costs: only live input is sampled.
func (o *watchOptions) limits(root fs.FS, live bool) (limits, error) {
	var l limits
	var err error
	if l.cpu, err = parseShare(o.cpu); err != nil {
		return l, err
	}
	if l.cpu > 0 && !live {
		return l, fmt.Errorf("--cpu %s: files are read as a whole; a share is kept for live input only (live, read --follow)", o.cpu)
	}
	if o.memory != "" {
		n, err := parseSize(o.memory)
		if err != nil {
			return l, fmt.Errorf("--memory: %w", err)
		}
		if n < minMemory {
			return l, fmt.Errorf("--memory %s: want at least %d MiB", o.memory, minMemory>>20)
		}
		l.memory = int64(n)
	}
	if !live {
		return l, nil
	}
	group := cgroupLimits(root)
	if l.cpu == 0 && group.cpu > 0 {
		l.cpu = groupShare * group.cpu
	}
	if l.memory == 0 && group.memory > 0 {
		l.memory = max(minMemory, int64(groupShare*float64(group.memory)))
	}
	return l, nil
}

// What one of each takes in a shard, roughly, with what parsers and pairing
// keep for it.
const (
	connMemory = 2 << 10
	openMemory = 1 << 10
)

// fitMemory shrinks the bounds of all rooms so that together they stay within
// the memory: a quarter each for connections and for what waits for its trace,
// an eighth each for bytes behind holes, half-read messages and open requests.
// Where there is plenty, the bounds stay as they are.
func fitMemory(memory int64, c *pipelineConfig) {
	shard := int(memory / numShards)
	r := &c.rooms
	r.flows.MaxConns = min(r.flows.MaxConns, max(64, shard/4/connMemory))
	r.flows.MaxBufferedTotal = min(r.flows.MaxBufferedTotal, max(32<<10, shard/8))
	r.flows.MaxBuffered = min(r.flows.MaxBuffered, r.flows.MaxBufferedTotal)
	r.engine.MaxCarry = min(r.engine.MaxCarry, max(128<<10, shard/8))
	r.join.MaxOpen = min(r.join.MaxOpen, max(256, shard/8/openMemory))
	c.link.Memory = min(c.link.Memory, max(1<<20, int(memory/4)))
}

// budget keeps a live run within its limits.
type budget struct {
	t    *telemetry
	quit chan struct{}
	done sync.WaitGroup
}

// startBudget sets the limit of the runtime and, for live input, watches what
// is used. It returns nil when there is nothing to watch.
func startBudget(t *telemetry) *budget {
	if t.limits.memory > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(heapShare * float64(t.limits.memory)))
	}
	if t.sampler == nil {
		return nil
	}
	b := &budget{t: t, quit: make(chan struct{})}
	b.done.Go(b.run)
	return b
}

func (b *budget) run() {
	c := newController(b.t.limits)
	c.shed = uint8(b.t.shedding.count())
	tick := time.NewTicker(budgetPace)
	defer tick.Stop()
	for {
		b.step(c, b.t.process.read())
		select {
		case <-b.quit:
			return
		case <-tick.C:
		}
	}
}

// step lets the controller judge, and says so when the level changes.
func (b *budget) step(c *controller, r reading) {
	was := c.level
	now := c.next(r)
	if now == was {
		return
	}
	b.t.shedding.set(c.given())
	if b.t.sampler.level() != c.sampling() {
		b.t.sampler.set(c.sampling())
	}
	if now > was && c.limits.memory > 0 && r.memory > c.limits.memory {
		debug.FreeOSMemory() // what is garbage already need not be paid for
	}
	side := "within"
	if now > was {
		side = "over"
	}
	b.t.warn(fmt.Sprintf("%s budget (%s): %s", side, c, b.t.shedding.describe(c.given(), c.sampling())))
}

// stop ends the watching and gives the limit of the runtime back.
func (b *budget) stop() {
	close(b.quit)
	b.done.Wait()
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(math.MaxInt64)
	}
}
