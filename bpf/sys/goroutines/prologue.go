package goroutines

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// errPrologue is about code that the compiler is not known to make: a probe at a
// wrong place would break the program, so there is none.
var errPrologue = errors.New("runtime.ready does not begin as the compiler is known to make it")

// Instructions at the beginning of an amd64 function. The check of the stack is
// a comparison with g.stackguard0 and a jump; a large frame is compared by its end.
var (
	cmpStack  = []byte{0x49, 0x3b, 0x66, 0x10} // cmp 0x10(%r14),%rsp
	leaFrame8 = []byte{0x4c, 0x8d, 0x64, 0x24} // lea disp8(%rsp),%r12
	leaFrame  = []byte{0x4c, 0x8d, 0xa4, 0x24} // lea disp32(%rsp),%r12
	cmpFrame  = []byte{0x4d, 0x3b, 0x66, 0x10} // cmp 0x10(%r14),%r12
	jbeNear   = []byte{0x0f, 0x86}             // jbe rel32
	pushBP    = []byte{0x55}                   // push %rbp, since Go 1.21; the kernel emulates it
	subStack8 = []byte{0x48, 0x83, 0xec}       // sub imm8,%rsp
	subStack  = []byte{0x48, 0x81, 0xec}       // sub imm32,%rsp
)

// prologueAMD64 returns how many bytes of a function come before the instruction
// that makes its frame.
func prologueAMD64(code []byte) (int, error) {
	at := 0
	is := func(b []byte, more int) bool {
		if !bytes.HasPrefix(code[min(at, len(code)):], b) || at+len(b)+more > len(code) {
			return false
		}
		at += len(b) + more
		return true
	}
	checked := is(cmpStack, 0)
	if !checked && (is(leaFrame8, 1) || is(leaFrame, 4)) {
		if checked = is(cmpFrame, 0); !checked {
			return 0, errPrologue
		}
	}
	if checked && !is(jbeNear, 4) && !is([]byte{0x76}, 1) { // jbe rel8
		return 0, errPrologue
	}
	here := at
	if is(pushBP, 0) || is(subStack8, 1) || is(subStack, 4) {
		return here, nil
	}
	return 0, errPrologue
}

// Instructions of arm64, under masks, at the beginning of a function: the check
// of the stack is ldr x16,[x28,#16]; cmp sp,x16 (or a sub before); b.ls; then
// the frame is made.
const (
	ldrGuard = 0xf9400b90 // ldr x16, [x28, #16]
	subsLS   = 0x54000009 // b.ls
	maskB    = 0xff00001f
)

// prologueARM64 is prologueAMD64 for arm64: the instruction behind b.ls.
func prologueARM64(code []byte) (int, error) {
	if len(code) < 4 || binary.LittleEndian.Uint32(code) != ldrGuard {
		return 0, errPrologue
	}
	for at := 4; at+8 <= len(code) && at <= 20; at += 4 {
		if binary.LittleEndian.Uint32(code[at:])&maskB == subsLS {
			return at + 4, nil
		}
	}
	return 0, errPrologue
}
