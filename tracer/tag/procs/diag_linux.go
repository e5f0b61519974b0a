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
	req []byte
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
	if err := d.ask(family, proto, nil); err != nil {
		return false, err
	}
	for {
		b, err := d.receive()
		if err != nil {
			return interrupted, err
		}
		done, intr, err := parseDiag(b, proto, d.seq, take)
		interrupted = interrupted || intr
		if err != nil {
			return interrupted, fmt.Errorf("read sock_diag: %w", err)
		}
		if done {
			return interrupted, nil
		}
	}
}

// exact gives the socket that gets what the peer of an endpoint sends: the
// connection, else the listener. None is no error.
func (d *diag) exact(e *Endpoint, take func(*socket)) error {
	family := uint8(afInet6)
	if [12]byte(e.Addr[:12]) == [12]byte{10: 0xff, 11: 0xff} {
		family = afInet
	}
	if err := d.ask(family, e.Proto, e); err != nil {
		return err
	}
	for {
		b, err := d.receive()
		if err != nil {
			return err
		}
		found := false
		done, _, err := parseDiag(b, e.Proto, d.seq, func(s *socket) {
			found = true
			take(s)
		})
		switch {
		case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ECONNREFUSED):
			return nil
		case err != nil:
			return fmt.Errorf("read sock_diag: %w", err)
		case found || done:
			return nil
		}
	}
}

// ask sends a request; answers to earlier ones have another sequence number.
func (d *diag) ask(family uint8, proto Proto, one *Endpoint) error {
	d.seq++
	d.req = appendDiagRequest(d.req[:0], family, proto, d.seq, one)
	if err := unix.Sendto(d.fd, d.req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("ask sock_diag: %w", err)
	}
	return nil
}

// receive returns messages of the kernel, which are overwritten by the next
// call.
func (d *diag) receive() ([]byte, error) {
	for {
		n, from, err := unix.Recvfrom(d.fd, d.buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read sock_diag: %w", err)
		}
		if nl, ok := from.(*unix.SockaddrNetlink); ok && nl.Pid == 0 {
			return d.buf[:n], nil
		}
	}
}

func (d *diag) close() error { return unix.Close(d.fd) }
