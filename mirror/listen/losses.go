//go:build linux

package listen

import (
	"sync"

	"golang.org/x/sys/unix"
)

// losses adds up what the kernel says it dropped at a socket. The count of
// SO_MEMINFO (kernel 4.12) is that of /proc/net/udp; before, only what comes
// with the next packet (SO_RXQ_OVFL) is known. Both are 32 bits that wrap
// around.
type losses struct {
	mu    sync.Mutex
	fd    int // -1 when the socket is closed
	exact bool
	last  uint32
	total uint64
}

func (l *losses) begin(fd int) {
	last, err := readMemInfo(fd)
	l.fd, l.exact, l.last = fd, err == nil, last
}

// told takes the count that came with a packet.
func (l *losses) told(n uint32) {
	if l.exact {
		return
	}
	l.mu.Lock()
	l.add(n)
	l.mu.Unlock()
}

func (l *losses) add(n uint32) {
	l.total += uint64(n - l.last)
	l.last = n
}

func (l *losses) count() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.look()
	return l.total
}

func (l *losses) look() {
	if !l.exact || l.fd < 0 {
		return
	}
	if n, err := readMemInfo(l.fd); err == nil {
		l.add(n)
	}
}

// end closes the socket after a last look.
func (l *losses) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.look()
	_ = unix.Close(l.fd)
	l.fd = -1
}
