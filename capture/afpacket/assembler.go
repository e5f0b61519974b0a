package afpacket

import (
	"strconv"

	"golang.org/x/net/bpf"
)

// assembler puts a program together whose jumps go to labels further down.
type assembler struct {
	code   []bpf.RawInstruction
	labels map[string]int
	jumps  []pendingJump
	unique int
}

// pendingJump is a jump at an instruction; an empty label is the next one.
type pendingJump struct {
	at      int
	yes, no string
}

func (a *assembler) put(op uint16, k uint32) {
	a.code = append(a.code, bpf.RawInstruction{Op: op, K: k})
}

// jump goes to yes where A is k, else to no.
func (a *assembler) jump(k uint32, yes, no string) { a.branch(opJumpEq, k, yes, no) }

// jumpSet goes to yes where A has one of the bits of k, else to no.
func (a *assembler) jumpSet(k uint32, yes, no string) { a.branch(opJumpSet, k, yes, no) }

func (a *assembler) branch(op uint16, k uint32, yes, no string) {
	a.jumps = append(a.jumps, pendingJump{len(a.code), yes, no})
	a.put(op, k)
}

func (a *assembler) goTo(label string) { a.branch(opJump, 0, label, "") }

func (a *assembler) label(name string) {
	if a.labels == nil {
		a.labels = make(map[string]int)
	}
	a.labels[name] = len(a.code)
}

// fresh makes a name for a label.
func (a *assembler) fresh() string {
	a.unique++
	return strconv.Itoa(a.unique)
}

// program resolves the jumps.
func (a *assembler) program() []bpf.RawInstruction {
	for _, j := range a.jumps {
		i := &a.code[j.at]
		yes, no := a.distance(j.at, j.yes), a.distance(j.at, j.no)
		if i.Op == opJump {
			i.K = uint32(yes)
			continue
		}
		i.Jt, i.Jf = uint8(yes), uint8(no)
	}
	return a.code
}

func (a *assembler) distance(at int, label string) int {
	if label == "" {
		return 0
	}
	return a.labels[label] - at - 1
}
