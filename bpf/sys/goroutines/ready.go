package goroutines

import (
	"debug/elf"
	"debug/gosym"
	"errors"
	"fmt"
)

const readyName = "runtime.ready"

// Bounds of the table of functions.
const maxFunctions = 256 << 20

var errNoReady = errors.New("runtime.ready is not found")

// ready finds the offset in the file of the instruction of runtime.ready that a
// probe takes the place of: the one behind the check of the stack, where the
// arguments are still in their registers, and which is not run twice when the
// stack has to grow.
func ready(f *elf.File) (uint64, error) {
	addr, err := readyBySymbol(f)
	if err != nil {
		if addr, err = readyByTable(f); err != nil {
			return 0, err
		}
	}
	code, offset, err := codeAt(f, addr)
	if err != nil {
		return 0, err
	}
	var skip int
	if f.Machine == elf.EM_X86_64 {
		skip, err = prologueAMD64(code)
	} else {
		skip, err = prologueARM64(code)
	}
	if err != nil {
		return 0, err
	}
	return offset + uint64(skip), nil
}

func readyBySymbol(f *elf.File) (uint64, error) {
	symbols, err := f.Symbols()
	if err != nil {
		return 0, errNoReady
	}
	for _, s := range symbols {
		if s.Name == readyName && elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			return s.Value, nil
		}
	}
	return 0, errNoReady
}

// readyByTable asks the table that a Go program prints its stacks by; strip
// leaves it in.
func readyByTable(f *elf.File) (addr uint64, err error) {
	defer func() { // the library trusts the table
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: its table of functions is damaged", errNoReady)
		}
	}()
	s, text := f.Section(".gopclntab"), f.Section(".text")
	if s == nil {
		s = f.Section(".data.rel.ro.gopclntab")
	}
	if s == nil || text == nil || s.Size > maxFunctions {
		return 0, fmt.Errorf("%w: no table of functions", errNoReady)
	}
	b, err := s.Data()
	if err != nil {
		return 0, fmt.Errorf("read table of functions: %w", err)
	}
	t, err := gosym.NewTable(nil, gosym.NewLineTable(b, text.Addr))
	if err != nil {
		return 0, fmt.Errorf("read table of functions: %w", err)
	}
	fn := t.LookupFunc(readyName)
	if fn == nil {
		return 0, errNoReady
	}
	// The table counts from where Go's code begins. A C linker puts other code in
	// front of it, and then the program does not begin with Go's, either.
	if begin := t.LookupFunc(beginName[f.Machine]); begin == nil || begin.Entry != f.Entry {
		return 0, errForeign
	}
	return fn.Entry, nil
}

// beginName is where a program begins that Go's linker made.
var beginName = map[elf.Machine]string{elf.EM_X86_64: "_rt0_amd64_linux", elf.EM_AARCH64: "_rt0_arm64_linux"}

var errForeign = fmt.Errorf("%w: the program has no symbols (it is stripped), and a C linker put it together (cgo)", errNoReady)

// maxPrologue is how much of a function is looked at.
const maxPrologue = 64

// codeAt reads the code at an address, and says where in the file it is.
func codeAt(f *elf.File, addr uint64) ([]byte, uint64, error) {
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_X == 0 || addr < p.Vaddr || addr-p.Vaddr+maxPrologue > p.Filesz {
			continue
		}
		code := make([]byte, maxPrologue)
		if _, err := p.ReadAt(code, int64(addr-p.Vaddr)); err != nil {
			return nil, 0, fmt.Errorf("read runtime.ready: %w", err)
		}
		return code, p.Off + addr - p.Vaddr, nil
	}
	return nil, 0, errNoReady
}
