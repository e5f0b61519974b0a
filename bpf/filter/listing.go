package filter

import (
	"fmt"

	"golang.org/x/net/bpf"
)

// extNames are offsets that the kernel knows, as tcpdump prints them.
var extNames = map[uint32]string{
	0: "proto", 4: "type", 8: "ifidx", 12: "nla", 16: "nlan", 20: "mark", 24: "queue", 28: "hatype", 32: "rxhash",
	36: "cpu", 40: "xor_x", 44: "vlan_tci", 48: "vlanp", 52: "poff", 56: "random", 60: "vlan_tpid",
}

var aluNames = map[uint16]string{
	aluAdd: "add", aluSub: "sub", aluMul: "mul", aluDiv: "div", aluMod: "mod", aluAnd: "and", aluOr: "or",
	aluXor: "xor", aluLsh: "lsh", aluRsh: "rsh",
}

var jumpNames = map[uint16]string{jmpJEQ: "jeq", jmpJGT: "jgt", jmpJGE: "jge", jmpJSET: "jset"}

var sizeNames = map[uint16]string{sizeW: "ld", sizeH: "ldh", sizeB: "ldb"}

// listing is an instruction as tcpdump -d prints it; i is its number.
func listing(i int, in bpf.RawInstruction) string {
	op, operand := mnemonic(i, in)
	if in.Op&classMask == classJMP && in.Op&opMask != jmpJA {
		return fmt.Sprintf("(%03d) %-8s %-16s jt %d\tjf %d", i, op, operand, i+1+int(in.Jt), i+1+int(in.Jf))
	}
	return fmt.Sprintf("(%03d) %-8s %s", i, op, operand)
}

func mnemonic(i int, in bpf.RawInstruction) (op, operand string) {
	k := int32(in.K)
	switch in.Op {
	case classRET:
		return "ret", fmt.Sprintf("#%d", k)
	case classRET | retA:
		return "ret", ""
	case classLD | modeLEN:
		return "ld", "#pktlen"
	case classLD | modeIMM:
		return "ld", fmt.Sprintf("#0x%x", in.K)
	case classLDX | modeIMM:
		return "ldx", fmt.Sprintf("#0x%x", in.K)
	case classLDX | modeMSH | sizeB:
		return "ldxb", fmt.Sprintf("4*([%d]&0xf)", k)
	case classLD | modeMEM:
		return "ld", fmt.Sprintf("M[%d]", k)
	case classLDX | modeMEM:
		return "ldx", fmt.Sprintf("M[%d]", k)
	case classST:
		return "st", fmt.Sprintf("M[%d]", k)
	case classSTX:
		return "stx", fmt.Sprintf("M[%d]", k)
	case classJMP | jmpJA:
		return "ja", fmt.Sprintf("%d", int32(i)+1+k)
	case classALU | aluNeg:
		return "neg", ""
	case classMSC | miscTAX:
		return "tax", ""
	case classMSC | miscTXA:
		return "txa", ""
	}
	return operation(in)
}

// operation is for the instructions that come in kinds.
func operation(in bpf.RawInstruction) (op, operand string) {
	size := sizeNames[in.Op&^(classMask|0xe0)]
	switch {
	case in.Op&^sizeMask == classLD|modeABS && size != "":
		if name, ok := extNames[in.K-extBase]; ok && in.K >= extBase {
			return size, "[" + name + "]"
		}
		return size, fmt.Sprintf("[%d]", int32(in.K))
	case in.Op&^sizeMask == classLD|modeIND && size != "":
		return size, fmt.Sprintf("[x + %d]", int32(in.K))
	case in.Op&classMask == classALU && aluNames[in.Op&opMask] != "":
		op = aluNames[in.Op&opMask]
		switch in.Op & opMask {
		case aluAnd, aluOr, aluXor:
			operand = fmt.Sprintf("#0x%x", in.K)
		default:
			operand = fmt.Sprintf("#%d", int32(in.K))
		}
	case in.Op&classMask == classJMP && jumpNames[in.Op&opMask] != "":
		op, operand = jumpNames[in.Op&opMask], fmt.Sprintf("#0x%x", in.K)
	default:
		return "unimp", fmt.Sprintf("0x%x", in.Op)
	}
	if in.Op&srcX != 0 {
		operand = "x"
	}
	return op, operand
}

const sizeMask = 0x18
