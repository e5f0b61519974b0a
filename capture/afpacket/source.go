package afpacket

import (
	"context"
	"errors"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

var errLater = errors.New("afpacket: follows")

// Source is a live capture: a capture.Source, Lender and Filterer.
type Source struct{}

// Open starts capturing on the interfaces of cfg through one Source. It fails
// with an error that wraps fs.ErrPermission when CAP_NET_RAW is missing.
func Open(ctx context.Context, cfg Config) (*Source, error) { return nil, errLater }

// OpenFanout is Open for n readers: each Source has a ring per interface, and
// all packets of a connection come out of one of them. Where the kernel cannot
// promise that there is one Source, and the Report says why.
func OpenFanout(ctx context.Context, cfg Config, n int) ([]*Source, Report, error) {
	return nil, Report{}, errLater
}

// Interfaces lists the interfaces of a network namespace, "" for that of the
// process.
func Interfaces(netns string) ([]Interface, error) { return nil, errLater }

// ReadBatch, see capture.Source. A context that ends is noticed within 50 ms.
func (s *Source) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) { return 0, errLater }

// Points, see capture.Source. Sources of one OpenFanout have the same list.
func (s *Source) Points() []capture.Point { return nil }

// Stats, see capture.Source. Drops is what the kernel dropped because the ring was full.
func (s *Source) Stats() (capture.Stats, error) { return capture.Stats{}, errLater }

// Interfaces gives the counters by interface, over all sources opened together.
func (s *Source) Interfaces() ([]PointStats, error) { return nil, errLater }

// Close ends the capture and unblocks ReadBatch. Memory that is lent or was
// handed out by the last ReadBatch stays mapped until it is given back.
func (s *Source) Close() error { return nil }

// Stop takes no more packets; ReadBatch yields those in the rings, then io.EOF.
func (s *Source) Stop() error { return nil }

// Lend, see capture.Lender.
func (s *Source) Lend() (release func()) { return nil }

// SetFilter replaces the filter of a source whose interfaces have one link type.
func (s *Source) SetFilter(program []bpf.RawInstruction) error { return errLater }

// SetFilterFunc replaces the filter on all rings, of all sources opened
// together, and for interfaces that come later. nil lifts it. It may be called
// from any goroutine; each ring changes at once, packets that are in it
// already have passed the filter before.
func (s *Source) SetFilterFunc(compile func(capture.LinkType) ([]bpf.RawInstruction, error)) error {
	return errLater
}

// Degraded lists what the kernel refused so far.
func (s *Source) Degraded() []Degraded { return nil }

func framing(hardware uint16) (link capture.LinkType, cooked bool, unsupported string) {
	return capture.LinkEthernet, false, ""
}
