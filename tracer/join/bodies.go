package join

import "sync/atomic"

// Bodies switches captured bodies off and on while the program runs: they are
// the first thing to go under pressure, for they are copied, searched for
// credentials and kept until their trace ends. The zero value keeps them.
type Bodies struct {
	off  atomic.Bool
	left atomic.Uint64
}

// Keep says whether bodies are kept from now on. Any goroutine may call it.
func (b *Bodies) Keep(on bool) { b.off.Store(!on) }

// LeftOut is how many bodies were not kept.
func (b *Bodies) LeftOut() uint64 { return b.left.Load() }

// leaves reports whether a body is to be left out, and counts it. Of nil, all
// are kept.
func (b *Bodies) leaves() bool {
	if b == nil || !b.off.Load() {
		return false
	}
	b.left.Add(1)
	return true
}
