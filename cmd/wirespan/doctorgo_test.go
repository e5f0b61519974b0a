//go:build linux

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/bpf/sys/kernel"
)

// probes stands for a module that can, or cannot, probe this program.
type probes struct {
	kernel.Goroutines
	set, taken int
	err        error
}

func (p *probes) Own() uint32 { return uint32(os.Getpid()) }
func (p *probes) SetGo(_ uint32, o kernel.GoOffsets) error {
	if o.Goid == 0 || o.M == 0 {
		return os.ErrInvalid
	}
	return nil
}

func (p *probes) WakeGo(_ int, tgid uint32, _ string, at uint64, limit uint32) error {
	if tgid != uint32(os.Getpid()) || at == 0 || limit != 1 {
		return os.ErrInvalid
	}
	p.set++
	return p.err
}

func (p *probes) UnwakeGo(uint32) error {
	p.taken++
	return nil
}

// A probe that was set is taken away again.
func TestProbeOurselves(t *testing.T) {
	p := &probes{}
	if err := probeOurselves(p); err != nil && p.set == 0 {
		t.Skipf("this test is no program that can be probed: %v", err)
	} else if err != nil || p.set != 1 || p.taken != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	p = &probes{err: os.ErrPermission}
	if err := probeOurselves(p); err == nil || p.taken != 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

// What goroutines need is said, and whether it is there.
func TestDoctorGoroutines(t *testing.T) {
	t.Parallel()
	sysNeeded(t)
	h := &hostFacts{capEff: ^uint64(0)}
	s := h.goSection(t.Context(), nil)
	if len(s.Findings) != 3 || !strings.Contains(s.Findings[2].Text+s.Findings[2].Name, "--sys-go-wake") {
		t.Errorf("%+v", s)
	}
	h.capEff = 0
	if s := h.goSection(t.Context(), nil); !strings.Contains(s.Findings[0].Text, "missing") {
		t.Errorf("%+v", s)
	}
}
