//go:build linux

package afpacket

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/netns"
)

// errFanout means that the kernel lets rings not share an interface.
var errFanout = errors.New("fan-out refused")

// chooseFanout says how packets can be spread so that a connection stays on
// one ring, and why not if they cannot. It asks the kernel by trying on a
// socket that is bound to the loopback and rejects everything.
func chooseFanout(ns *netns.Namespace, want FanoutMode, n int, k kernel) (FanoutMode, string) {
	if n == 1 || want == FanoutOne {
		return FanoutOne, ""
	}
	if want == FanoutHash {
		if k.before(4, 8) {
			return FanoutOne, fmt.Sprintf("one ring: kernel %d.%d hashes the two directions of a connection differently (symmetric since 4.8)", k.major, k.minor)
		}
		if err := tryFanout(ns, unix.PACKET_FANOUT_HASH); err != nil {
			return FanoutOne, fmt.Sprintf("one ring: %v", err)
		}
		return FanoutHash, ""
	}
	if err := tryFanout(ns, unix.PACKET_FANOUT_CBPF); err != nil {
		return FanoutOne, fmt.Sprintf("one ring: %v (kernels have it since 4.3; the hash of the kernel splits connections in tunnels)", err)
	}
	return FanoutProgram, ""
}

func tryFanout(ns *netns.Namespace, mode int) error {
	return ns.Do(func() error {
		fd, err := packetSocket(unix.SOCK_RAW)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if err := attach(fd, []bpf.RawInstruction{{Op: 6}}); err != nil {
			return err
		}
		if err := bind(fd, loopbackIndex); err != nil {
			return err
		}
		if _, err := joinFanout(fd, mode, 0); err != nil {
			if errors.Is(err, unix.EINVAL) && loopbackDown(fd) {
				return nil // this kernel cannot tell; opening will
			}
			return err
		}
		if mode == unix.PACKET_FANOUT_CBPF {
			return setSpread(fd, capture.LinkEthernet)
		}
		return nil
	})
}

// loopbackDown reports whether binding found the loopback down, as it is in a
// new network namespace.
func loopbackDown(fd int) bool {
	code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	return err == nil && unix.Errno(code) == unix.ENETDOWN
}

// join makes the rings of one interface share its packets; they are bound and
// reject everything.
func (g *group) join(rings []*ring, link capture.LinkType) error {
	if len(rings) == 1 {
		return nil
	}
	mode := unix.PACKET_FANOUT_CBPF
	if g.mode == FanoutHash {
		mode = unix.PACKET_FANOUT_HASH
	}
	id := 0
	for n, r := range rings {
		r.joined = true
		got, err := joinFanout(r.fd, mode, id)
		if err != nil {
			return fmt.Errorf("%w: capture on %s: ring %d of %d: %w", errFanout, r.name, n+1, len(rings), err)
		}
		id = got
	}
	if mode != unix.PACKET_FANOUT_CBPF {
		return nil
	}
	if err := setSpread(rings[0].fd, link); err != nil {
		return fmt.Errorf("%w: capture on %s: %w", errFanout, rings[0].name, err)
	}
	return nil
}

// joinFanout makes a socket join the group with an id, 0 for a new group, and
// returns the id. Fragments of IPv4 are put together before they are spread,
// where the kernel can.
func joinFanout(fd, mode, id int) (int, error) {
	mode |= unix.PACKET_FANOUT_FLAG_DEFRAG
	if id != 0 {
		return id, setFanout(fd, mode, id)
	}
	// The kernel finds a free id since 4.12.
	if setFanout(fd, mode|unix.PACKET_FANOUT_FLAG_UNIQUEID, 0) == nil {
		got, err := unix.GetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
		if err != nil {
			return 0, fmt.Errorf("read PACKET_FANOUT: %w", err)
		}
		return got & 0xffff, nil
	}
	var err error
	for try := range 32 {
		id = max(1, (os.Getpid()*31+fd*8+try)&0xffff)
		if err = setFanout(fd, mode, id); err == nil || !errors.Is(err, unix.EINVAL) {
			break
		}
	}
	return id, err
}

func setFanout(fd, mode, id int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, mode<<16|id); err != nil {
		return fmt.Errorf("set PACKET_FANOUT mode %d: %w", mode&0xff, err)
	}
	return nil
}

// setSpread gives a group the program that spreads.
func setSpread(fd int, link capture.LinkType) error {
	program := spread(link)
	p := sockFprog(program)
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_PACKET, unix.PACKET_FANOUT_DATA, p); err != nil {
		return fmt.Errorf("set PACKET_FANOUT_DATA: %w", err)
	}
	return nil
}
