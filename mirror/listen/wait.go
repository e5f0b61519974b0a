//go:build linux

package listen

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// wait sleeps until a socket has packets or ctx ends.
func (s *Source) wait(ctx context.Context) error {
	d := 50 * time.Millisecond
	if end, ok := ctx.Deadline(); ok {
		d = min(d, time.Until(end))
	}
	s.polls = append(s.polls[:0], unix.PollFd{Fd: int32(s.wake), Events: unix.POLLIN})
	if s.blocked {
		d = min(d, time.Millisecond) // releases tell nobody
	} else {
		for _, k := range s.sockets {
			s.polls = append(s.polls, unix.PollFd{Fd: int32(k.fd), Events: unix.POLLIN})
		}
	}
	s.timeout = unix.NsecToTimespec(max(0, d.Nanoseconds()))
	n, err := unix.Ppoll(s.polls, &s.timeout, nil)
	switch {
	case errors.Is(err, unix.EINTR) || n == 0 && err == nil:
		return nil
	case err != nil:
		return fmt.Errorf("wait for mirrors: %w", err)
	}
	if s.polls[0].Revents != 0 {
		var b [8]byte
		_, _ = unix.Read(s.wake, b[:])
	}
	return s.clearErrors()
}

// clearErrors takes the errors that sockets report, which would wake us for
// ever: of an interface that went down, of a message of ICMP.
func (s *Source) clearErrors() error {
	for i, p := range s.polls[1:] {
		if p.Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) == 0 {
			continue
		}
		k := s.sockets[i]
		code, err := unix.GetsockoptInt(k.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil {
			return fmt.Errorf("receive on %s: %w", k.name, err)
		}
		if e := unix.Errno(code); e != 0 {
			if err := k.trouble(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// Stop takes no more packets; ReadBatch yields those that came before, then
// io.EOF.
func (s *Source) Stop() error {
	if s.stopAt.CompareAndSwap(0, time.Now().UnixNano()) {
		s.wakeUp()
	}
	return nil
}

// Close ends the capture and unblocks ReadBatch. What the last ReadBatch handed
// out stays valid until the next, and what is lent until its release. The
// sockets close, so that the kernel answers mirrors with ICMP from now on:
// mirrors should be stopped first.
func (s *Source) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.wakeUp()
	s.reading.Lock()
	defer s.reading.Unlock()
	s.waking.Lock()
	defer s.waking.Unlock()
	for _, k := range s.sockets {
		k.losses.end()
		k.fd = -1
	}
	_ = unix.Close(s.wake)
	s.wake = -1
	return nil
}

func (s *Source) wakeUp() {
	s.waking.Lock()
	defer s.waking.Unlock()
	if s.wake >= 0 {
		_, _ = unix.Write(s.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}
