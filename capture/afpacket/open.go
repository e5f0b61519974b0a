//go:build linux

package afpacket

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
)

// refusal notes that an option was refused and what follows from it.
type refusal func(option, format string, args ...any)

// openRing makes a ring for an interface, nil for all of them. It is not bound,
// and rejects every packet: see start and setFilter. blocks is what it may have.
func openRing(cfg *Config, i *Interface, blocks int, k kernel, pool *spares, refused refusal) (*ring, error) {
	if cfg.Version != VersionAuto {
		return tryRing(cfg, cfg.Version, i, blocks, k, pool, refused)
	}
	r, err := tryRing(cfg, V3, i, blocks, k, pool, refused)
	if err == nil || errors.Is(err, errUnsupported) || errors.Is(err, unix.ENOMEM) || errors.Is(err, errSocket) {
		return r, err
	}
	second, again := tryRing(cfg, V2, i, blocks, k, pool, refused)
	if again != nil {
		return nil, fmt.Errorf("neither TPACKET_V3 nor V2: %w", errors.Join(err, again))
	}
	refused("TPACKET_V3", "%v; TPACKET_V2 is used: each packet takes a frame of full size, and costs a wake-up", err)
	return second, nil
}

var (
	errUnsupported = errors.New("not supported")
	errSocket      = errors.New("open packet socket")
)

func tryRing(cfg *Config, v Version, i *Interface, blocks int, k kernel, pool *spares, refused refusal) (*ring, error) {
	r := &ring{home: pool, version: v, name: Any, link: capture.LinkSLL2, cooked: true, any: true, way: cfg.Direction, snaplen: cfg.Snaplen}
	if i != nil {
		var unsupported string
		r.any, r.name, r.ifindex = false, i.Name, i.Index
		if r.link, r.cooked, unsupported = framing(i.Hardware); unsupported != "" {
			return nil, fmt.Errorf("capture on %s: %w: %s", i.Name, errUnsupported, unsupported)
		}
		r.bridge = i.Kind == "bridge"
		if i.Loopback() {
			r.lo, r.way = uint32(i.Index), capture.DirUnknown // what goes out comes in
		}
	}
	kind := unix.SOCK_RAW
	if r.cooked {
		kind = unix.SOCK_DGRAM
	}
	fd, err := pool.socket(kind)
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", r.name, err)
	}
	r.fd = fd
	if err := r.setUp(cfg, i, blocks, refused); err != nil {
		pool.giveBack(fd, r.cooked, r.version)
		return nil, fmt.Errorf("capture on %s: %w", r.name, err)
	}
	r.poll = r.version == V3 && k.before(3, 19)
	return r, nil
}

// setUp maps the ring. The filter that rejects all is there before anything.
func (r *ring) setUp(cfg *Config, i *Interface, blocks int, refused refusal) error {
	// Whether filters are taken at all is told when the real one is set.
	_ = attach(r.fd, cbpf.Reject())
	number := unix.TPACKET_V3
	if r.version == V2 {
		number = unix.TPACKET_V2
	}
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_VERSION, number); err != nil {
		return fmt.Errorf("set ring version %d: %w (kernels have 3 since 3.2, 2 since 2.6.27)", r.version, err)
	}
	r.chooseClock(cfg.Clock, refused)
	mtu := 0
	if i != nil {
		mtu = i.MTU
	}
	return r.allocate(cfg, mtu, blocks, refused)
}

func (r *ring) chooseClock(c Clock, refused refusal) {
	if c == Host {
		return
	}
	if err := hardwareClock(r.fd, r.name); err != nil {
		refused("adapter time stamps", "%v; packets carry the time of the host", err)
		return
	}
	flag := stampRawHardware
	if c == Adapter {
		flag = stampSysHardware
	}
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_TIMESTAMP, flag); err != nil {
		refused("adapter time stamps", "set PACKET_TIMESTAMP: %v; packets carry the time of the host", err)
	}
}

// maxFrame bounds frames of V2 by default: a ring of 8 MiB has 512 of them.
const maxFrame = 16 << 10

// frameSize is the size of V2 frames.
func frameSize(cfg *Config, mtu int) int {
	n := min(cfg.Snaplen, max(maxFrame, mtu+64))
	if cfg.FrameSize > 0 {
		n = cfg.FrameSize
	}
	n = (n + headroom + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
	return min(n, cfg.BlockSize)
}

// allocate asks for the ring, for half of it where memory is short, and so on,
// and maps it.
func (r *ring) allocate(cfg *Config, mtu, blocks int, refused refusal) error {
	var err error
	want := blocks
	for ; blocks >= MinBlocks; blocks /= 2 {
		if err = r.request(cfg, mtu, blocks); err == nil || !errors.Is(err, unix.ENOMEM) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("allocate ring of %d blocks of %d bytes: %w", max(blocks, MinBlocks), cfg.BlockSize, err)
	}
	if blocks != want {
		refused("ring size", "no memory for %d blocks of %d bytes; %d are used", want, cfg.BlockSize, blocks)
	}
	r.mem, err = unix.Mmap(r.fd, 0, blocks*cfg.BlockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map ring of %d bytes: %w", blocks*cfg.BlockSize, err)
	}
	units := blocks * r.perBlock
	r.taken, r.refs = make([]atomic.Bool, units), make([]atomic.Int32, units)
	r.out.Store(1)
	return nil
}

func (r *ring) request(cfg *Config, mtu, blocks int) error {
	r.blockSize, r.unitSize, r.perBlock = cfg.BlockSize, cfg.BlockSize, 1
	if r.version == V3 {
		// The frame size plays no part in V3 but must divide and multiply out.
		return unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq3{
			Block_size: uint32(cfg.BlockSize), Block_nr: uint32(blocks),
			Frame_size: uint32(cfg.BlockSize), Frame_nr: uint32(blocks),
			Retire_blk_tov: uint32(cfg.Retire / time.Millisecond),
		})
	}
	r.unitSize = frameSize(cfg, mtu)
	r.perBlock = cfg.BlockSize / r.unitSize
	return unix.SetsockoptTpacketReq(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq{
		Block_size: uint32(cfg.BlockSize), Block_nr: uint32(blocks),
		Frame_size: uint32(r.unitSize), Frame_nr: uint32(blocks * r.perBlock),
	})
}

// start binds the ring to its interface, still behind the filter that rejects
// all, so that other rings can join it before the first packet.
func (r *ring) start(cfg *Config, alone bool, refused refusal) error {
	if err := bind(r.fd, r.ifindex); err != nil {
		return fmt.Errorf("capture on %s: %w", r.name, err)
	}
	// A bridge shows what it forwards between its members in this mode only.
	if (cfg.Promiscuous || r.bridge) && !r.any && r.lo == 0 {
		if err := promiscuous(r.fd, r.ifindex); err != nil {
			refused("promiscuous", "%v; frames for other hosts are not seen", err)
		}
	}
	// Members of a fan-out share one hook, which does not look at this option.
	if alone && !r.any && (r.lo != 0 || r.way == capture.DirIn) {
		if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
			refused("PACKET_IGNORE_OUTGOING", "%v (kernels have it since 4.20); the filter leaves outgoing packets out, which costs the sender a little more", err)
		}
	}
	return nil
}

// sockaddr is the address behind a header.
func (r *ring) sockaddr(at int) *unix.RawSockaddrLinklayer {
	return (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&r.mem[at]))
}
