//go:build linux

package listen

import "testing"

// TestLossesWithPackets counts where the kernel tells its counter with packets
// only, before 4.12, over a wrap of its 32 bits.
func TestLossesWithPackets(t *testing.T) {
	l := losses{fd: -1}
	for _, n := range []uint32{0, 5, 5, 1<<32 - 1, 4} {
		l.told(n)
	}
	if got := l.count(); got != 1<<32+4 {
		t.Errorf("%d lost", got)
	}
	exact := losses{fd: -1, exact: true}
	if exact.told(7); exact.count() != 0 {
		t.Error("counted twice where the kernel can be asked")
	}
}
