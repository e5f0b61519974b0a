//go:build !linux

package listen

import (
	"context"
	"errors"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

var errLinux = errors.New("listeners of mirrors are of Linux")

const maxBatch, maxDatagram = 64, 64 << 10

// Source is what Linux has; elsewhere there is none.
type Source struct{}

// Open fails on systems other than Linux.
func Open(Config) (*Source, error) { return nil, errLinux }

// ReadBatch, see capture.Source.
func (s *Source) ReadBatch(context.Context, []capture.Packet) (int, error) { return 0, errLinux }

// Points, see capture.Source.
func (s *Source) Points() []capture.Point { return nil }

// Stats, see capture.Source.
func (s *Source) Stats() (capture.Stats, error) { return capture.Stats{}, errLinux }

// Listeners gives the counters by listener.
func (s *Source) Listeners() []Listener { return nil }

// Degraded lists what the kernel refused.
func (s *Source) Degraded() []Degraded { return nil }

// Stop takes no more packets.
func (s *Source) Stop() error { return nil }

// Close ends the capture.
func (s *Source) Close() error { return nil }

// Lend, see capture.Lender.
func (s *Source) Lend() (release func()) { return func() {} }

// SetFilter replaces the filter.
func (s *Source) SetFilter([]bpf.RawInstruction) error { return errLinux }

// SetFilterFunc replaces the filter.
func (s *Source) SetFilterFunc(func(capture.LinkType) ([]bpf.RawInstruction, error)) error {
	return errLinux
}
