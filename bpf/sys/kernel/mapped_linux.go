package kernel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Header of a record in a ring, include/uapi/linux/bpf.h.
const (
	recordBusy    = 1 << 31 // it is being written
	recordDiscard = 1 << 30
	recordHeader  = 8
)

// errNoMore says that there is nothing in a ring at present.
var errNoMore = os.ErrDeadlineExceeded

// mappedRing reads one ring of all CPUs where it lies, in the order of
// reservation. The programs never wake its reader, who looks again when some
// time has passed, so it takes no file that could be waited for, and no system
// call but to sleep.
type mappedRing struct {
	record
	timer   *time.Timer
	stopped chan struct{}
	once    sync.Once
	ended   bool            // all is read and unmapped
	unmap   runtime.Cleanup // for who does not read to the end
	pages   [2][]byte
}

// record is where a reader stands in a ring.
type record struct {
	consumed, produced *uintptr // shared with the kernel
	data               []byte   // twice in a row, so that no record is split
	mask               uintptr
	at, end            uintptr // the next record, and the end of those that are known
	empty              bool    // there was nothing more when it was looked at last
}

// openMapped maps a ring.
func openMapped(m *ebpf.Map) (*mappedRing, error) {
	page, size := os.Getpagesize(), int(m.MaxEntries())
	own, err := unix.Mmap(m.FD(), 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map position: %w", err)
	}
	rest, err := unix.Mmap(m.FD(), int64(page), page+2*size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("map events: %w", err), unix.Munmap(own))
	}
	r := &mappedRing{
		record: newRecord((*uintptr)(unsafe.Pointer(&own[0])), (*uintptr)(unsafe.Pointer(&rest[0])), rest[page:]),
		timer:  time.NewTimer(0), stopped: make(chan struct{}), pages: [2][]byte{own, rest},
	}
	r.unmap = runtime.AddCleanup(r, func(pages [2][]byte) { _ = unmap(pages) }, r.pages)
	return r, nil
}

func unmap(pages [2][]byte) error { return errors.Join(unix.Munmap(pages[0]), unix.Munmap(pages[1])) }

func newRecord(consumed, produced *uintptr, data []byte) record {
	at := atomic.LoadUintptr(consumed)
	return record{consumed: consumed, produced: produced, data: data, mask: uintptr(len(data)/2 - 1), at: at, end: at, empty: true}
}

// wait, see eventRing.
func (r *mappedRing) wait(d time.Duration) error {
	if r.ended {
		return io.EOF
	}
	if !r.empty {
		return nil
	}
	r.timer.Reset(d)
	select {
	case <-r.timer.C:
		return nil
	case <-r.stopped:
	}
	if r.more() {
		return nil
	}
	r.ended = true
	r.unmap.Stop()
	if err := unmap(r.pages); err != nil {
		return fmt.Errorf("unmap ring: %w", err)
	}
	return io.EOF
}

// more reports whether a record is there that can be read.
func (r *record) more() bool {
	return r.at != atomic.LoadUintptr(r.produced) && r.head()&recordBusy == 0
}

// head is the first word of the next record. It is loaded atomically: what was
// written before the busy bit was cleared is seen.
func (r *record) head() uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&r.data[r.at&r.mask])))
}

// next is the next record, valid until taken; errNoMore if there is none.
func (r *record) next() ([]byte, error) {
	for {
		if r.at == r.end {
			r.end = atomic.LoadUintptr(r.produced)
		}
		if r.empty = r.at == r.end; r.empty {
			return nil, errNoMore
		}
		from, head := r.at&r.mask, r.head()
		if head&recordBusy != 0 {
			r.empty = true
			return nil, errNoMore
		}
		n := uintptr(head &^ (recordBusy | recordDiscard))
		whole := recordHeader + (n+7)&^7
		if whole > r.end-r.at || whole > r.mask {
			return nil, fmt.Errorf("record of %d bytes, %d are there", n, r.end-r.at)
		}
		r.at += whole
		if head&recordDiscard == 0 {
			return r.data[from+recordHeader : from+recordHeader+n], nil
		}
	}
}

// taken gives back the room of all records so far.
func (r *record) taken() { atomic.StoreUintptr(r.consumed, r.at) }

// stop, see eventRing. What was told is still read.
func (r *mappedRing) stop() error {
	r.once.Do(func() { close(r.stopped) })
	return nil
}
