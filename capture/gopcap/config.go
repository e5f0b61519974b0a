package gopcap

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// MaxSnaplen is that of tcpdump.
const MaxSnaplen = 262144

// MaxInterfaces bounds the handles, of 4 MiB each.
const MaxInterfaces = 64

// Config says what to capture.
type Config struct {
	Interfaces []string
	Snaplen    int // bytes of a packet that are kept
	// Filter compiles the filter for a link type; nil programs, and a nil
	// Filter, accept all.
	Filter      func(capture.LinkType) ([]bpf.RawInstruction, error)
	Promiscuous bool
	// PointName names the capture point of an interface; equal names join
	// interfaces to one point. nil keeps the names of the interfaces.
	PointName func(name string) string
	Queue     int // packets that wait for ReadBatch; more are dropped and counted
}

// Default is a Config that is ready but for Interfaces.
func Default() Config { return Config{Snaplen: MaxSnaplen, Promiscuous: true, Queue: 1 << 14} }

// Validate tells all that is wrong with c.
func (c *Config) Validate() error {
	var errs []error
	if len(c.Interfaces) == 0 || len(c.Interfaces) > MaxInterfaces {
		errs = append(errs, fmt.Errorf("%d interfaces: must be 1 to %d", len(c.Interfaces), MaxInterfaces))
	}
	for i, name := range c.Interfaces {
		if name == "any" || name == "" {
			errs = append(errs, fmt.Errorf("interface %q: go-pcap cannot capture on all interfaces, their link types differ", name))
		}
		if slices.Contains(c.Interfaces[:i], name) {
			errs = append(errs, fmt.Errorf("interface %q is named twice", name))
		}
	}
	if c.Snaplen < 64 || c.Snaplen > MaxSnaplen {
		errs = append(errs, fmt.Errorf("snaplen %d: must be 64 to %d", c.Snaplen, MaxSnaplen))
	}
	if c.Queue < 1 || c.Queue > 1<<20 {
		errs = append(errs, fmt.Errorf("queue of %d packets: must be 1 to %d", c.Queue, 1<<20))
	}
	return errors.Join(errs...)
}
