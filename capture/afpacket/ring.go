//go:build linux

package afpacket

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
)

// ring is one packet socket with its memory. It is made of units, blocks in V3
// and frames in V2, that belong to the kernel or to us by their status word.
//
//	status word      taken   refs
//	KERNEL           false      0   the kernel fills it
//	USER             false      0   filled, not seen by the reader yet
//	USER             true     > 0   read, borrowed by a batch, or lent
//
// The one who drops the last reference stores KERNEL, then clears taken: the
// reader never takes a unit for new whose status is still that of its last
// round. The reader alone takes units, in their order; anyone may release.
type ring struct {
	name    string // of the interface
	ifindex int
	link    capture.LinkType
	cooked  bool // the kernel takes the link header off
	any     bool // all interfaces
	bridge  bool
	lo      uint32 // index of the loopback, where this ring may see it
	tap     *tap
	source  int // index of the source that reads it
	point   uint16
	version Version
	fd      int
	mem     []byte

	unitSize  int // bytes of a block, or of a frame
	blockSize int
	perBlock  int // units in a block of memory, 1 in V3
	taken     []atomic.Bool
	refs      []atomic.Int32
	out       atomic.Int32 // units taken, and 1 until closed
	way       capture.Direction
	poll      bool // poll(2) may sleep over a filled block: V3 of kernels before 3.19

	// What runs in user space because the kernel does not do it; nil: nothing.
	user    atomic.Pointer[userFilter]
	snaplen int

	// The reader's.
	cur     int  // unit that is read, or comes next
	reading bool // cur is taken, with packets left
	touched bool // packets of cur are in this batch
	left    int  // packets left in cur
	pos     int  // of the next packet in mem
	end     int  // of the unit in mem
	head    int64
	stop    time.Time // nothing comes from then on; zero while it is captured

	gone atomic.Bool // the interface does not exist any more

	// The socket goes back to home, where it can be bound once more.
	home     *spares
	joined   bool // to a fan-out, which it cannot leave
	admitted bool // it has been given a filter that lets packets in

	mu     sync.Mutex // counters of the socket
	counts ringCounts
	closed bool
}

// userFilter is what a ring does in place of the kernel.
type userFilter struct {
	program []bpf.RawInstruction // for frames as they are handed out; nil accepts all
	until   int64                // time of the last packet that is handed out
}

// ringCounts are what PACKET_STATISTICS told so far.
type ringCounts struct{ received, drops, freezes uint64 }

func (c *ringCounts) add(o ringCounts) {
	c.received += o.received
	c.drops += o.drops
	c.freezes += o.freezes
}

// Offsets in struct tpacket_block_desc, and of the address behind the headers
// of packets: TPACKET_ALIGN of their sizes.
const (
	blockStatus = 8
	blockCount  = 12
	blockFirst  = 16
	addr3       = (unix.SizeofTpacket3Hdr + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
	addr2       = (unix.SizeofTpacket2Hdr + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
	addrLen     = int(unsafe.Sizeof(unix.RawSockaddrLinklayer{}))

	statusKernel = 0
	statusUser   = 1
	vlanValid    = 1 << 4
	sysHardware  = 1 << 30
	rawHardware  = 1 << 31
)

// word is the status word of a unit.
func (r *ring) word(unit int) *uint32 {
	at := r.at(unit)
	if r.version == V3 {
		at += blockStatus
	}
	return (*uint32)(unsafe.Pointer(&r.mem[at]))
}

// at is where a unit begins in mem. Frames do not cross blocks.
func (r *ring) at(unit int) int {
	if r.perBlock == 1 {
		return unit * r.blockSize
	}
	return unit/r.perBlock*r.blockSize + unit%r.perBlock*r.unitSize
}

// ready reports whether there is a packet, whose time is head then.
func (r *ring) ready() bool {
	for !r.reading {
		u := r.cur
		if r.taken[u].Load() || atomic.LoadUint32(r.word(u))&statusUser == 0 {
			return false
		}
		r.taken[u].Store(true)
		r.refs[u].Store(1)
		r.out.Add(1)
		r.begin(u)
		if r.reading {
			break
		}
		// A block without packets: kernels before 3.19 hand them out.
		r.next()
		r.release(u)
	}
	return true
}

// begin finds the first packet of a unit.
func (r *ring) begin(u int) {
	r.pos = r.at(u)
	r.end = r.pos + r.unitSize
	r.left = 1
	if r.version == V3 {
		r.left = int(*(*uint32)(unsafe.Pointer(&r.mem[r.pos+blockCount])))
		r.pos += int(*(*uint32)(unsafe.Pointer(&r.mem[r.pos+blockFirst])))
	}
	r.reading = r.left > 0 && r.peek()
}

// peek sets head from the packet at pos. It reports false where no packet fits.
func (r *ring) peek() bool {
	if r.version == V3 {
		if r.pos+addr3+addrLen > r.end {
			return false
		}
		h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.mem[r.pos]))
		r.head = int64(h.Sec)*1e9 + int64(h.Nsec)
		return true
	}
	h := (*unix.Tpacket2Hdr)(unsafe.Pointer(&r.mem[r.pos]))
	r.head = int64(h.Sec)*1e9 + int64(h.Nsec)
	return true
}

// next makes the following unit the current one.
func (r *ring) next() {
	r.reading = false
	if r.cur++; r.cur == len(r.refs) {
		r.cur = 0
	}
}

// release drops a reference to a unit. It may be called by any goroutine.
func (r *ring) release(u int) {
	if r.refs[u].Add(-1) > 0 {
		return
	}
	atomic.StoreUint32(r.word(u), statusKernel)
	r.taken[u].Store(false)
	r.drop()
}

// drop lets go of the memory, and unmaps it when nobody has it any more. Only
// then may the kernel take the ring away from a socket that is used again.
func (r *ring) drop() {
	if r.out.Add(-1) > 0 {
		return
	}
	_ = unix.Munmap(r.mem)
	if r.home != nil {
		r.home.giveBack(r.fd, r.cooked, r.version)
	}
}

// blocked reports whether the unit before the next one is still out, so that
// poll(2) would report the socket readable although nothing new is there.
func (r *ring) blocked() bool {
	return r.taken[(r.cur+len(r.refs)-1)%len(r.refs)].Load()
}

// setFilter makes the kernel run a program, or does it itself where the kernel
// cannot. program is for frames of the ring's link type; nil accepts all.
// refused is the kernel's reason, nil if it took the program.
func (r *ring) setFilter(program []bpf.RawInstruction, k kernel) (refused error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	inKernel, ok := program, true
	if program == nil {
		inKernel = cbpf.Accept(math.MaxUint32)
	} else if r.link == capture.LinkSLL2 {
		if inKernel, ok = cbpf.Cooked(program); !ok {
			refused = errors.New("the filter asks for lengths or addresses of a link header that such a socket does not show")
		}
	}
	if ok && k.before(3, 8) && cbpf.NeedsVLAN(inKernel) {
		ok, refused = false, errors.New("kernels before 3.8 do not show VLAN tags to filters")
	}
	if ok {
		if refused = attach(r.fd, r.fit(inKernel)); refused == nil {
			r.user.Store(nil)
			return nil
		}
	}
	// The packets that the program in user space has yet to see.
	r.user.Store(&userFilter{program: program, until: math.MaxInt64})
	if err := attach(r.fd, r.fit(cbpf.Accept(math.MaxUint32))); err != nil {
		_ = unix.SetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
	}
	return refused
}

// fit adds to a program what the ring wants of every packet.
func (r *ring) fit(program []bpf.RawInstruction) []bpf.RawInstruction {
	return cbpf.Leave(cbpf.Snap(program, uint32(r.snaplen)), cbpf.Way{
		Outgoing: r.way == capture.DirIn, Incoming: r.way == capture.DirOut, Loopback: r.lo,
	})
}

// refuse makes the ring take no more packets.
func (r *ring) refuse(now int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || attach(r.fd, cbpf.Reject()) == nil {
		return
	}
	last := userFilter{until: now}
	if user := r.user.Load(); user != nil {
		last.program = user.program
	}
	r.user.Store(&last)
}

// count reads PACKET_STATISTICS, which the kernel sets to zero with each read.
func (r *ring) count() (ringCounts, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return r.counts, nil
	}
	if r.version == V3 {
		s, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
		if err != nil {
			return r.counts, fmt.Errorf("read packet statistics: %w", err)
		}
		r.counts.received += uint64(s.Packets)
		r.counts.drops += uint64(s.Drops)
		r.counts.freezes += uint64(s.Freeze_q_cnt)
		return r.counts, nil
	}
	s, err := unix.GetsockoptTpacketStats(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return r.counts, fmt.Errorf("read packet statistics: %w", err)
	}
	r.counts.received += uint64(s.Packets)
	r.counts.drops += uint64(s.Drops)
	return r.counts, nil
}

// close ends the socket, or leaves it to be used again when nothing can come to
// it any more. The memory goes when the last unit is released.
func (r *ring) close() {
	_, _ = r.count()
	r.mu.Lock()
	was := r.closed
	r.closed = true
	r.mu.Unlock()
	if was {
		return
	}
	if r.joined || r.admitted && !r.gone.Load() {
		r.home = nil
	}
	if r.home == nil {
		_ = unix.Close(r.fd)
	}
	r.drop()
}

// abandon is what the reader does with the unit that it was reading.
func (r *ring) abandon() {
	if r.reading {
		u := r.cur
		r.next()
		r.release(u)
	}
}
