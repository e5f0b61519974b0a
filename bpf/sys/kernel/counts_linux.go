package kernel

import (
	"encoding/binary"
	"fmt"

	"github.com/cilium/ebpf"
)

// Places in struct counts of c/event.h.
const (
	countSeen = iota
	countFiltered
	countEmitted
	countDropped
	countBad
	countSkipped
	numCounts
)

// countsSize is the size of struct counts, in bytes.
const countsSize = 64

// counts are the counters of the programs, one block per CPU.
type counts struct{ mem *ebpf.Memory }

// sizeCounts makes room for the CPUs of this host.
func sizeCounts(spec *ebpf.CollectionSpec) error {
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return fmt.Errorf("count CPUs: %w", err)
	}
	spec.Maps["stats"].MaxEntries = uint32(cpus)
	return nil
}

// openCounts maps the counters, so that they can be read when bpf(2) can no
// longer be called.
func openCounts(coll *ebpf.Collection) (counts, error) {
	mem, err := coll.Maps["stats"].Memory()
	if err != nil {
		return counts{}, fmt.Errorf("map counters: %w", err)
	}
	return counts{mem}, nil
}

// read adds up the CPUs. What was seen is what became of it: the programs count
// no call twice.
func (c counts) read() (n [numCounts]uint64, err error) {
	var block [countsSize]byte
	for at := int64(0); at+countsSize <= int64(c.mem.Size()); at += countsSize {
		if _, err := c.mem.ReadAt(block[:], at); err != nil {
			return n, err
		}
		for i := range n {
			n[i] += binary.LittleEndian.Uint64(block[8*i:])
		}
	}
	n[countSeen] = n[countFiltered] + n[countEmitted] + n[countDropped] + n[countBad] + n[countSkipped]
	return n, nil
}
