//go:build linux

package afpacket

import (
	"fmt"
	"slices"

	"github.com/wirespan/wirespan/capture"
)

// reconcile makes the taps follow the interfaces that exist; the caller holds
// mu. At the start, what is missing or cannot be captured is an error.
func (g *group) reconcile(list []Interface, start bool) error {
	if len(g.cfg.Interfaces) == 1 && g.cfg.Interfaces[0] == Any {
		return g.reconcileAny(list, start)
	}
	if start && !g.cfg.Wait {
		for _, name := range g.cfg.Interfaces {
			if !slices.ContainsFunc(list, func(i Interface) bool { return i.Name == name }) {
				return fmt.Errorf("capture on %s: there is no such interface", name)
			}
		}
	}
	if g.cfg.Follow != nil {
		g.follow(list)
	}
	for n, t := range g.taps {
		toCome := len(g.taps) - n
		if g.cfg.Follow != nil && !start { // more may appear
			toCome = max(8, toCome)
		}
		if err := g.settle(t, list, toCome); err != nil {
			if start {
				return err
			}
			g.refused(t.name)("capture", "%v", err)
			g.spare.miss(t, err)
		}
	}
	return nil
}

// follow makes taps of interfaces that are to be captured as they appear.
func (g *group) follow(list []Interface) {
	for _, i := range list {
		known := slices.ContainsFunc(g.taps, func(t *tap) bool { return t.name == i.Name || t.index == i.Index })
		if ok, _ := i.Supported(); known || !ok || !g.cfg.Follow(i) {
			continue
		}
		if len(g.taps) >= MaxTaps {
			g.refused(i.Name)("interface", "%d interfaces are captured already; %q takes all with one ring", MaxTaps, Any)
			continue
		}
		g.add(i.Name)
	}
}

// settle opens or closes the rings of one tap. toCome is how many taps, this
// one included, may still want memory.
func (g *group) settle(t *tap, list []Interface, toCome int) error {
	at := -1
	if t.index != 0 { // an interface that was renamed stays the one that is captured
		at = slices.IndexFunc(list, func(i Interface) bool { return i.Index == t.index })
	}
	if at < 0 {
		g.vanish(t)
		at = slices.IndexFunc(list, func(i Interface) bool { return i.Name == t.name })
	}
	if at < 0 {
		return nil
	}
	i := &list[at]
	t.up, t.last = i.Up(), i.Counters
	if t.rings != nil || g.n > 1 && !t.up {
		// Older kernels let no socket of an interface that is down join a
		// fan-out: it is opened when it comes up.
		return nil
	}
	if err := g.openTap(t, i, g.share(toCome)); err != nil {
		return err
	}
	t.index, t.base = i.Index, i.Counters
	return nil
}

// vanish retires the rings of an interface that does not exist any more. Their
// readers close them when they are read to their ends.
func (g *group) vanish(t *tap) {
	if t.rings == nil {
		return
	}
	t.missed += t.last.RxMissed - min(t.last.RxMissed, t.base.RxMissed)
	t.dropped += t.last.RxDropped - min(t.last.RxDropped, t.base.RxDropped)
	t.base, t.last = Counters{}, Counters{}
	for n, r := range t.rings {
		r.gone.Store(true)
		g.sources[n].change.Store(true)
		g.sources[n].wakeUp()
	}
	t.rings, t.index, t.up = nil, 0, false
}

// share is how many blocks each ring of the next tap may have. Taps that are
// there share what there is; where interfaces are followed, those that appear
// find an eighth of what is left.
func (g *group) share(toCome int) int {
	left := (g.cfg.MaxMemory - g.memory) / g.n / g.cfg.BlockSize
	return min(g.cfg.Blocks, max(left/max(1, toCome), min(left, MinBlocks)))
}

// openTap opens the rings of an interface, nil for all, and lets packets in
// when all are there.
func (g *group) openTap(t *tap, i *Interface, blocks int) error {
	if blocks < MinBlocks {
		return fmt.Errorf("capture on %s: the %d bytes for all rings are used up", t.name, g.cfg.MaxMemory)
	}
	if blocks < g.cfg.Blocks {
		g.refused(t.name)("ring size", "%d of %d blocks, so that all rings stay within %d bytes", blocks, g.cfg.Blocks, g.cfg.MaxMemory)
	}
	link := capture.LinkSLL2
	if i != nil {
		link, _, _ = framing(i.Hardware)
	}
	compile := g.compile
	rings, err := g.openRings(t, i, blocks)
	if err == nil {
		err = g.join(rings, link)
	}
	if err == nil && compile != nil {
		_, err = compile(link)
	}
	if err != nil {
		for _, r := range rings {
			r.close()
		}
		return err
	}
	return g.admit(t, rings, link)
}

// openRings opens and binds one ring per source. With an error it gives those
// that were opened until then.
func (g *group) openRings(t *tap, i *Interface, blocks int) (rings []*ring, err error) {
	for range g.n {
		r, err := openRing(&g.cfg, i, blocks, g.kernel, g.spare, g.refused(t.name))
		if err != nil {
			return rings, err
		}
		r.tap, r.point, r.source = t, t.point, len(rings)
		if r.any {
			r.lo = loopbackIndex
		}
		rings = append(rings, r)
		if err := r.start(&g.cfg, g.n == 1, g.refused(t.name)); err != nil {
			return rings, err
		}
	}
	return rings, nil
}

// loopbackIndex is the index of the loopback in every network namespace,
// LOOPBACK_IFINDEX of the kernel.
const loopbackIndex = 1

// admit hands rings to their readers and lets packets in.
func (g *group) admit(t *tap, rings []*ring, link capture.LinkType) error {
	t.rings, t.missing = rings, false
	t.all = append(t.all, rings...)
	for n, r := range rings {
		r.admitted = true
		g.memory += len(r.mem)
		s := g.sources[n]
		s.fresh = append(s.fresh, r)
		s.change.Store(true)
	}
	var err error
	for n, r := range rings {
		if g.compile == nil {
			g.arm(r, nil)
		} else if program, failed := g.compile(link); failed != nil {
			err = fmt.Errorf("filter for %s: %w", t.name, failed)
		} else {
			g.arm(r, program)
		}
		g.sources[n].wakeUp()
	}
	return err
}

func (g *group) reconcileAny(list []Interface, start bool) error {
	g.learn(list)
	if !start {
		return nil
	}
	t := g.taps[0]
	t.up = true
	return g.openTap(t, nil, g.share(1))
}
