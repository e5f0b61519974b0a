//go:build linux && (amd64 || arm64)

package kernel

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// helperVar says what a child process of a test is: "http ADDR" serves, "calls
// ADDR" talks to itself by all system calls that there are for it, "ring ADDR"
// by io_uring.
const helperVar = "WIRESPAN_TEST_HELPER"

// helper makes a child process of the test's own program.
func helper(what ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestHelper$")
	cmd.Env = append(os.Environ(), helperVar+"="+strings.Join(what, " "))
	return cmd
}

// TestHelper is no test, but what helper starts.
func TestHelper(t *testing.T) {
	what, rest, _ := strings.Cut(os.Getenv(helperVar), " ")
	var err error
	switch what {
	case "":
		t.Skip("it is for other tests")
	case "http":
		err = http.ListenAndServe(rest, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = w.Write(make([]byte, 70000))
		}))
	case "calls":
		err = play(rest, turns)
	case "ring":
		err = play(rest, []func(a, b int) error{ring})
	case "inherit":
		_, err = unix.Write(3, make([]byte, 55))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// play opens a connection to itself for each turn.
func play(addr string, turns []func(a, b int) error) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	for i, turn := range turns {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return err
		}
		p, err := l.Accept()
		if err != nil {
			return err
		}
		a, b := descriptor(c), descriptor(p)
		if err := turn(a, b); err != nil {
			return fmt.Errorf("turn %d: %w", i, err)
		}
		c.Close()
		p.Close()
	}
	return nil
}

// descriptor is a connection's own, made blocking.
func descriptor(c net.Conn) (fd int) {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err == nil {
		err = raw.Control(func(n uintptr) { fd = int(n) })
	}
	if err != nil {
		panic(err)
	}
	_ = unix.SetNonblock(fd, false)
	return fd
}

// full reads n bytes in pieces of at most size.
func full(fd, n, size int) error {
	b := make([]byte, size)
	for n > 0 {
		k, err := unix.Read(fd, b[:min(n, size)])
		if err != nil || k == 0 {
			return errors.Join(err, io.ErrUnexpectedEOF)
		}
		n -= k
	}
	return nil
}

func iovec(b []byte) unix.Iovec {
	v := unix.Iovec{Base: &b[0]}
	v.SetLen(len(b))
	return v
}

// mmsghdr is struct mmsghdr.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
	_   [4]byte
}

// turns are conversations between two ends.
var turns = []func(a, b int) error{
	func(a, b int) error { // partial reads
		_, err := unix.Write(a, make([]byte, 1000))
		return errors.Join(err, full(b, 1000, 333), full(a, 0, 1))
	},
	func(a, b int) error { // MSG_PEEK
		_, err := unix.Write(a, make([]byte, 500))
		buf := make([]byte, 500)
		for _, flags := range []int{unix.MSG_PEEK, unix.MSG_PEEK | unix.MSG_WAITALL, 0} {
			if _, _, e := unix.Recvfrom(b, buf, flags); e != nil {
				err = e
			}
		}
		if _, e := unix.Write(a, make([]byte, 100)); e != nil {
			err = e
		}
		if _, _, _, _, e := unix.Recvmsg(b, buf, nil, unix.MSG_PEEK); e != nil {
			err = e
		}
		_, _, _, _, e := unix.Recvmsg(b, buf, nil, 0)
		return errors.Join(err, e)
	},
	func(a, b int) error { // readv, writev, send, recv
		_, err := unix.Writev(a, [][]byte{make([]byte, 10), make([]byte, 2000), make([]byte, 1)})
		if _, e := unix.Readv(b, [][]byte{make([]byte, 11), make([]byte, 2000)}); e != nil {
			err = e
		}
		if e := unix.Sendto(b, make([]byte, 77), unix.MSG_NOSIGNAL, nil); e != nil {
			err = e
		}
		if e := unix.Sendmsg(b, make([]byte, 78), nil, nil, unix.MSG_NOSIGNAL); e != nil {
			err = e
		}
		return errors.Join(err, full(a, 155, 155))
	},
	func(a, b int) error { // sendfile, splice
		f, err := os.CreateTemp("", "sys")
		if err != nil {
			return err
		}
		defer f.Close()
		defer os.Remove(f.Name())
		if err := f.Truncate(50000); err != nil {
			return err
		}
		off := int64(0)
		n, err := unix.Sendfile(a, int(f.Fd()), &off, 30000)
		if err := errors.Join(err, full(b, n, 4096)); err != nil {
			return err
		}
		var p [2]int
		if err := unix.Pipe(p[:]); err != nil {
			return err
		}
		defer unix.Close(p[0])
		defer unix.Close(p[1])
		if _, err := unix.Write(p[1], make([]byte, 9000)); err != nil {
			return err
		}
		k, err := unix.Splice(p[0], nil, a, nil, 9000, 0)
		return errors.Join(err, full(b, int(k), 9000))
	},
	func(a, b int) error { // several threads on one socket
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() {
				runtime.LockOSThread()
				for k := range 50 {
					if _, e := unix.Write(a, make([]byte, 10+i*50+k)); e != nil {
						errs[i] = e
					}
				}
			})
		}
		total := 0
		for i := range errs {
			for k := range 50 {
				total += 10 + i*50 + k
			}
		}
		err := full(b, total, 997)
		wg.Wait()
		return errors.Join(append(errs, err)...)
	},
	func(a, b int) error { // a child that inherits it
		f := os.NewFile(uintptr(mustDup(a)), "socket")
		defer f.Close()
		cmd := helper("inherit")
		cmd.ExtraFiles = []*os.File{f}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		_, err := unix.Write(a, make([]byte, 66))
		return errors.Join(err, full(b, 55+66, 4096))
	},
	func(a, b int) error { // sendmmsg, recvmmsg
		var v [2][2]unix.Iovec
		var m [2][2]mmsghdr
		for i := range v {
			for k := range v[i] {
				v[i][k] = iovec(make([]byte, 300+100*k))
				m[i][k].hdr.Iov = &v[i][k]
				m[i][k].hdr.SetIovlen(1)
			}
		}
		if n, _, e := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(a), uintptr(unsafe.Pointer(&m[0][0])), 2, 0, 0, 0); e != 0 || n != 2 {
			return fmt.Errorf("sendmmsg: %d, %w", n, e)
		}
		if n, _, e := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(b), uintptr(unsafe.Pointer(&m[1][0])), 2, unix.MSG_WAITALL, 0, 0); e != 0 || n != 2 {
			return fmt.Errorf("recvmmsg: %d, %w", n, e)
		}
		return nil
	},
	func(a, b int) error { // the last bytes come with the FIN, which counts as a byte
		err := unix.Sendto(a, make([]byte, 200), unix.MSG_MORE, nil)
		return errors.Join(err, unix.Shutdown(a, unix.SHUT_WR), full(b, 200, 4096))
	},
	func(a, b int) error { // the same when the other direction is closed already, and nobody reads yet
		err := errors.Join(unix.Shutdown(b, unix.SHUT_WR), unix.Sendto(a, make([]byte, 300), unix.MSG_MORE, nil), unix.Shutdown(a, unix.SHUT_WR))
		time.Sleep(50 * time.Millisecond)
		return errors.Join(err, full(b, 100, 100), full(b, 200, 4096))
	},
	func(a, b int) error { // MSG_TRUNC throws away what it counts
		_, err := unix.Write(a, make([]byte, 400))
		_, _, e := unix.Recvfrom(b, make([]byte, 400), unix.MSG_TRUNC)
		_, e2 := unix.Write(b, make([]byte, 9))
		return errors.Join(err, e, e2, full(a, 9, 9))
	},
}

func mustDup(fd int) int {
	n, err := unix.Dup(fd)
	if err != nil {
		panic(err)
	}
	return n
}

// Offsets and numbers of include/uapi/linux/io_uring.h.
type ringOffsets struct {
	head, tail, ringMask, ringEntries, flags, dropped, array, resv1 uint32
	resv2                                                           uint64
}

type ringParams struct {
	sqEntries, cqEntries, flags, cpu, idle, features, wq uint32
	_                                                    [3]uint32
	sq, cq                                               ringOffsets
}

// ring sends and receives by io_uring.
func ring(a, b int) error {
	var p ringParams
	fd, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, 4, uintptr(unsafe.Pointer(&p)), 0)
	if e != 0 {
		return fmt.Errorf("io_uring_setup: %w", e)
	}
	defer unix.Close(int(fd))
	sq, err := unix.Mmap(int(fd), 0, int(p.sq.array+4*p.sqEntries), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	entries, err := unix.Mmap(int(fd), 0x10000000, int(64*p.sqEntries), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	word := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&sq[off])) }
	buf := make([]byte, 4096)
	submit := func(op byte, s int, n uint32) error {
		clear(entries[:64])
		entries[0] = op
		*(*int32)(unsafe.Pointer(&entries[4])) = int32(s)
		*(*uint64)(unsafe.Pointer(&entries[16])) = uint64(uintptr(unsafe.Pointer(&buf[0])))
		*(*uint32)(unsafe.Pointer(&entries[24])) = n
		*word(p.sq.array + 4*(*word(p.sq.tail)&*word(p.sq.ringMask))) = 0
		*word(p.sq.tail)++
		if _, _, e := unix.Syscall6(unix.SYS_IO_URING_ENTER, fd, 1, 1, 1, 0, 0); e != 0 {
			return fmt.Errorf("io_uring_enter: %w", e)
		}
		return nil
	}
	const send, recv = 26, 27 // IORING_OP_SEND, IORING_OP_RECV
	for n := uint32(100); n <= 1000; n += 100 {
		if err := errors.Join(submit(send, a, n), submit(recv, b, 4096)); err != nil {
			return err
		}
	}
	runtime.KeepAlive(buf)
	return nil
}
