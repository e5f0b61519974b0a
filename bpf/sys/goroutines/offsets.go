package goroutines

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Offsets say where a Go runtime keeps what, in bytes.
type Offsets struct {
	Goid   uint32 // of goid in g
	Parent uint32 // of parentGoid in g; 0: the version has none (before 1.21)
	M      uint32 // of m in g
	Curg   uint32 // of curg in m
	Slot   int32  // amd64: of g behind the thread pointer

	WaitReason uint32 // of waitreason in g
	Reasons    uint64 // set of wait reasons with which a goroutine waits for another's work
}

// Errors of Inspect.
var (
	ErrNotGo     = errors.New("not a Go program")
	ErrVersion   = errors.New("unknown Go version")
	ErrProcessor = errors.New("not a program of a processor that is known")
)

// reasonNames are the wait reasons in which another goroutine's work is waited
// for: who ends the wait has handed something on. Locks, timers and the
// garbage collector are not among them; nor is a full channel, whose reader
// hands nothing to the writer.
func reasonNames() []string {
	return []string{"waitReasonChanReceive", "waitReasonSelect", "waitReasonSyncCondWait", "waitReasonSyncWaitGroupWait"}
}

// minor is the minor version of a Go release, of the version in build info:
// "go1.23.4", or with a vendor's words behind it. Experiments may change any
// structure, and versions between releases, too: those are none.
func minor(version string) (int, error) {
	words := strings.Fields(version)
	if len(words) == 0 || strings.Contains(version, "X:") {
		return 0, fmt.Errorf("%w %q", ErrVersion, version)
	}
	release, _, _ := strings.Cut(words[0], "-") // a vendor's name
	parts := strings.Split(release, ".")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "go1" {
		return 0, fmt.Errorf("%w %q", ErrVersion, version)
	}
	n, err := strconv.Atoi(parts[1])
	if err == nil && len(parts) == 3 {
		_, err = strconv.ParseUint(parts[2], 10, 16)
	}
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w %q", ErrVersion, version)
	}
	return n, nil
}

// byVersion takes the offsets from the table.
func byVersion(version string) (Offsets, error) {
	n, err := minor(version)
	if err != nil {
		return Offsets{}, err
	}
	o, ok := published(n)
	if !ok {
		return Offsets{}, fmt.Errorf("%w %q: the table has %s", ErrVersion, version, tableRange)
	}
	return o, nil
}
