//go:build linux

package kernel

import (
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"
)

// What the maps of a tier take is bounded, and docs/sys.md says how much.
func TestMapMemory(t *testing.T) {
	for _, tier := range []sys.Tier{sys.Sock, sys.Fexit, sys.Syscall, sys.Legacy} {
		t.Run(tier.String(), func(t *testing.T) {
			if tier == sys.Legacy && inTracefs(t) {
				return
			}
			cfg := Default()
			cfg.Tiers = []sys.Tier{tier}
			s := open(t, cfg).(*kernelSource)
			var all uint64
			for name, m := range s.coll.Maps {
				info, err := m.Info()
				if err != nil {
					t.Fatal(err)
				}
				n, ok := info.Memlock()
				if !ok {
					t.Skip("this kernel does not say what a map takes")
				}
				t.Logf("%-14s %8d", name, n)
				all += n
			}
			t.Logf("all %d", all)
			if all > 16<<20 {
				t.Errorf("%d bytes", all)
			}
		})
	}
}
