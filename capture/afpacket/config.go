package afpacket

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// Any is the name of the pseudo interface that stands for all.
const Any = "any"

// Bounds of a Config.
const (
	MinBlockSize = 64 << 10 // 128 KiB hold any packet but those of BIG TCP; what is larger than a block is cut
	MaxBlockSize = 64 << 20 // what one allocation of the kernel may be
	MinBlocks    = 2        // one is read while the other is filled
	MaxBlocks    = 1 << 16  // units that are bookkept
	MaxSnaplen   = 262144   // that of tcpdump
	MaxTaps      = 1024     // interfaces with a ring of their own
	MaxRetire    = time.Second
	MaxReorder   = time.Second
	MaxFanout    = 64 // readers of OpenFanout
	MaxSpare     = 1024
)

// headroom is what the kernel puts in front of a packet in a ring, at most.
const headroom = 128

// Version is the layout of the ring.
type Version uint8

// Versions of the ring. Auto is V3 where the kernel has it, else V2.
const (
	VersionAuto Version = 0
	V2          Version = 2 // frames of one size
	V3          Version = 3 // blocks of packets, kernel 3.2
)

// Clock says whose time packets carry.
type Clock uint8

// Clocks, named as tcpdump -J names them.
const (
	Host            Clock = iota // the kernel, when it takes the packet
	Adapter                      // the interface, synchronised with the host
	AdapterUnsynced              // the interface, by its own clock
)

// FanoutMode says how OpenFanout spreads packets over its rings.
type FanoutMode uint8

// Modes of the fan-out.
const (
	// FanoutAuto is our own program where the kernel takes one, else one ring.
	FanoutAuto FanoutMode = iota
	// FanoutProgram is our own cBPF program (PACKET_FANOUT_CBPF, kernel 4.3):
	// TCP by addresses and ports, the rest by the outer addresses.
	FanoutProgram
	// FanoutHash is the hash of the kernel, where it is symmetric (kernel 4.8).
	// It splits connections inside of VXLAN and the like, whose outer ports
	// differ by direction, so that it is not chosen by itself.
	FanoutHash
	// FanoutOne is one ring, however many were asked for.
	FanoutOne
)

// Config says what to capture and how. Default gives one that is ready but for
// Interfaces.
type Config struct {
	// Interfaces are names; "any" stands alone.
	Interfaces []string
	// Wait accepts names of interfaces that do not exist yet. Without, all must
	// exist when capturing starts. Interfaces that vanish are awaited anyway.
	Wait bool
	// Follow is asked about interfaces that appear and are not among
	// Interfaces; those it accepts are captured as well. nil follows none. It
	// is called from a goroutine of the source, and must not call the source.
	Follow func(Interface) bool
	// Spare is how many packet sockets each reader opens in advance, and a
	// quarter as many for interfaces without link header. Interfaces that appear
	// take them, so that CAP_NET_RAW can be given up after Open: all else that a
	// ring needs, a packet socket may do without it. Those of interfaces that
	// vanish are used again, but not by OpenFanout with several readers: a
	// member of a fan-out cannot be bound a second time.
	Spare int
	// PointName names the capture point of an interface; equal names join
	// interfaces to one point. nil keeps the names of the interfaces.
	PointName func(name string) string
	// Netns is a network namespace: a name that ip netns knows, or a path such
	// as /proc/PID/ns/net. Empty is the one of the process.
	Netns string

	Version   Version
	BlockSize int           // bytes, a power of two and a multiple of the page size
	Blocks    int           // of a ring
	Retire    time.Duration // after which a block that is not full is handed over (V3)
	FrameSize int           // bytes of a packet in V2, whose frames have one size; 0: Snaplen, at most 16 KiB or the MTU
	MaxMemory int           // bytes of all rings together; a ring that does not fit has fewer blocks
	Snaplen   int           // bytes of a packet that are kept

	// Filter compiles the filter for a link type; nil programs, and a nil
	// Filter, accept all. The link type of "any" is LinkSLL2.
	Filter func(capture.LinkType) ([]bpf.RawInstruction, error)

	// Promiscuous captures frames for other hosts, too. Bridges are captured so
	// in any case: they show what they forward in no other way.
	Promiscuous bool
	Direction   capture.Direction // DirUnknown: both
	Clock       Clock
	Fanout      FanoutMode

	// Reorder is how long packets of one interface may be held until those of
	// the others with earlier times have come; Late says how late they come. A
	// ring that is half full is not left waiting. 0 hands on what is there, in
	// the order of time as far as it is there.
	Reorder time.Duration

	// Duplicates is the time within which the same packet on another interface
	// counts as seen already; 0 keeps every sighting. With it all interfaces
	// are one point, so that a connection stays whole whichever interface
	// shows a packet first. A retransmission is told from a sighting: it comes
	// on the same interfaces again.
	Duplicates time.Duration
}

// Default is a Config for one or a few interfaces of a host: 8 MiB of ring
// each, 64 MiB in all, packets whole, handed over after 8 ms at the latest.
//
// A block that is handed over is used up, however little is in it: a reader may
// pause for Blocks times Retire, here half a second, before a ring with little
// traffic is full.
func Default() Config {
	return Config{
		BlockSize: 128 << 10, Blocks: 64, Retire: 8 * time.Millisecond,
		MaxMemory: 64 << 20, Snaplen: MaxSnaplen, Promiscuous: true,
	}
}

// Late is how long after its time a packet may be shown to the reader, if that
// looks: what retires blocks is a timer of two ticks at most, which are 10 ms
// where the kernel counts 100 in a second (CONFIG_HZ).
func (c *Config) Late() time.Duration {
	if c.Version == V2 {
		return time.Millisecond // each packet is a unit of its own
	}
	return c.Retire + 10*time.Millisecond
}

// Validate tells all that is wrong with c.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	c.validateInterfaces(wrong)
	page := os.Getpagesize()
	switch {
	case c.BlockSize < MinBlockSize || c.BlockSize > MaxBlockSize:
		wrong("block size %d: must be %d to %d bytes; 128 KiB hold the largest packets", c.BlockSize, MinBlockSize, MaxBlockSize)
	case bits.OnesCount(uint(c.BlockSize)) != 1 || c.BlockSize%page != 0:
		wrong("block size %d: must be a power of two and a multiple of the page size %d", c.BlockSize, page)
	}
	if c.Blocks < MinBlocks || c.Blocks > MaxBlocks {
		wrong("%d blocks: must be %d to %d", c.Blocks, MinBlocks, MaxBlocks)
	}
	if c.Retire < time.Millisecond || c.Retire > MaxRetire {
		wrong("retire timeout %v: must be 1ms to %v; the kernel counts milliseconds", c.Retire, MaxRetire)
	}
	if c.MaxMemory < MinBlocks*c.BlockSize {
		wrong("ring memory %d: less than %d blocks of %d bytes", c.MaxMemory, MinBlocks, c.BlockSize)
	}
	if c.Snaplen < 64 || c.Snaplen > MaxSnaplen {
		wrong("snaplen %d: must be 64 to %d bytes: headers must fit", c.Snaplen, MaxSnaplen)
	}
	if c.FrameSize < 0 || c.FrameSize > c.BlockSize-headroom {
		wrong("frame size %d: must be 0 to %d, so that it fits into a block", c.FrameSize, c.BlockSize-headroom)
	}
	if c.Reorder < 0 || c.Reorder > MaxReorder {
		wrong("reorder time %v: must be 0 to %v", c.Reorder, MaxReorder)
	}
	if c.Duplicates < 0 || c.Duplicates > MaxReorder {
		wrong("duplicates within %v: must be 0 to %v", c.Duplicates, MaxReorder)
	}
	if c.Spare < 0 || c.Spare > MaxSpare {
		wrong("%d spare packet sockets: must be 0 to %d", c.Spare, MaxSpare)
	}
	c.validateChoices(wrong)
	return errors.Join(errs...)
}

func (c *Config) validateChoices(wrong func(string, ...any)) {
	if !slices.Contains([]Version{VersionAuto, V2, V3}, c.Version) {
		wrong("ring version %d: must be 2, 3 or 0 for what the kernel has", c.Version)
	}
	if c.Direction > capture.DirOut {
		wrong("direction %d is unknown", c.Direction)
	}
	if c.Clock > AdapterUnsynced {
		wrong("time stamp source %d is unknown", c.Clock)
	}
	if c.Fanout > FanoutOne {
		wrong("fan-out mode %d is unknown", c.Fanout)
	}
	if c.Clock == AdapterUnsynced && (c.Reorder > 0 || c.Duplicates > 0) {
		wrong("time stamps of adapters that are not synchronised cannot be compared: neither reorder nor duplicates")
	}
}

// nameLimit is IFNAMSIZ, the terminating zero included.
const nameLimit = 16

func (c *Config) validateInterfaces(wrong func(string, ...any)) {
	if len(c.Interfaces) == 0 && c.Follow == nil {
		wrong("no interface to capture on")
	}
	if len(c.Interfaces) > MaxTaps {
		wrong("%d interfaces: at most %d have rings of their own; %q takes all with one", len(c.Interfaces), MaxTaps, Any)
	}
	for i, name := range c.Interfaces {
		switch {
		case name == Any && len(c.Interfaces) > 1:
			wrong("interface %q stands for all: it cannot be combined with others", Any)
		case name == Any && c.Follow != nil:
			wrong("interface %q follows all interfaces by itself", Any)
		case name == "" || len(name) >= nameLimit || strings.ContainsAny(name, "/ \t\n"):
			wrong("interface %q: not a name of an interface (1 to %d bytes without slash or space)", name, nameLimit-1)
		case slices.Contains(c.Interfaces[:i], name):
			wrong("interface %q is named twice", name)
		}
	}
}
