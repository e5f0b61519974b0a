//go:build linux

package listen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
)

var (
	_ capture.Source   = (*Source)(nil)
	_ capture.Lender   = (*Source)(nil)
	_ capture.Filterer = (*Source)(nil)
)

// Source receives mirrors: a capture.Source, Lender and Filterer. It reads the
// sockets of all its listeners on the goroutine that calls ReadBatch. The
// packets of a batch are in the order of time; between batches, those of
// several listeners are as far as they were received by then.
type Source struct {
	cfg      Config
	points   []capture.Point
	specs    []Listener
	degraded []Degraded
	sockets  []*socket

	waking sync.Mutex
	wake   int // eventfd that ends a wait, -1 after Close

	closed  atomic.Bool
	stopAt  atomic.Int64 // time in ns after which nothing is handed on, 0 none
	program atomic.Pointer[[]bpf.RawInstruction]
	spare   chan *loan

	reading sync.Mutex // held while ReadBatch runs
	pool    *pool
	cur     *block // being filled
	used    int    // bytes of cur
	batch   []*block
	msgs    *messages
	meta    cbpf.Meta
	first   int  // socket that is looked at first
	blocked bool // all memory is lent
	drained bool // the last look found the end of every socket
	polls   []unix.PollFd
	timeout unix.Timespec
	n       readCounts

	published [numCounts]atomic.Uint64
}

// Counters of the reader.
const (
	countPackets = iota
	countBytes
	countWire
	countFiltered
	countBlocked
	numCounts
)

type readCounts [numCounts]uint64

// ReadBatch, see capture.Source. A context that is cancelled is noticed within
// 50 ms, its deadline at once. After Close, and after what Stop left, it
// returns io.EOF.
func (s *Source) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	s.reclaim()
	for {
		if s.closed.Load() {
			return 0, io.EOF
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if len(dst) == 0 {
			return 0, nil
		}
		stop := s.stopAt.Load()
		n, err := s.fill(dst)
		for i, v := range s.n {
			s.published[i].Store(v)
		}
		switch {
		case n > 0 && stop != 0:
			if n = before(dst[:n], stop); n > 0 {
				return n, nil
			}
			return 0, io.EOF
		case n > 0:
			return n, nil
		case err != nil:
			return 0, err
		case stop != 0 && !s.blocked && s.drained:
			return 0, io.EOF
		}
		s.reclaim() // of packets that were all left out
		if err := s.wait(ctx); err != nil {
			return 0, err
		}
	}
}

// before counts the packets up to a time; dst is in its order.
func before(dst []capture.Packet, stop int64) int {
	n := len(dst)
	for n > 0 && dst[n-1].Time > stop {
		n--
	}
	return n
}

// reclaim gives back the blocks of the last batch.
func (s *Source) reclaim() {
	for _, b := range s.batch {
		b.drop()
	}
	s.batch = s.batch[:0]
}

// maxRounds bounds what is received of one socket in a row: what is all left out
// would keep the reader from noticing that it has to end.
const maxRounds = 32

// fill takes what the sockets have, of each in turn.
func (s *Source) fill(dst []capture.Packet) (n int, err error) {
	s.blocked, s.drained = false, true
	givers := 0
	for i := range s.sockets {
		k := s.sockets[(s.first+i)%len(s.sockets)]
		before := n
		for round := 0; round < maxRounds && n < len(dst) && !s.blocked; round++ {
			got, more, e := s.take(k, dst[n:])
			n += got
			if e != nil {
				err = e
			}
			if !more {
				break
			}
			s.drained = s.drained && round < maxRounds-1
		}
		if n > before {
			givers++
		}
	}
	s.first++
	if givers > 1 {
		slices.SortStableFunc(dst[:n], func(a, b capture.Packet) int { return cmp.Compare(a.Time, b.Time) })
	}
	return n, err
}

// take receives once from a socket; more tells that there may be more.
func (s *Source) take(k *socket, dst []capture.Packet) (n int, more bool, err error) {
	want := min(len(dst), maxBatch)
	if want = min(want, s.room()); want == 0 {
		s.blocked = true
		s.n[countBlocked]++
		return 0, false, nil
	}
	slots, from := s.cur, s.used
	got, err := s.msgs.receive(k.fd, slots.buf[from:], want)
	if err != nil {
		return 0, false, k.trouble(err)
	}
	s.used += got * slotSize
	s.borrow(slots)
	now := int64(0)
	for i := range got {
		p := &dst[n]
		if !s.packet(k, slots, from, i, p) {
			continue
		}
		if p.Time == 0 { // not stamped: it came before the kernel had switched stamps on
			if now == 0 {
				now = time.Now().UnixNano()
			}
			p.Time = now
		}
		n++
	}
	return n, got == want, nil
}

// room tells how many slots the current block has, a new one if none; 0 if all
// are lent.
func (s *Source) room() int {
	if s.cur != nil && blockSize-s.used >= slotSize {
		return (blockSize - s.used) / slotSize
	}
	b := s.pool.take(s.pool.bound)
	if b == nil {
		return 0
	}
	s.replace(b)
	return blockSize / slotSize
}

// replace goes on in another block.
func (s *Source) replace(b *block) {
	if s.cur != nil {
		s.cur.drop()
	}
	s.cur, s.used = b, 0
}

// borrow notes that the batch has packets in a block.
func (s *Source) borrow(b *block) {
	if last := len(s.batch) - 1; last >= 0 && s.batch[last] == b {
		return
	}
	b.refs.Add(1)
	s.batch = append(s.batch, b)
}

// packet makes a Packet of datagram i and tells whether it is wanted.
func (s *Source) packet(k *socket, slots *block, from, i int, p *capture.Packet) bool {
	var t told
	s.msgs.tell(i, &t)
	if t.dropped {
		k.losses.told(t.drops)
	}
	size := int(s.msgs.heads[i].Len)
	have := min(size, slotRoom+maxDatagram)
	b := slots.buf[from+i*slotSize:][:slotSize]
	if have > slotRoom {
		b = s.join(b, i, have)
	}
	at, v := k.complete(&t, b[:headroom+have], size)
	switch v {
	case foreign:
		k.foreign.Add(1)
		return false
	case others:
		return false
	}
	k.packets.Add(1)
	*p = capture.Packet{
		Data: b[at : headroom+have], Time: t.time, Tap: k.point, Link: capture.LinkRaw,
		WireLen: uint32(headroom - at + size), Dir: capture.DirUnknown,
	}
	if len(p.Data) > s.cfg.Snaplen {
		p.Data = p.Data[:s.cfg.Snaplen]
	}
	s.n[countPackets]++
	s.n[countWire] += uint64(p.WireLen)
	s.n[countBytes] += uint64(len(p.Data))
	if program := s.program.Load(); program != nil && !s.pass(*program, p) {
		s.n[countFiltered]++
		return false
	}
	return true
}

// join puts the two parts of a large datagram together behind the slots, or in
// another block. It always finds room: blocks for one batch are in reserve.
func (s *Source) join(slot []byte, i, have int) []byte {
	need := headroom + have
	if blockSize-s.used < need {
		s.replace(s.pool.take(s.pool.bound + reserve))
	}
	b := s.cur.buf[s.used:][:need]
	s.used += (need + 15) &^ 15
	s.borrow(s.cur)
	copy(b[headroom:], slot[headroom:slotSize])
	copy(b[headroom+slotRoom:], s.msgs.tail(i, have))
	return b
}

// complete writes the outer headers, and tells where the packet begins and
// whose it is.
func (k *socket) complete(t *told, b []byte, size int) (at int, v verdict) {
	inner := b[headroom:]
	if k.headers {
		head := 0
		if len(inner) > 0 {
			head = int(inner[0]&0xf) * 4
		}
		if head > len(inner) {
			return 0, foreign
		}
		return headroom, judge(k.kind, k.beside, inner[head:])
	}
	if v = judge(k.kind, k.beside, inner); v != accepted {
		return 0, v
	}
	if k.raw6 {
		return t.network(b[:headroom], size, protoGRE), accepted
	}
	t.dport = k.port
	return t.wrap(b, size), accepted
}

// trouble sorts out the errors of recvmmsg.
func (k *socket) trouble(err error) error {
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR), errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.ENOMEM),
		errors.Is(err, unix.ENETDOWN), errors.Is(err, unix.ECONNREFUSED):
		return nil
	}
	return fmt.Errorf("receive on %s: %w", k.name, err)
}
