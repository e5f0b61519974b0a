//go:build linux

package listen

import (
	"context"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
)

// BenchmarkReceive reads datagrams that wait in the socket: the work of the
// reader, system calls included, without that of the sender.
func BenchmarkReceive(b *testing.B) {
	l := newLab(b)
	s := l.open(nil, "vxlan")
	var fd int
	l.in(l.sender, func() (err error) {
		if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		return unix.Connect(fd, &unix.SockaddrInet4{Port: 4789, Addr: [4]byte{198, 51, 100, 1}})
	})
	defer unix.Close(fd)
	payload := join(vxlan7, inner(1, "0123456789"))
	batch := make([]capture.Packet, 512)
	ctx := context.Background()
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	waiting := 0
	for n := 0; n < b.N; {
		if waiting == 0 {
			b.StopTimer()
			for range 4096 {
				_, _ = unix.Write(fd, payload)
			}
			waiting = 4096
			b.StartTimer()
		}
		m, err := s.ReadBatch(ctx, batch)
		if err != nil {
			b.Fatal(err)
		}
		n, waiting = n+m, waiting-m
	}
}
