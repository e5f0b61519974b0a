//go:build linux

package afpacket

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture/cbpf"
	"github.com/wirespan/wirespan/capture/netns"
)

// spares are packet sockets that were opened while there was CAP_NET_RAW, for
// interfaces that appear when there is none. Only socket(2) asks for it
// (packet_create of net/packet/af_packet.c): ring, filter, binding, membership
// and fan-out are free to whoever has the socket. A socket lies here with a
// filter that rejects all, unbound, or bound to an interface that is no more.
//
// Whether a socket takes the link header off is decided when it is opened, so
// there are two kinds. Without Config.Spare there are none, and a socket is
// opened whenever one is asked for.
type spares struct {
	ns          *netns.Namespace // of the capture
	raw, cooked int              // how many to open

	mu     sync.Mutex // units of a ring may be released by any goroutine
	free   map[int][]int
	filled bool // the capture has begun; rights may be gone
	shut   bool
	missed uint64 // interfaces that found no socket
}

// errNoSpare means that no spare socket is left, nor the right to open one.
var errNoSpare = errors.New("no spare packet socket is left, and CAP_NET_RAW has been given up")

// newSpares makes a pool without sockets; fill opens them. "any" needs none.
func newSpares(cfg *Config, ns *netns.Namespace, readers int) *spares {
	p := &spares{ns: ns, free: make(map[int][]int)}
	if len(cfg.Interfaces) != 1 || cfg.Interfaces[0] != Any {
		p.raw, p.cooked = cfg.Spare*readers, (cfg.Spare+3)/4*readers
	}
	return p
}

// fill opens the spare sockets of all readers.
func (p *spares) fill() error {
	for kind, n := range map[int]int{unix.SOCK_RAW: p.raw, unix.SOCK_DGRAM: p.cooked} {
		for range n {
			fd, err := p.fresh(kind)
			if err != nil {
				return fmt.Errorf("spare: %w", err)
			}
			p.giveBack(fd, kind == unix.SOCK_DGRAM, VersionAuto)
		}
	}
	p.filled = true
	return nil
}

// fresh opens a socket in the namespace of the capture, which it stays in.
func (p *spares) fresh(kind int) (fd int, err error) {
	err = p.ns.Do(func() error {
		fd, err = packetSocket(kind)
		return err
	})
	return fd, err
}

// socket gives a spare socket, or else a new one.
func (p *spares) socket(kind int) (int, error) {
	if fd, ok := p.take(kind); ok {
		return fd, nil
	}
	fd, err := p.fresh(kind)
	if p.filled && errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w: %w", errNoSpare, err)
	}
	return fd, err
}

func (p *spares) take(kind int) (fd int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.free[kind]
	if len(list) == 0 {
		return -1, false
	}
	fd = list[len(list)-1]
	p.free[kind] = list[:len(list)-1]
	return fd, true
}

// giveBack takes a socket that nothing comes to any more, with a ring of a
// version that is not mapped any more. What cannot be made as new is closed, as
// are all where none are kept.
func (p *spares) giveBack(fd int, cooked bool, v Version) {
	if p.raw == 0 || renew(fd, v) != nil {
		_ = unix.Close(fd)
		return
	}
	kind := unix.SOCK_RAW
	if cooked {
		kind = unix.SOCK_DGRAM
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		_ = unix.Close(fd)
		return
	}
	p.free[kind] = append(p.free[kind], fd)
}

// renew makes a socket as it was before it had a ring, but for its binding.
func renew(fd int, v Version) error {
	if err := attach(fd, cbpf.Reject()); err != nil {
		return err
	}
	var err error
	switch v {
	case V3:
		err = unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq3{})
	case V2:
		err = unix.SetsockoptTpacketReq(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq{})
	}
	if err != nil {
		return fmt.Errorf("take ring off socket: %w", err)
	}
	// Kernels before 4.20 do not know the option, so it was not set.
	_ = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 0)
	// Reading clears that its interface went down.
	_, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	return err
}

// miss counts an interface that found no socket, once until it has one.
func (p *spares) miss(t *tap, err error) {
	if t.missing || !errors.Is(err, errNoSpare) {
		return
	}
	t.missing = true
	p.mu.Lock()
	defer p.mu.Unlock()
	p.missed++
}

// left is how many sockets there are, of both kinds.
func (p *spares) left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.free[unix.SOCK_RAW]) + len(p.free[unix.SOCK_DGRAM])
}

// close closes all that are there, and those that come back later.
func (p *spares) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = true
	for kind, list := range p.free {
		for _, fd := range list {
			_ = unix.Close(fd)
		}
		delete(p.free, kind)
	}
}

// Spares tells of the sockets that were opened in advance, over all sources
// opened together: how many are left, and how many interfaces found none since
// the start. Both are 0 without Config.Spare.
func (s *Source) Spares() (left int, missed uint64) {
	p := s.group.spare
	left = p.left()
	p.mu.Lock()
	defer p.mu.Unlock()
	return left, p.missed
}
