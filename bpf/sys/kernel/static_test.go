//go:build linux

package kernel

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// rule is what programs of a tier may be made of.
type rule struct {
	types   []ebpf.ProgramType
	maps    []ebpf.MapType
	helpers []asm.BuiltinFunc
	old     bool // only what 4.14 had
}

// The helpers of all tiers are readers: none changes what a traced program gets
// to see. Those that do, as FnProbeWriteUser, FnSendSignal and FnOverrideReturn,
// are in no list.
var (
	withBTF = []asm.BuiltinFunc{
		asm.FnMapLookupElem, asm.FnMapDeleteElem, asm.FnKtimeGetNs, asm.FnGetCurrentPidTgid, asm.FnGetSmpProcessorId,
		asm.FnGetCurrentCgroupId, asm.FnProbeReadUser, asm.FnRingbufReserve, asm.FnRingbufSubmit, asm.FnProbeReadKernel,
		asm.FnTaskPtRegs, asm.FnGetCurrentTaskBtf, // in a branch for arm64 that other verifiers do not walk (5.15)
	}
	storing = []asm.BuiltinFunc{asm.FnGetSocketCookie, asm.FnSkStorageGet, asm.FnSkcToTcpSock} // 5.12
	walking = []asm.BuiltinFunc{asm.FnMapUpdateElem, asm.FnGetCurrentTask}                     // 5.8, by the ring

	tracing   = []ebpf.ProgramType{ebpf.Tracing}
	mapsOf512 = []ebpf.MapType{ebpf.Array, ebpf.Hash, ebpf.RingBuf, ebpf.SkStorage}
	mapsOf58  = []ebpf.MapType{ebpf.Array, ebpf.Hash, ebpf.RingBuf, ebpf.LRUHash}
	mapsOf414 = []ebpf.MapType{ebpf.Array, ebpf.Hash, ebpf.PerCPUArray, ebpf.LRUHash, ebpf.PerfEventArray}

	rules = map[sys.Tier][]rule{
		sys.Sock:    {{types: tracing, maps: mapsOf512, helpers: slices.Concat(withBTF, storing)}},
		sys.Fexit:   {{types: tracing, maps: mapsOf512, helpers: slices.Concat(withBTF, storing)}, {types: tracing, maps: mapsOf58, helpers: slices.Concat(withBTF, walking)}},
		sys.Syscall: {{types: tracing, maps: mapsOf58, helpers: slices.Concat(withBTF, walking)}},
		sys.Legacy: {{
			old: true, types: []ebpf.ProgramType{ebpf.TracePoint}, maps: mapsOf414,
			helpers: []asm.BuiltinFunc{ // include/uapi/linux/bpf.h of 4.14
				asm.FnMapLookupElem, asm.FnMapUpdateElem, asm.FnMapDeleteElem, asm.FnProbeRead, asm.FnKtimeGetNs,
				asm.FnGetSmpProcessorId, asm.FnGetCurrentPidTgid, asm.FnPerfEventOutput,
			},
		}},
	}
)

// maxInstructions is what kernels before 5.2 take.
const maxInstructions = 4096

// Every map and every instruction of every object is one that its tier may use.
func TestInstructions(t *testing.T) {
	for tier, list := range objects {
		if len(list) != len(rules[tier]) {
			t.Fatalf("%s has %d objects and %d rules", tier, len(list), len(rules[tier]))
		}
		for i, o := range list {
			spec, err := o.spec()
			if err != nil {
				t.Fatal(err)
			}
			c := checker{name: tier.String(), rule: &rules[tier][i]}
			c.collection(spec)
			for _, f := range c.faults {
				t.Error(f)
			}
			t.Logf("%s: %d programs, helpers %v", c.name, len(spec.Programs), slices.Sorted(maps.Keys(c.seen)))
		}
	}
}

// checker walks one object.
type checker struct {
	name   string
	rule   *rule
	seen   map[asm.BuiltinFunc]bool
	faults []string
}

func (c *checker) fault(format string, v ...any) {
	c.faults = append(c.faults, c.name+": "+fmt.Sprintf(format, v...))
}

func (c *checker) collection(spec *ebpf.CollectionSpec) {
	if len(spec.Programs) < 5 || len(spec.Maps) < 5 {
		c.fault("it has %d programs and %d maps", len(spec.Programs), len(spec.Maps))
	}
	for name, m := range spec.Maps {
		data := name == ".rodata" || name == ".bss" || name == ".data"
		if !slices.Contains(c.rule.maps, m.Type) || data && c.rule.old {
			c.fault("map %s of type %s", name, m.Type)
		}
		if m.Pinning != ebpf.PinNone {
			c.fault("map %s is pinned", name)
		}
	}
	c.seen = make(map[asm.BuiltinFunc]bool)
	for name, p := range spec.Programs {
		if !slices.Contains(c.rule.types, p.Type) || len(p.Instructions) > maxInstructions {
			c.fault("%s: %s of %d instructions", name, p.Type, len(p.Instructions))
		}
		c.program(name, p.Instructions)
	}
	for _, fn := range c.rule.helpers {
		if !c.seen[fn] {
			c.fault("calls no %s: the walk sees nothing, or the list is too long", fn)
		}
	}
}

func (c *checker) program(name string, list asm.Instructions) {
	symbols, err := list.SymbolOffsets()
	if err != nil {
		c.fault("%v", err)
	}
	for i := range list {
		ins := &list[i]
		switch {
		case ins.IsFunctionCall():
			c.fault("%s: instruction %d calls a function of ours: inline it", name, i)
		case ins.IsBuiltinCall():
			fn := asm.BuiltinFunc(ins.Constant)
			c.seen[fn] = true
			if !slices.Contains(c.rule.helpers, fn) {
				c.fault("%s: instruction %d calls %s", name, i, fn)
			}
		}
		if c.rule.old {
			c.old(name, i, ins, symbols)
		}
	}
}

// old refuses what 4.14 does not know, and jumps backwards (5.3).
func (c *checker) old(name string, i int, ins *asm.Instruction, symbols map[string]int) {
	switch ins.OpCode.Class() {
	case asm.ALUClass:
		if ins.OpCode.ALUOp() != asm.Swap { // byte order: of this class since ever
			c.fault("%s: instruction %d is of 32 bits: %v", name, i, ins)
		}
	case asm.Jump32Class:
		c.fault("%s: instruction %d jumps by 32 bits: %v", name, i, ins)
	case asm.JumpClass:
		to, ok := symbols[ins.Reference()]
		if ins.Offset < 0 && ins.Reference() == "" || ok && to <= i {
			c.fault("%s: instruction %d jumps backwards: %v", name, i, ins)
		}
		if op := ins.OpCode.JumpOp(); op != asm.Call && op != asm.Exit && !ok && ins.Reference() != "" {
			c.fault("%s: instruction %d jumps to nowhere: %v", name, i, ins)
		}
	case asm.StXClass:
		// Adding without asking for the result is as old as eBPF (BPF_XADD); all else is of 5.12.
		if ins.OpCode.Mode() == asm.AtomicMode && ins.OpCode.AtomicOp() != asm.AddAtomic {
			c.fault("%s: instruction %d is atomic: %v", name, i, ins)
		}
	case asm.LdClass:
		if ins.IsLoadFromMap() && ins.Src == asm.PseudoMapValue {
			c.fault("%s: instruction %d loads global data: %v", name, i, ins)
		}
	}
}

// The walk finds what it forbids.
func TestInstructionsRefuse(t *testing.T) {
	jump := asm.Mov.Imm(asm.R0, 0).WithSymbol("back")
	for name, list := range map[string]asm.Instructions{
		"writes user memory": {asm.FnProbeWriteUser.Call()},
		"sends a signal":     {asm.FnSendSignal.Call()},
		"overrides a return": {asm.FnOverrideReturn.Call()},
		"newer helper":       {asm.FnProbeReadKernel.Call()},
		"32 bits":            {asm.Add.Imm32(asm.R0, 1)},
		"jump by 32 bits":    {asm.JEq.Imm32(asm.R0, 1, "end"), asm.Return().WithSymbol("end")},
		"jump backwards":     {jump, asm.JEq.Imm(asm.R0, 1, "back")},
		"raw jump backwards": {asm.Mov.Imm(asm.R0, 0), {OpCode: asm.Ja.Op(asm.ImmSource), Offset: -2}},
		"atomic":             {asm.FetchAdd.Mem(asm.R1, asm.R2, asm.DWord, 0)},
		"atomic exchange":    {asm.Xchg.Mem(asm.R1, asm.R2, asm.DWord, 0)},
		"global data":        {asm.LoadMapValue(asm.R1, 3, 0)},
	} {
		c := checker{name: name, rule: &rules[sys.Legacy][0], seen: make(map[asm.BuiltinFunc]bool)}
		c.program("program", list)
		if len(c.faults) != 1 {
			t.Errorf("%s: %q", name, c.faults)
		}
	}
}
