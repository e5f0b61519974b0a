package kernel

import (
	"cmp"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/wirespan/wirespan/bpf/sys"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/perf"
	"github.com/cilium/ebpf/ringbuf"
)

// eventRing yields encoded events. What next returns is valid until it is called
// again; it fails with os.ErrDeadlineExceeded when there is nothing more.
type eventRing interface {
	setDeadline(time.Time)
	next() ([]byte, error)
	close() error
}

// sharedRing is one ring of all CPUs, in the order of reservation.
type sharedRing struct {
	r   *ringbuf.Reader
	rec ringbuf.Record
}

func (s *sharedRing) setDeadline(t time.Time) { s.r.SetDeadline(t) }

func (s *sharedRing) next() ([]byte, error) {
	err := s.r.ReadInto(&s.rec)
	return s.rec.RawSample, err
}

func (s *sharedRing) close() error { return s.r.Close() }

// maxGather bounds the events of several CPUs that are brought into order.
const maxGather = 32 << 10

// perfRings are rings of one CPU each, of kernels without the other kind. Their
// events come CPU by CPU, and are put into the order of time; behind each stand
// the counters of its CPU.
type perfRings struct {
	r    *perf.Reader
	rec  perf.Record
	list []gathered
	data []byte
	at   int
	end  error // after list

	mu     sync.Mutex
	counts [][numCounts]uint64 // by CPU
}

// gathered is an event in perfRings.data.
type gathered struct {
	time int64
	at   int
}

// openPerf opens a ring of this size, in bytes, for all CPUs together.
func openPerf(m *ebpf.Map, size, cpus int) (*perfRings, error) {
	per := max(size/cpus, os.Getpagesize())
	r, err := perf.NewReaderWithOptions(m, per, perf.ReaderOptions{Watermark: per / 2})
	if err != nil {
		return nil, err
	}
	return &perfRings{r: r, counts: make([][numCounts]uint64, cpus)}, nil
}

func (p *perfRings) setDeadline(t time.Time) { p.r.SetDeadline(t) }

func (p *perfRings) next() ([]byte, error) {
	if p.at == len(p.list) {
		if err := p.end; err != nil {
			p.end = nil
			return nil, err
		}
		p.gather()
		if len(p.list) == 0 {
			err := p.end
			p.end = nil
			return nil, err
		}
	}
	at := p.list[p.at].at
	p.at++
	return p.data[at : at+sys.EventSize], nil
}

// gather takes what is there until the deadline.
func (p *perfRings) gather() {
	p.list, p.data, p.at = p.list[:0], p.data[:0], 0
	for len(p.list) < maxGather {
		if err := p.r.ReadInto(&p.rec); err != nil {
			if errors.Is(err, perf.ErrClosed) {
				err = ringbuf.ErrClosed
			}
			p.end = err
			break
		}
		b := p.rec.RawSample
		if p.rec.LostSamples > 0 || len(b) < sys.EventSize+8*numCounts {
			continue // the programs count what found no room
		}
		p.note(p.rec.CPU, b[sys.EventSize:])
		p.list = append(p.list, gathered{int64(binary.LittleEndian.Uint64(b[8:])), len(p.data)})
		p.data = append(p.data, b[:sys.EventSize]...)
	}
	slices.SortStableFunc(p.list, func(a, b gathered) int { return cmp.Compare(a.time, b.time) })
}

// note keeps the counters of a CPU.
func (p *perfRings) note(cpu int, b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cpu < len(p.counts) {
		for i := range p.counts[cpu] {
			p.counts[cpu][i] = binary.LittleEndian.Uint64(b[8*i:])
		}
	}
}

// read adds up what the last event of each CPU told.
func (p *perfRings) read() (n [numCounts]uint64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.counts {
		for i, v := range c {
			n[i] += v
		}
	}
	return n, nil
}

func (p *perfRings) close() error { return p.r.Close() }
