package capture

import (
	"context"

	"golang.org/x/net/bpf"
)

// Source yields packets in batches. One goroutine reads; Stats and Close may
// be called from others.
type Source interface {
	// ReadBatch fills dst and reports how many; it blocks until there is at
	// least one packet, ctx is done, or the source ends with io.EOF. Packets
	// may come together with an error: they precede it.
	ReadBatch(ctx context.Context, dst []Packet) (int, error)
	// Points lists the capture points known so far; Packet.Tap indexes it.
	// The list only grows. It is called by the reading goroutine.
	Points() []Point
	Stats() (Stats, error) // cumulative; Drops are the kernel's word, not ours
	Close() error          // unblocks ReadBatch
}

// Lender is met by sources that can give away the memory of their last batch.
type Lender interface {
	// Lend transfers the memory behind the last ReadBatch to the caller: its
	// packets stay valid until release is called, over later calls of
	// ReadBatch. release may be called from any goroutine, once.
	Lend() (release func())
}

// Namer is met by sources that carry names for addresses.
type Namer interface {
	// TakeNames returns the names met since the last call.
	TakeNames() []Name
}

// Filterer is met by sources that can drop packets before we see them.
type Filterer interface {
	SetFilter([]bpf.RawInstruction) error
}

// Stats are the counters of a Source since it was opened.
type Stats struct {
	Packets   uint64 // frames delivered or filtered
	Bytes     uint64 // captured bytes of these
	WireBytes uint64 // bytes these had on the wire
	Filtered  uint64 // frames that the filter program refused
	Drops     uint64 // frames the kernel dropped for want of room
	IfDrops   uint64 // frames the interface dropped
	Read      int64  // bytes of the input consumed, compressed as they are
	Size      int64  // bytes of the input, 0 if unknown
	Faults    uint64 // damaged records, see the source's faults

	// What live sources add.
	Received   uint64 // frames that passed the filter by the kernel's count, Drops included
	Freezes    uint64 // times the kernel stopped filling a ring because it was full
	IfMissed   uint64 // frames that interfaces missed for want of their own buffers (rx_missed_errors)
	Softnet    uint64 // frames of the whole host that CPUs dropped before any socket saw them (softnet_stat)
	Duplicates uint64 // frames left out because another interface had shown them
}
