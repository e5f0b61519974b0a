//go:build linux

package afpacket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/netns"
)

// group is what the sources of one capture share: the interfaces and their
// points, the filter, and the goroutine that follows the interfaces.
type group struct {
	cfg    Config
	n      int // sources, each with a ring per interface
	mode   FanoutMode
	kernel kernel
	ns     *netns.Namespace
	points atomic.Pointer[[]capture.Point]
	watch  *watcher // nil where rtnetlink is refused
	spare  *spares

	mu       sync.Mutex
	sources  []*Source
	taps     []*tap
	indexes  map[int]uint16 // points by interface index, for "any"
	compile  func(capture.LinkType) ([]bpf.RawInstruction, error)
	degraded []Degraded
	memory   int // bytes of all rings
	open     int // sources that are not closed
	softnet  uint64
	route    *route // for counters and lists; nil where rtnetlink is refused
}

// tap is an interface that is captured, or awaited.
type tap struct {
	name  string
	point uint16
	index int // of the interface, 0 while there is none
	up    bool
	rings []*ring // one per source; nil while there is no interface
	all   []*ring // these, and those of before that are not read to their ends

	missing         bool         // it was to be captured, and there was no socket for it
	past            []ringCounts // by source: of rings that are no more
	base, last      Counters     // of the interface: when its rings were opened, and when last seen
	missed, dropped uint64       // of interfaces that are no more
}

// Open starts capturing on the interfaces of cfg through one Source. It fails
// with an error that wraps fs.ErrPermission when CAP_NET_RAW is missing. The
// context bounds opening only.
func Open(ctx context.Context, cfg Config) (*Source, error) {
	sources, err := open(ctx, cfg, 1, FanoutOne)
	if err != nil {
		return nil, err
	}
	return sources[0], nil
}

// OpenFanout is Open for n readers: each Source has a ring per interface, and
// all packets of a connection come out of one of them. Where the kernel cannot
// promise that there is one Source, and the Report says why.
func OpenFanout(ctx context.Context, cfg Config, n int) ([]*Source, Report, error) {
	if n < 1 || n > MaxFanout {
		return nil, Report{}, fmt.Errorf("fan out: %d readers, must be 1 to %d", n, MaxFanout)
	}
	if err := cfg.Validate(); err != nil {
		return nil, Report{}, err
	}
	ns, err := netns.Open(cfg.Netns)
	if err != nil {
		return nil, Report{}, err
	}
	mode, reason := chooseFanout(ns, cfg.Fanout, n, runningKernel())
	ns.Close()
	if mode == FanoutOne {
		n = 1
	}
	sources, err := open(ctx, cfg, n, mode)
	if err != nil && n > 1 && errors.Is(err, errFanout) {
		reason = err.Error()
		mode, n = FanoutOne, 1
		sources, err = open(ctx, cfg, n, mode)
	}
	return sources, Report{Mode: mode, Rings: len(sources), Reason: reason}, err
}

func open(ctx context.Context, cfg Config, n int, mode FanoutMode) ([]*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ns, err := netns.Open(cfg.Netns)
	if err != nil {
		return nil, err
	}
	g := &group{
		cfg: cfg, n: n, mode: mode, kernel: runningKernel(), ns: ns, open: n,
		spare: newSpares(&cfg, ns, n), compile: cfg.Filter, indexes: make(map[int]uint16), softnet: softnetDrops(),
	}
	g.points.Store(&[]capture.Point{})
	for id := range n {
		s, err := newSource(g, id)
		if err != nil {
			g.abort()
			return nil, err
		}
		g.sources = append(g.sources, s)
	}
	if err := g.start(); err != nil {
		g.abort()
		return nil, err
	}
	return slices.Clone(g.sources), nil
}

// abort undoes what open did.
func (g *group) abort() {
	for _, s := range g.sources {
		_ = s.Close()
	}
	if len(g.sources) < g.n {
		g.mu.Lock()
		g.release()
		g.mu.Unlock()
	}
}

// start opens the rings of all interfaces that are there.
func (g *group) start() error {
	list, err := g.look()
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range g.cfg.Interfaces {
		g.add(name)
	}
	if err := g.reconcile(list, true); err != nil {
		return err
	}
	if err := g.spare.fill(); err != nil {
		return err
	}
	if g.watch != nil {
		g.watch.start()
	}
	return nil
}

// look lists the interfaces at the start, and makes ready for following them.
// Where rtnetlink is forbidden, those that are named are looked up.
func (g *group) look() (list []Interface, err error) {
	err = g.ns.Do(func() (err error) {
		if g.route, err = openRoute(0); err != nil {
			return err
		}
		list, err = g.route.interfaces(false)
		return err
	})
	if err == nil {
		if g.watch, err = newWatcher(g); err == nil {
			return list, nil
		}
	}
	g.refused("")("rtnetlink", "%v; interfaces that appear or come back are not noticed, what they drop is not known", err)
	if list != nil {
		return list, nil
	}
	err = g.ns.Do(func() (err error) {
		list, err = interfacesByName(g.cfg.Interfaces)
		return err
	})
	return list, err
}

// add makes a tap; the caller holds mu.
func (g *group) add(name string) *tap {
	t := &tap{name: name, past: make([]ringCounts, g.n)}
	if name != Any {
		t.point = g.point(name)
	}
	g.taps = append(g.taps, t)
	return t
}

// refused returns what notes that the kernel refuses an option.
func (g *group) refused(name string) refusal {
	return func(option, format string, args ...any) {
		d := Degraded{Option: option, Interface: name, Reason: fmt.Sprintf(format, args...)}
		if len(g.degraded) < maxDegraded && !slices.Contains(g.degraded, d) {
			g.degraded = append(g.degraded, d)
		}
	}
}

// maxDegraded bounds the list of what was refused.
const maxDegraded = 256

// point finds or makes the point of an interface; the caller holds mu. The
// list of points is replaced, never changed.
func (g *group) point(name string) uint16 {
	if g.cfg.Duplicates > 0 && g.cfg.PointName == nil {
		name = Any
	}
	if g.cfg.PointName != nil {
		name = g.cfg.PointName(name)
	}
	old := *g.points.Load()
	if g.cfg.Duplicates > 0 && len(old) > 0 {
		return 0
	}
	for i, p := range old {
		if p.Name == name {
			return uint16(i)
		}
	}
	if len(old) == maxPoints {
		return maxPoints - 1
	}
	points := append(slices.Clone(old), capture.Point{Name: name})
	g.points.Store(&points)
	return uint16(len(old))
}

// maxPoints bounds the points of a capture; further ones are the last.
const maxPoints = 1 << 12

// pointOf is the point of an interface by its index, for "any". Interfaces that
// rtnetlink has not told of yet are looked up.
func (g *group) pointOf(index int) uint16 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p, ok := g.indexes[index]; ok {
		return p
	}
	if g.route != nil {
		if list, err := g.route.interfaces(false); err == nil {
			g.learn(list)
		}
	}
	p, ok := g.indexes[index]
	if !ok { // it has gone already
		p = g.point(fmt.Sprintf("if%d", index))
		g.remember(index, p)
	}
	return p
}

// learn notes the points of interfaces, for "any".
func (g *group) learn(list []Interface) {
	for _, i := range list {
		if _, ok := g.indexes[i.Index]; !ok {
			g.remember(i.Index, g.point(i.Name))
		}
	}
}

func (g *group) remember(index int, point uint16) {
	if len(g.indexes) >= maxIndexes {
		clear(g.indexes) // indexes are never used again by the kernel for long
	}
	g.indexes[index] = point
}

const maxIndexes = 1 << 14

// drain is how long a ring whose socket takes nothing more may still yield.
func (g *group) drain() time.Duration { return 2*g.cfg.Retire + 20*time.Millisecond }

// links lists the link types of the rings.
func (g *group) links() []capture.LinkType {
	g.mu.Lock()
	defer g.mu.Unlock()
	var links []capture.LinkType
	for _, t := range g.taps {
		for _, r := range t.rings {
			if !slices.Contains(links, r.link) {
				links = append(links, r.link)
			}
		}
	}
	return links
}

// setFilter is Source.SetFilterFunc.
func (g *group) setFilter(compile func(capture.LinkType) ([]bpf.RawInstruction, error)) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	programs := make(map[capture.LinkType][]bpf.RawInstruction)
	for _, t := range g.taps {
		for _, r := range t.rings {
			if _, ok := programs[r.link]; ok || compile == nil {
				continue
			}
			p, err := compile(r.link)
			if err != nil {
				return fmt.Errorf("set filter on %s: %w", t.name, err)
			}
			programs[r.link] = p
		}
	}
	g.compile = compile
	for _, t := range g.taps {
		for _, r := range t.rings {
			g.arm(r, programs[r.link])
		}
	}
	return nil
}

// arm gives a ring its filter, unless its source was stopped.
func (g *group) arm(r *ring, program []bpf.RawInstruction) {
	if g.sources[r.source].stopAt.Load() != 0 {
		return
	}
	if err := r.setFilter(program, g.kernel); err != nil {
		g.refused(r.name)("filter in the kernel", "%v; the filter runs in user space, which costs the traced programs and us more per packet", err)
	}
}

// refuse makes the rings of one source take nothing more.
func (g *group) refuse(id int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now().UnixNano()
	for _, t := range g.taps {
		if id < len(t.rings) {
			t.rings[id].refuse(now)
		}
	}
	return nil
}

// closed closes a ring that its reader is done with, and keeps its counters.
func (g *group) closed(r *ring) {
	r.close()
	g.mu.Lock()
	defer g.mu.Unlock()
	t := r.tap
	if n := slices.Index(t.all, r); n >= 0 {
		t.all = slices.Delete(t.all, n, n+1)
		g.memory -= len(r.mem)
		t.past[r.source].add(r.counts)
	}
}

// leave notes that a source has been closed; the last one ends all.
func (g *group) leave(s *Source) {
	g.mu.Lock()
	g.open--
	last := g.open == 0
	w := g.watch
	g.mu.Unlock()
	if !last {
		return
	}
	if w != nil {
		w.stop()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.release()
}

// release closes what the group itself holds.
func (g *group) release() {
	if g.route != nil {
		g.route.close()
		g.route = nil
	}
	g.spare.close()
	g.ns.Close()
	g.ns = nil
}
