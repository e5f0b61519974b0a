//go:build linux

package listen

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
)

// TestNoAllocation receives, lends and gives back without allocating: small
// datagrams, and those that are put together from two parts.
func TestNoAllocation(t *testing.T) {
	l := newLab(t)
	s := l.open(nil, "vxlan=:4789", "vxlan=:8472")
	var fds []int
	l.in(l.sender, func() error {
		for _, port := range []int{4789, 8472} {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			fds = append(fds, fd)
			if err := unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{198, 51, 100, 1}}); err != nil {
				return err
			}
		}
		return nil
	})
	defer func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	}()
	small, large := join(vxlan7, inner(1, "payload")), join(vxlan7, inner(2, strings.Repeat("x", 9000)))
	batch := make([]capture.Packet, 64)
	ctx := context.Background()
	round := func() {
		for _, fd := range fds {
			for range 4 {
				_, _ = unix.Write(fd, small)
				_, _ = unix.Write(fd, large)
			}
		}
		for n := 0; n < 16; {
			m, err := s.ReadBatch(ctx, batch)
			if err != nil {
				t.Fatal(err)
			}
			n += m
			s.Lend()()
		}
	}
	for range 100 {
		round() // blocks are made
	}
	if n := testing.AllocsPerRun(200, round); n > 0.5 {
		t.Errorf("%v allocations for 16 packets", n)
	}
}
