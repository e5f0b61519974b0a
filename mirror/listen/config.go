package listen

import (
	"errors"
	"fmt"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// Bounds of a Config.
const (
	MaxListeners = 64
	MaxSnaplen   = 262144  // that of tcpdump
	MinBuffer    = 2 << 10 // the kernel takes no less
	MaxBuffer    = 1 << 30 // SO_RCVBUF is doubled, in 32 bits
	MinMemory    = 4 * block0
	block0       = 256 << 10
)

// Config says what to receive. Default gives one that is ready but for Listen.
type Config struct {
	Listen []Spec
	// PointName names the capture point of a listener; equal names join
	// listeners to one point. nil gives each its own, named as it is.
	PointName func(Spec) string
	// Netns is a network namespace: a name that ip netns knows, or a path such
	// as /proc/PID/ns/net. Empty is the one of the process.
	Netns string

	Buffer    int // bytes that each socket may hold, as the kernel counts them: with 2 KiB or more for a packet
	MaxMemory int // bytes of packets that are lent
	Snaplen   int // bytes of a packet that are kept, the outer headers included

	// Filter compiles the filter for capture.LinkRaw, whose packets begin with
	// the outer IP header; nil programs, and a nil Filter, accept all.
	Filter func(capture.LinkType) ([]bpf.RawInstruction, error)
}

// Default is a Config that holds a burst of about 10000 packets for each
// listener, where the host allows it (net.core.rmem_max, or CAP_NET_ADMIN), and
// 32 MiB of packets.
func Default() Config {
	return Config{Buffer: 32 << 20, MaxMemory: 32 << 20, Snaplen: MaxSnaplen}
}

// Validate tells all that is wrong with c.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(c.Listen) == 0 || len(c.Listen) > MaxListeners {
		wrong("%d listeners: must be 1 to %d", len(c.Listen), MaxListeners)
	}
	for i, s := range c.Listen {
		if err := s.Validate(); err != nil {
			wrong("listener %s: %w", s, err)
			continue
		}
		for _, o := range c.Listen[:i] {
			c.pair(s, o, wrong)
		}
	}
	if c.Buffer < MinBuffer || c.Buffer > MaxBuffer {
		wrong("receive buffer of %d bytes: must be %d to %d", c.Buffer, MinBuffer, MaxBuffer)
	}
	if c.MaxMemory < MinMemory {
		wrong("packet memory of %d bytes: must be at least %d", c.MaxMemory, MinMemory)
	}
	if c.Snaplen < 64 || c.Snaplen > MaxSnaplen {
		wrong("snaplen %d: must be 64 to %d bytes: headers must fit", c.Snaplen, MaxSnaplen)
	}
	return errors.Join(errs...)
}

// pair refuses two listeners that would show a packet twice.
func (c *Config) pair(s, o Spec, wrong func(string, ...any)) {
	if o.Validate() != nil || !s.overlaps(o) || s.Kind.UDP() != o.Kind.UDP() {
		return
	}
	switch {
	case s.Kind.UDP():
		if s.port() == o.port() {
			wrong("listeners %s and %s have the same port", s, o)
		}
	case s.Kind == o.Kind:
		wrong("listeners %s and %s would show a packet twice", s, o)
	case !s.samePlace(o):
		wrong("listeners %s and %s overlap: give both the same address and interface", s, o)
	}
}
