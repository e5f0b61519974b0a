package procs

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// diagBuffer holds what one receive gives; the kernel fills up to 32 KiB.
const diagBuffer = 64 << 10

// diag is a sock_diag socket. It stays open, so that a program that gives up
// its right to open sockets can go on asking. It answers for the network
// namespace in which it was opened.
type diag struct {
	fd  int
	seq uint32
	buf []byte
}

// openDiag opens the socket. It fails on kernels before 3.3 (the request is
// refused when it is made) and where a sandbox forbids netlink.
func openDiag() (*diag, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return nil, fmt.Errorf("open sock_diag: %w", err)
	}
	// A dump that the kernel never ends must not hold up the goroutine.
	tv := unix.NsecToTimeval(int64(time.Second))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		return nil, errors.Join(fmt.Errorf("set timeout of sock_diag: %w", err), unix.Close(fd))
	}
	return &diag{fd: fd, buf: make([]byte, diagBuffer)}, nil
}

// dump lists the sockets of a family and transport.
func (d *diag) dump(family uint8, proto Proto, take func(*socket)) (interrupted bool, err error) {
	d.seq++
	req := appendDiagRequest(nil, family, proto, d.seq)
	if err := unix.Sendto(d.fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return false, fmt.Errorf("ask sock_diag: %w", err)
	}
	for {
		n, from, err := unix.Recvfrom(d.fd, d.buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return interrupted, fmt.Errorf("read sock_diag: %w", err)
		}
		if nl, ok := from.(*unix.SockaddrNetlink); !ok || nl.Pid != 0 {
			continue // not the kernel
		}
		done, intr, err := parseDiag(d.buf[:n], proto, d.seq, take)
		interrupted = interrupted || intr
		if err != nil {
			return interrupted, fmt.Errorf("read sock_diag: %w", err)
		}
		if done {
			return interrupted, nil
		}
	}
}

func (d *diag) close() error { return unix.Close(d.fd) }
