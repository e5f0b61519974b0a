//go:build linux

package kernel

import (
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// The probe reads, and nothing else; atomic additions give no result, which
// kernels before 5.12 do not know.
func TestWakeInstructions(t *testing.T) {
	spec, err := loadGoWake()
	if err != nil {
		t.Fatal(err)
	}
	c := checker{name: "gowake", seen: make(map[asm.BuiltinFunc]bool), rule: &rule{
		types: []ebpf.ProgramType{ebpf.Kprobe},
		helpers: []asm.BuiltinFunc{
			asm.FnMapLookupElem, asm.FnKtimeGetNs, asm.FnGetCurrentPidTgid, asm.FnGetSmpProcessorId,
			asm.FnProbeReadUser, asm.FnProbeReadKernel, asm.FnRingbufReserve, asm.FnRingbufSubmit,
		},
	}}
	p := spec.Programs["go_ready"]
	if p == nil || p.Type != ebpf.Kprobe || len(p.Instructions) > maxInstructions {
		t.Fatalf("%+v", p)
	}
	c.program("go_ready", p.Instructions)
	for _, f := range c.faults {
		t.Error(f)
	}
	for _, fn := range c.rule.helpers {
		if !c.seen[fn] {
			t.Errorf("no call of %s", fn)
		}
	}
}
