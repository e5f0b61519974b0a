package sys

import (
	"context"
	"fmt"
)

// Source yields events. One goroutine reads; Stats and Close may be called from
// others.
type Source interface {
	// Read fills dst and reports how many; it blocks until there is at least
	// one event, ctx is done, or the source ends with io.EOF. Times are real
	// time. Events of one CPU come in order, of several nearly so.
	Read(ctx context.Context, dst []Event) (int, error)
	Stats() (Stats, error)
	Tier() Tier
	Close() error
}

// Stats are the counters of a Source since it was opened. Seen calls are
// filtered, skipped (part of a long message), emitted, dropped or bad.
type Stats struct {
	Seen     uint64 // calls that moved bytes of TCP, and changes of connections
	Filtered uint64 // left out by a filter, our own ones included; tier Syscall counts those that move nothing, too
	Skipped  uint64 // in the middle of long messages; some are told at their end
	Emitted  uint64 // events that were written
	Dropped  uint64 // events for which the ring had no room
	Bad      uint64 // calls for which the kernel had no memory
	Garbled  uint64 // events of a version that is not known
	Unnamed  uint64 // events of connections whose addresses are not known (tier Legacy)
	Read     uint64 // events handed on
}

// Tier is a way to learn from the kernel, the better the greater.
type Tier uint8

// Tiers.
const (
	Off     Tier = iota // nothing but packets
	Procfs              // which process owns a connection, by /proc and sock_diag: no threads
	Legacy              // system call tracepoints without BTF: positions in a stream, not sequence numbers
	Syscall             // system call tracepoints: not what io_uring does
	Fexit               // behind the functions that send and receive
	Sock                // tracepoints of sockets
	numTiers
)

var tierNames = [numTiers]string{"off", "procfs", "legacy", "syscall", "fexit", "sock"}

func (t Tier) String() string {
	if t < numTiers {
		return tierNames[t]
	}
	return fmt.Sprintf("tier %d", uint8(t))
}

// ParseTier reads the name of a tier.
func ParseTier(s string) (Tier, error) {
	for t, name := range tierNames {
		if name == s {
			return Tier(t), nil
		}
	}
	return Off, fmt.Errorf("%q is no tier", s)
}
