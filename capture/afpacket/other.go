//go:build !linux

package afpacket

import (
	"context"
	"errors"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

var errLinux = errors.New("packet sockets are of Linux: use the engine gopcap")

// Source is what Linux has; elsewhere there is none.
type Source struct{}

// Open fails on systems other than Linux.
func Open(context.Context, Config) (*Source, error) { return nil, errLinux }

// OpenFanout fails on systems other than Linux.
func OpenFanout(context.Context, Config, int) ([]*Source, Report, error) {
	return nil, Report{}, errLinux
}

// Interfaces fails on systems other than Linux.
func Interfaces(string) ([]Interface, error) { return nil, errLinux }

// ReadBatch, see capture.Source.
func (s *Source) ReadBatch(context.Context, []capture.Packet) (int, error) { return 0, errLinux }

// Points, see capture.Source.
func (s *Source) Points() []capture.Point { return nil }

// Stats, see capture.Source.
func (s *Source) Stats() (capture.Stats, error) { return capture.Stats{}, errLinux }

// Interfaces gives the counters by interface.
func (s *Source) Interfaces() ([]PointStats, error) { return nil, errLinux }

// HardwareStamped tells how many packets carried the time of an adapter.
func (s *Source) HardwareStamped() uint64 { return 0 }

// Close ends the capture.
func (s *Source) Close() error { return nil }

// Stop takes no more packets.
func (s *Source) Stop() error { return nil }

// Lend, see capture.Lender.
func (s *Source) Lend() (release func()) { return func() {} }

// SetFilter replaces the filter.
func (s *Source) SetFilter([]bpf.RawInstruction) error { return errLinux }

// SetFilterFunc replaces the filter by link type.
func (s *Source) SetFilterFunc(func(capture.LinkType) ([]bpf.RawInstruction, error)) error {
	return errLinux
}

// Degraded lists what the kernel refused.
func (s *Source) Degraded() []Degraded { return nil }

// Spares tells of the sockets that were opened in advance.
func (s *Source) Spares() (left int, missed uint64) { return 0, 0 }
