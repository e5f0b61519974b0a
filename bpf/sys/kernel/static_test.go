//go:build linux

package kernel

import (
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// reads are the helpers that programs with BTF may call: none of them changes
// what a traced program gets to see.
var reads = map[asm.BuiltinFunc]bool{
	asm.FnMapLookupElem: true, asm.FnMapDeleteElem: true, asm.FnKtimeGetNs: true, asm.FnGetCurrentPidTgid: true,
	asm.FnGetSocketCookie: true, asm.FnGetCurrentCgroupId: true, asm.FnSkStorageGet: true, asm.FnProbeReadUser: true,
	asm.FnProbeReadKernel: true, asm.FnGetSmpProcessorId: true, asm.FnMapUpdateElem: true, asm.FnGetCurrentTask: true,
	asm.FnRingbufReserve: true, asm.FnRingbufSubmit: true, asm.FnSkcToTcpSock: true, asm.FnGetCurrentTaskBtf: true,
}

// Every instruction of every object is one that its tier may use.
func TestInstructions(t *testing.T) {
	for tier, list := range objects {
		for _, o := range list {
			spec, err := o.spec()
			if err != nil {
				t.Fatal(err)
			}
			if len(spec.Programs) < 5 {
				t.Fatalf("%s has %d programs", tier, len(spec.Programs))
			}
			calls := 0
			for name, p := range spec.Programs {
				if p.Type != ebpf.Tracing || len(p.Instructions) > 4096 {
					t.Errorf("%s/%s: %s of %d instructions", tier, name, p.Type, len(p.Instructions))
				}
				calls += checkCalls(t, tier, name, p.Instructions, reads)
			}
			if calls == 0 {
				t.Errorf("%s calls no helper: the walk sees nothing", tier)
			}
		}
	}
}

func checkCalls(t *testing.T, tier sys.Tier, name string, ins asm.Instructions, allowed map[asm.BuiltinFunc]bool) (calls int) {
	t.Helper()
	for i := range ins {
		switch {
		case ins[i].IsFunctionCall():
			t.Errorf("%s/%s: instruction %d calls a function of ours: inline it", tier, name, i)
		case ins[i].IsBuiltinCall():
			calls++
			if fn := asm.BuiltinFunc(ins[i].Constant); !allowed[fn] {
				t.Errorf("%s/%s: instruction %d calls %s", tier, name, i, fn)
			}
		}
	}
	return calls
}
