package tagger

import (
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/tracer/tag/identity"
	"github.com/wirespan/wirespan/tracer/tag/kube"
	"github.com/wirespan/wirespan/tracer/tag/names"
	"github.com/wirespan/wirespan/tracer/tag/procs"
)

// Tagger knows who is where. Its methods belong to one goroutine, but for
// SetNames and Stats.
type Tagger struct {
	cfg   Config
	enc   encoder
	fixed atomic.Pointer[names.Map]
	seen  *names.Seen
	known map[basis]*identity.Identity
	last  uint32 // identity number
	stats counters
}

// basis is what an Identity is made of: equal parts, equal Identity.
type basis struct {
	entry  *names.Entry
	pod    *kube.Pod
	proc   *procs.Process
	name   string // of the address, when the others give none
	source identity.Source
}

// New returns a Tagger.
func New(cfg Config) (*Tagger, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	t := &Tagger{cfg: cfg, seen: names.NewSeen(cfg.MaxNames), known: make(map[basis]*identity.Identity)}
	if err := t.enc.init(cfg.Keys); err != nil {
		return nil, err
	}
	t.fixed.Store(cfg.Names)
	return t, nil
}

// SetNames replaces the configured names. Any goroutine may call it; spans
// that are written from now on have the new ones.
func (t *Tagger) SetNames(m *names.Map) { t.fixed.Store(m) }

// SetFile takes a name from a capture file.
func (t *Tagger) SetFile(addr [16]byte, name string) {
	t.seen.SetFile(addr, name)
	t.stats.refused.Store(t.seen.Refused())
}

// Learn takes an address of a DNS answer: name is what was asked for, borrowed;
// at is packet time, ttl counts from then.
func (t *Tagger) Learn(at int64, addr [16]byte, name []byte, ttl time.Duration) {
	t.seen.Learn(at, addr, name, ttl)
	t.stats.refused.Store(t.seen.Refused())
}

// Endpoint returns who is at an end of a flow, nil if nothing is known. The
// answer for one end may change while sockets and pods come and go.
func (t *Tagger) Endpoint(q *identity.Query) *identity.Identity {
	var b basis
	t.local(q, &b)
	seg := segment(q)
	if q.Client {
		b.entry = t.fixed.Load().Client(q.Addr, seg)
	} else {
		b.entry = t.fixed.Load().Server(q.Addr, q.Port, seg)
	}
	switch {
	case b.entry != nil:
		b.source = identity.Configured
	case b.pod != nil && b.pod.ServiceName() != "":
		b.source = identity.Kubernetes
	case b.proc != nil && b.proc.Service() != "":
		b.source = identity.Process
	default:
		t.address(q, &b)
	}
	t.stats.answers[b.source].Add(1)
	if b == (basis{}) {
		return nil
	}
	id := t.known[b]
	if id == nil {
		id = t.learned(&b)
	}
	return id
}

// local asks for the process and the pod.
func (t *Tagger) local(q *identity.Query, b *basis) {
	if t.cfg.Processes != nil {
		e := procs.Endpoint{Proto: procs.TCP, Addr: q.Addr, Port: q.Port, PeerAddr: q.PeerAddr, PeerPort: q.PeerPort}
		if q.UDP {
			e.Proto = procs.UDP
		}
		if t.cfg.Netns != nil {
			e.Netns = t.cfg.Netns(q.Point)
		}
		if q.PID != 0 {
			b.proc = t.cfg.Processes.Process(int(q.PID))
		}
		if b.proc == nil {
			b.proc = t.cfg.Processes.Lookup(&e)
		}
	}
	pods := t.cfg.Pods
	if pods == nil {
		return
	}
	if p := b.proc; p != nil && p.Container != "" {
		b.pod = pods.ByContainer(p.Container)
		if b.pod == nil && p.PodUID != "" {
			if b.pod = pods.ByUID(p.PodUID); b.pod == nil && t.cfg.AskPods != nil {
				t.cfg.AskPods()
			}
		}
		return
	}
	// A process of the host at this address is not a pod's, even where a pod
	// had the address once.
	if b.proc == nil || b.proc.PID == 0 {
		b.pod = pods.ByAddr(q.Addr)
	}
}

// address asks for a name of the address.
func (t *Tagger) address(q *identity.Query, b *basis) {
	if b.name = t.seen.DNS(q.At, q.Addr); b.name != "" {
		b.source = identity.DNS
		return
	}
	if t.cfg.Hosts != nil {
		if b.name = t.cfg.Hosts.Name(q.Addr); b.name != "" {
			b.source = identity.Hosts
			return
		}
	}
	if b.name = t.seen.File(q.Addr); b.name != "" {
		b.source = identity.File
	}
}

func segment(q *identity.Query) names.Segment {
	switch {
	case q.VNI != 0:
		return names.VNI(q.VNI)
	case q.VLAN != 0:
		return names.VLAN(q.VLAN)
	}
	return 0
}

// learned makes an Identity. When there are too many, all are forgotten: those
// in use are made again, which costs an allocation each.
func (t *Tagger) learned(b *basis) *identity.Identity {
	if len(t.known) >= t.cfg.MaxIdentities {
		clear(t.known)
		t.stats.forgotten.Add(1)
	}
	id := t.enc.identity(b, t.cfg.HostName)
	t.last++
	id.ID = t.last
	t.known[*b] = id
	t.stats.made.Add(1)
	return id
}
