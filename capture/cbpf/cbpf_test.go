package cbpf

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/net/bpf"
)

func assemble(t testing.TB, list ...bpf.Instruction) []bpf.RawInstruction {
	t.Helper()
	p, err := bpf.Assemble(list)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// randomProgram makes a program that golang.org/x/net/bpf takes, for packets
// of about size bytes.
func randomProgram(r *rand.Rand, size int) []bpf.Instruction {
	n := 4 + r.IntN(20)
	out := make([]bpf.Instruction, 0, n+1)
	for i := range n {
		left := n - i - 1
		skip := func() uint8 { return uint8(r.IntN(left + 1)) }
		at := func() uint32 { return uint32(r.IntN(size + 2)) }
		width := []int{1, 2, 4}[r.IntN(3)]
		switch r.IntN(12) {
		case 0:
			out = append(out, bpf.LoadAbsolute{Off: at(), Size: width})
		case 1:
			out = append(out, bpf.LoadIndirect{Off: at() / 2, Size: width})
		case 2:
			out = append(out, bpf.LoadMemShift{Off: at()})
		case 3:
			out = append(out, bpf.LoadConstant{Dst: bpf.Register(r.IntN(2)), Val: r.Uint32N(300)})
		case 4:
			out = append(out, bpf.LoadScratch{Dst: bpf.Register(r.IntN(2)), N: r.IntN(16)})
		case 5:
			out = append(out, bpf.StoreScratch{Src: bpf.Register(r.IntN(2)), N: r.IntN(16)})
		case 6, 7:
			ops := []bpf.ALUOp{bpf.ALUOpAdd, bpf.ALUOpSub, bpf.ALUOpMul, bpf.ALUOpDiv, bpf.ALUOpOr, bpf.ALUOpAnd, bpf.ALUOpMod, bpf.ALUOpXor}
			out = append(out, bpf.ALUOpConstant{Op: ops[r.IntN(len(ops))], Val: 1 + r.Uint32N(1<<20)})
		case 8:
			ops := []bpf.ALUOp{bpf.ALUOpAdd, bpf.ALUOpSub, bpf.ALUOpMul, bpf.ALUOpDiv, bpf.ALUOpOr, bpf.ALUOpAnd, bpf.ALUOpMod, bpf.ALUOpXor}
			out = append(out, bpf.ALUOpX{Op: ops[r.IntN(len(ops))]})
		case 9, 10:
			out = append(out, bpf.JumpIf{Cond: bpf.JumpTest(r.IntN(8)), Val: r.Uint32N(260), SkipTrue: skip(), SkipFalse: skip()})
		case 11:
			switch r.IntN(4) {
			case 0:
				out = append(out, bpf.TAX{})
			case 1:
				out = append(out, bpf.TXA{})
			case 2:
				out = append(out, bpf.NegateA{})
			default:
				out = append(out, bpf.LoadExtension{Num: bpf.ExtLen})
			}
		}
	}
	if r.IntN(2) == 0 {
		return append(out, bpf.RetA{})
	}
	return append(out, bpf.RetConstant{Val: r.Uint32N(100)})
}

// agree compares Run with the machine of golang.org/x/net/bpf.
func agree(t *testing.T, list []bpf.Instruction, packet []byte) bool {
	t.Helper()
	vm, err := bpf.NewVM(list)
	if err != nil {
		return false
	}
	raw, err := bpf.Assemble(list)
	if err != nil {
		return false
	}
	want, err := vm.Run(packet)
	if err != nil {
		return false
	}
	// That machine tells a length of a packet that it has cut to it.
	got := int(Run(raw, packet, &Meta{}))
	if got != want && min(got, len(packet)) != min(want, len(packet)) {
		t.Fatalf("%v over % x: %d, want %d", list, packet, got, want)
	}
	return true
}

func TestRunAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	compared := 0
	for range 30000 {
		packet := make([]byte, 1+r.IntN(60))
		for i := range packet {
			packet[i] = byte(r.Uint32())
		}
		if agree(t, randomProgram(r, len(packet)), packet) {
			compared++
		}
	}
	if compared < 15000 {
		t.Errorf("only %d programs were taken", compared)
	}
}

func FuzzRun(f *testing.F) {
	f.Add([]byte{0x28, 0, 0, 0, 12, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0}, []byte("packet"))
	f.Fuzz(func(_ *testing.T, code, packet []byte) {
		var program []bpf.RawInstruction
		for ; len(code) >= 8 && len(program) < MaxInstructions; code = code[8:] {
			program = append(program, bpf.RawInstruction{
				Op: binary.LittleEndian.Uint16(code), Jt: code[2], Jf: code[3], K: binary.LittleEndian.Uint32(code[4:]),
			})
		}
		Run(program, packet, &Meta{Net: 3})
		Run(Snap(program, 10), packet, &Meta{})
		Run(Leave(program, Way{Outgoing: true}), packet, &Meta{})
		if p, ok := Cooked(program); ok {
			Run(p, packet, &Meta{})
		}
	})
}

func TestExtensions(t *testing.T) {
	m := &Meta{Len: 1500, Net: 14, Interface: 3, Protocol: 0x0800, Hardware: 772, VLAN: 300, VLANProto: 0x8100, PktType: 4, HasVLAN: true}
	packet := make([]byte, 60)
	packet[14], packet[16] = 0x45, 7
	for _, c := range []struct {
		name string
		load bpf.RawInstruction
		want uint32
	}{
		{"protocol", bpf.RawInstruction{Op: 0x28, K: adOff + adProtocol}, 0x0800},
		{"packet type", bpf.RawInstruction{Op: 0x30, K: adOff + adPktType}, 4},
		{"interface", bpf.RawInstruction{Op: 0x20, K: adOff + adIfindex}, 3},
		{"hardware", bpf.RawInstruction{Op: 0x28, K: adOff + adHatype}, 772},
		{"tag", bpf.RawInstruction{Op: 0x28, K: adOff + adVLANTag}, 300},
		{"has tag", bpf.RawInstruction{Op: 0x30, K: adOff + adVLANExists}, 1},
		{"kind of tag", bpf.RawInstruction{Op: 0x28, K: adOff + adVLANProto}, 0x8100},
		{"length", bpf.RawInstruction{Op: 0x80}, 1500},
		{"network header", bpf.RawInstruction{Op: 0x30, K: netOff}, 0x45},
		{"link header", bpf.RawInstruction{Op: 0x30, K: llOff + 16}, 7},
		{"unknown", bpf.RawInstruction{Op: 0x30, K: adOff + 24}, 0},
		{"beyond the end", bpf.RawInstruction{Op: 0x30, K: netOff + 50}, 0},
	} {
		if got := Run([]bpf.RawInstruction{c.load, {Op: 0x16}}, packet, m); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestSnap(t *testing.T) {
	p := assemble(t, bpf.LoadAbsolute{Off: 0, Size: 1}, bpf.JumpIf{Cond: bpf.JumpEqual, Val: 1, SkipTrue: 1}, bpf.RetConstant{Val: 0}, bpf.RetConstant{Val: 0x40000})
	before := slices.Clone(p)
	got := Snap(p, 96)
	if Run(got, []byte{1}, &Meta{}) != 96 || Run(got, []byte{2}, &Meta{}) != 0 || !slices.Equal(p, before) {
		t.Errorf("%v", got)
	}
	if Run(Accept(50), nil, &Meta{}) != 50 || Run(Reject(), []byte{1}, &Meta{}) != 0 {
		t.Error("accept and reject")
	}
}

func TestLeave(t *testing.T) {
	type packet struct {
		out bool
		lo  bool
	}
	all := []packet{{false, false}, {true, false}, {false, true}, {true, true}}
	for _, c := range []struct {
		name string
		way  Way
		keep []packet
	}{
		{"nothing", Way{}, all},
		{"outgoing", Way{Outgoing: true}, []packet{{false, false}, {false, true}}},
		{"outgoing, and the loopback", Way{Outgoing: true, Loopback: 1}, []packet{{false, false}, {false, true}}},
		{"incoming", Way{Incoming: true}, []packet{{true, false}, {true, true}}},
		{"incoming, with a loopback", Way{Incoming: true, Loopback: 1}, []packet{{true, false}, {false, true}}},
		{"twice on the loopback", Way{Loopback: 1}, []packet{{false, false}, {true, false}, {false, true}}},
	} {
		program := Leave(Accept(7), c.way)
		for _, p := range all {
			m := &Meta{Interface: 2}
			if p.out {
				m.PktType = 4
			}
			if p.lo {
				m.Interface = 1
			}
			if got := Run(program, []byte{1}, m) == 7; got != slices.Contains(c.keep, p) {
				t.Errorf("%s: %+v kept: %v", c.name, p, got)
			}
		}
	}
}

// TestCooked: a program for LINUX_SLL2 frames decides the same over what a
// cooked socket shows.
func TestCooked(t *testing.T) {
	frame := make([]byte, 20+40)
	be := binary.BigEndian
	be.PutUint16(frame, 0x0800)
	be.PutUint32(frame[4:], 3)
	be.PutUint16(frame[8:], 1)
	frame[10] = 4
	frame[20], frame[29] = 0x46, 6
	be.PutUint16(frame[20+24+2:], 443)
	m := &Meta{Interface: 3, Protocol: 0x0800, Hardware: 1, PktType: 4}
	ask := func(load bpf.Instruction, want uint32) []bpf.RawInstruction {
		return assemble(t, bpf.LoadMemShift{Off: 20}, load, bpf.JumpIf{Cond: bpf.JumpEqual, Val: want, SkipTrue: 1}, bpf.RetConstant{}, bpf.RetConstant{Val: 100})
	}
	for _, p := range [][]bpf.RawInstruction{
		ask(bpf.LoadAbsolute{Off: 0, Size: 2}, 0x0800),
		ask(bpf.LoadAbsolute{Off: 4, Size: 4}, 3),
		ask(bpf.LoadAbsolute{Off: 8, Size: 2}, 1),
		ask(bpf.LoadAbsolute{Off: 10, Size: 1}, 4),
		ask(bpf.LoadAbsolute{Off: 29, Size: 1}, 6),
		ask(bpf.LoadIndirect{Off: 22, Size: 2}, 443),
		ask(bpf.LoadAbsolute{Off: 0xfffff000 + 4, Size: 1}, 4),
	} {
		cooked, ok := Cooked(p)
		if !ok {
			t.Errorf("%v is refused", p)
			continue
		}
		if got, want := Run(cooked, frame[20:], m), Run(p, frame, m); got != want-20 || want != 100 {
			t.Errorf("%v: keeps %d of the packet, %d of the frame", p, got, want)
		}
	}
	for _, p := range [][]bpf.RawInstruction{
		ask(bpf.LoadAbsolute{Off: 12, Size: 4}, 0), // address
		ask(bpf.LoadAbsolute{Off: 0, Size: 4}, 0),
		ask(bpf.LoadExtension{Num: bpf.ExtLen}, 0),
		assemble(t, bpf.LoadConstant{Val: 1}, bpf.RetA{}),
		ask(bpf.LoadIndirect{Off: 4, Size: 2}, 0),
	} {
		if _, ok := Cooked(p); ok {
			t.Errorf("%v cannot be had on a cooked socket", p)
		}
	}
}

func TestNeedsVLAN(t *testing.T) {
	if !NeedsVLAN([]bpf.RawInstruction{{Op: 0x30, K: adOff + adVLANExists}}) || NeedsVLAN([]bpf.RawInstruction{{Op: 0x30, K: adOff + adPktType}, {Op: 6, K: adOff + adVLANTag}}) {
		t.Error("wrong")
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	p := Leave(Accept(7), Way{Loopback: 1})
	packet, m := make([]byte, 60), &Meta{}
	if n := testing.AllocsPerRun(100, func() { Run(p, packet, m) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
