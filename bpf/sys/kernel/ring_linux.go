package kernel

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/wirespan/wirespan/bpf/sys"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/perf"
)

// eventRing yields encoded events. One goroutine calls wait, next and taken,
// another one stop.
type eventRing interface {
	// wait lets events gather for so long, unless there are some. It fails with
	// io.EOF behind the last event of a ring that was stopped.
	wait(time.Duration) error
	next() ([]byte, error) // valid until taken; errNoMore when there is nothing more
	taken()                // what next returned was read
	stop() error           // no more events come
}

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

// wait sets until when next gathers.
func (p *perfRings) wait(d time.Duration) error {
	p.r.SetDeadline(time.Now().Add(d))
	return nil
}

func (p *perfRings) taken() {}

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
				err = io.EOF
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

// stop closes the rings, and what lies in them is lost.
func (p *perfRings) stop() error { return p.r.Close() }
