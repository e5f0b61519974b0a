package filter

import (
	"fmt"

	"golang.org/x/net/bpf"
)

// maxJump is the farthest that a conditional jump leads, in instructions.
const maxJump = 255

// layout puts blocks in a line, verdicts at the end. What a conditional jump
// cannot reach it reaches through a jump behind it.
func layout(root *node, list []*node, blocks []block, verdicts []*node) ([]bpf.RawInstruction, error) {
	if root.verdict {
		return []bpf.RawInstruction{ret(root)}, nil
	}
	far := make([][2]bool, len(blocks)) // which ways out of a block need a jump of their own
	start := make(map[*node]int, len(blocks)+len(verdicts))
	for grew := true; grew; {
		at := 0
		for i, n := range list {
			start[n] = at
			at += len(blocks[i].code) + 1 + count(far[i])
		}
		for _, v := range verdicts {
			start[v] = at
			at++
		}
		if at > maxProgram {
			return nil, fmt.Errorf("expression needs %d instructions, the kernel takes %d", at, maxProgram)
		}
		grew = false
		for i, n := range list {
			from := start[n] + len(blocks[i].code) + 1
			for way, to := range []*node{blocks[i].jt, blocks[i].jf} {
				if !far[i][way] && start[to]-from > maxJump {
					far[i][way], grew = true, true
				}
			}
		}
	}
	var program []bpf.RawInstruction
	for i := range list {
		program = blocks[i].append(program, far[i], start)
	}
	for _, v := range verdicts {
		program = append(program, ret(v))
	}
	return program, nil
}

func count(far [2]bool) int {
	n := 0
	for _, f := range far {
		if f {
			n++
		}
	}
	return n
}

// append writes the block: its code, its jump, and jumps to what is far.
func (b *block) append(program []bpf.RawInstruction, far [2]bool, start map[*node]int) []bpf.RawInstruction {
	for _, i := range b.code {
		program = append(program, bpf.RawInstruction{Op: i.code, K: i.k})
	}
	here := len(program) + 1
	jump := bpf.RawInstruction{Op: b.jump, K: b.k}
	var more []bpf.RawInstruction
	skip := func(way int, to *node) uint8 {
		if !far[way] {
			return uint8(start[to] - here)
		}
		n := len(more)
		more = append(more, bpf.RawInstruction{Op: classJMP | jmpJA, K: uint32(start[to] - here - n - 1)})
		return uint8(n)
	}
	jump.Jt = skip(0, b.jt)
	jump.Jf = skip(1, b.jf)
	return append(append(program, jump), more...)
}

func ret(n *node) bpf.RawInstruction {
	return bpf.RawInstruction{Op: classRET, K: n.ret}
}
