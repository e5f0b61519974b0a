package filter

import (
	"fmt"

	"golang.org/x/net/bpf"
)

// Check holds a program to the rules of the Linux kernel (bpf_check_classic of
// net/core/filter.c): known instructions, jumps forward and inside, no
// division by a constant 0, no shift by more than 31, words of scratch memory
// stored before they are loaded, and a return at the end.
func Check(program []bpf.RawInstruction) error {
	if len(program) == 0 || len(program) > maxProgram {
		return fmt.Errorf("check program: %d instructions, want 1 to %d", len(program), maxProgram)
	}
	for i, in := range program {
		if msg := fault(in, len(program)-i-1); msg != "" {
			return fmt.Errorf("check program: instruction %d (%s): %s", i, listing(i, in), msg)
		}
	}
	if program[len(program)-1].Op&classMask != classRET {
		return fmt.Errorf("check program: the last instruction does not return")
	}
	return checkScratch(program)
}

// fault says what is wrong with an instruction that left others follow.
func fault(in bpf.RawInstruction, left int) string {
	op, _ := mnemonic(0, in)
	switch {
	case op == "unimp" && in.Op != classLDX|modeLEN:
		return "unknown"
	case in.Op == classLD|modeMEM, in.Op == classLDX|modeMEM, in.Op == classST, in.Op == classSTX:
		if in.K >= scratchSize {
			return "no such word of scratch memory"
		}
	case in.Op&^sizeMask == classLD|modeABS:
		if _, ok := extNames[in.K-extBase]; in.K >= extBase && !ok {
			return "unknown extension"
		}
	case in.Op == classJMP|jmpJA:
		if uint64(in.K) >= uint64(left) {
			return "jumps out of the program"
		}
	case in.Op&classMask == classJMP:
		if int(in.Jt) >= left || int(in.Jf) >= left {
			return "jumps out of the program"
		}
	case in.Op&(classMask|srcX) == classALU:
		switch in.Op & opMask {
		case aluDiv, aluMod:
			if in.K == 0 {
				return "divides by zero"
			}
		case aluLsh, aluRsh:
			if in.K > 31 {
				return "shifts too far"
			}
		}
	}
	return ""
}

// checkScratch follows all ways through the program.
func checkScratch(program []bpf.RawInstruction) error {
	stored := make([]uint16, len(program)+1) // words stored on every way here
	for i := range stored {
		stored[i] = 1<<scratchSize - 1
	}
	stored[0] = 0
	for i, in := range program {
		have := stored[i]
		switch {
		case in.Op == classST, in.Op == classSTX:
			have |= 1 << in.K
		case in.Op == classLD|modeMEM, in.Op == classLDX|modeMEM:
			if have&(1<<in.K) == 0 {
				return fmt.Errorf("check program: instruction %d loads M[%d] before it is stored", i, in.K)
			}
		case in.Op == classJMP|jmpJA:
			stored[i+1+int(in.K)] &= have
			continue
		case in.Op&classMask == classJMP:
			stored[i+1+int(in.Jt)] &= have
			stored[i+1+int(in.Jf)] &= have
			continue
		case in.Op&classMask == classRET:
			continue
		}
		stored[i+1] &= have
	}
	return nil
}
