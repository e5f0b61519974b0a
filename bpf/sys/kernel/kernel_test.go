//go:build linux

package kernel

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/wirespan/wirespan/bpf/sys"
)

// open opens a tier or skips the test with the reason.
func open(t *testing.T, cfg Config) sys.Source {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, for eBPF")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s, report, err := Open(ctx, cfg)
	if err != nil {
		t.Skipf("no tier of %v: %+v", cfg.Tiers, report)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Each tier either passes its self-check or says in words why not; one that has
// been tried is gone again.
func TestProbe(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, for eBPF")
	}
	cfg := Default()
	for _, a := range Probe(t.Context(), cfg) {
		t.Logf("%-8s %s", a.Tier, a.Reason)
		if a.Reason != "" && a.Detail == nil {
			t.Errorf("%s was refused for no cause", a.Tier)
		}
		t.Logf("  %v", a.Detail)
	}
}
