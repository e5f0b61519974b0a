package kube

import (
	"sync"
	"sync/atomic"
	"time"
)

// Pods knows pods by address, container and uid. Lookups may be made by any
// goroutine; they see the latest snapshot.
type Pods struct {
	snap atomic.Pointer[snapshot]

	mu       sync.Mutex // held by changes, never by lookups
	bound    int
	keep     time.Duration
	pods     map[string]*Pod // by uid
	gone     map[string]gone
	refused  uint64
	dirty    bool
	interval time.Duration // between two snapshots
	last     time.Time
	timer    *time.Timer
}

// gone is a pod that was deleted. Spans of its last requests are named after
// that.
type gone struct {
	pod *Pod
	at  time.Time
}

type snapshot struct {
	addrs      map[Addr]*Pod
	containers map[string]*Pod
	uids       map[string]*Pod
}

// minInterval is the least time between two snapshots; making one costs as much
// as there are pods, so that time grows with what the last one cost.
const (
	minInterval = 200 * time.Millisecond
	costShare   = 50 // a snapshot may take one part in so many
)

func newPods(bound int, keep time.Duration) *Pods {
	return &Pods{bound: bound, keep: keep, pods: make(map[string]*Pod), gone: make(map[string]gone), interval: minInterval}
}

// ByAddr returns the pod that has an address, nil if there is none.
func (p *Pods) ByAddr(a Addr) *Pod {
	if s := p.snap.Load(); s != nil {
		return s.addrs[a]
	}
	return nil
}

// ByContainer returns the pod of a container, nil if there is none.
func (p *Pods) ByContainer(id string) *Pod {
	if s := p.snap.Load(); s != nil {
		return s.containers[id]
	}
	return nil
}

// ByUID returns a pod by its uid, as control groups have it; nil if there is
// none.
func (p *Pods) ByUID(uid string) *Pod {
	if s := p.snap.Load(); s != nil {
		return s.uids[uid]
	}
	return nil
}

// put enters a pod, or what has become of it.
func (p *Pods) put(n *Pod) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(n)
	p.changed()
}

func (p *Pods) set(n *Pod) {
	if n.UID == "" {
		return
	}
	old := p.pods[n.UID]
	switch {
	case old != nil && old.equal(n):
		return
	case old == nil && len(p.pods) >= p.bound:
		p.refused++
		return
	}
	delete(p.gone, n.UID)
	p.pods[n.UID] = n
	p.dirty = true
}

// remove notes that a pod was deleted.
func (p *Pods) remove(uid string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(uid, now)
	p.changed()
}

func (p *Pods) drop(uid string, now time.Time) {
	if old := p.pods[uid]; old != nil {
		delete(p.pods, uid)
		if len(p.gone) < p.bound {
			p.gone[uid] = gone{old, now}
		}
		p.dirty = true
	}
}

// replace makes the list all there is.
func (p *Pods) replace(list []*Pod, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	have := make(map[string]bool, len(list))
	for _, n := range list {
		have[n.UID] = true
	}
	for uid := range p.pods {
		if !have[uid] {
			p.drop(uid, now)
		}
	}
	for _, n := range list {
		p.set(n)
	}
	p.publish(now)
}

// changed publishes now or, when that was done a moment ago, soon.
func (p *Pods) changed() {
	if !p.dirty || p.timer != nil {
		return
	}
	now := time.Now()
	if wait := p.interval - now.Sub(p.last); wait > 0 {
		p.timer = time.AfterFunc(wait, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.timer = nil
			p.publish(time.Now())
		})
		return
	}
	p.publish(now)
}

// publish makes a snapshot. Of two pods with one address, which a late message
// may claim, the one that is not deleted counts.
func (p *Pods) publish(now time.Time) {
	began := time.Now()
	s := &snapshot{
		addrs:      make(map[Addr]*Pod, len(p.pods)),
		containers: make(map[string]*Pod, 2*len(p.pods)),
		uids:       make(map[string]*Pod, len(p.pods)),
	}
	for uid, g := range p.gone {
		if now.Sub(g.at) >= p.keep {
			delete(p.gone, uid)
			continue
		}
		s.add(g.pod)
	}
	for _, pod := range p.pods {
		s.add(pod)
	}
	p.snap.Store(s)
	p.dirty, p.last = false, now
	p.interval = max(minInterval, costShare*time.Since(began))
}

func (s *snapshot) add(p *Pod) {
	s.uids[p.UID] = p
	if p.original != "" {
		s.uids[p.original] = p
	}
	for _, a := range p.addrs {
		s.addrs[a] = p
	}
	for _, c := range p.Containers {
		s.containers[c.ID] = p
	}
}

// count returns how many pods are known, and how many did not fit.
func (p *Pods) count() (n int, refused uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.pods), p.refused
}

// stop ends what changed has begun.
func (p *Pods) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// refuse counts a pod that did not fit into a list.
func (p *Pods) refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused++
}
