package goroutines

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
)

// Of thread-local storage: what the linker of Go gives g, and how far below the
// thread pointer g is looked for.
const (
	usualSlot = -8
	minSlot   = -64 << 10
)

var errSlot = errors.New("stripped program with thread-local storage of its own: where g lies is not known")

// slot finds where g lies behind the thread pointer (fs) of an amd64 program.
// It is the last word of the program's thread-local storage, unless C code in
// it has some, too.
func slot(f *elf.File) (int32, error) {
	var tls *elf.Prog
	for _, p := range f.Progs {
		if p.Type == elf.PT_TLS {
			tls = p
		}
	}
	if tls == nil || tls.Memsz <= 8 {
		return usualSlot, nil
	}
	if at, ok := slotBySymbol(f, tls); ok {
		return at, nil
	}
	if at, ok := slotByCode(f); ok {
		return at, nil
	}
	return 0, errSlot
}

// slotBySymbol asks for runtime.tlsg, which has an offset from the beginning of
// the storage; that ends, aligned, at the thread pointer (ELF TLS variant II).
func slotBySymbol(f *elf.File, tls *elf.Prog) (int32, bool) {
	symbols, err := f.Symbols()
	if err != nil {
		return 0, false
	}
	align := max(tls.Align, 1)
	for _, s := range symbols {
		if s.Name == "runtime.tlsg" && elf.ST_TYPE(s.Info) == elf.STT_TLS {
			return believable(int64(s.Value) - int64((tls.Memsz+align-1)/align*align))
		}
	}
	return 0, false
}

func believable(at int64) (int32, bool) {
	return int32(at), at >= minSlot && at <= usualSlot && at%8 == 0
}

// loadG is mov %fs:disp32,%r14, with which wrappers of assembly code fetch g.
var loadG = [...]byte{0x64, 0x4c, 0x8b, 0x34, 0x25}

// maxText bounds the code that is searched.
const maxText = 16 << 20

// slotByCode looks for the first instruction that fetches g.
func slotByCode(f *elf.File) (int32, bool) {
	s := f.Section(".text")
	if s == nil || s.Type == elf.SHT_NOBITS || s.ReaderAt == nil { // compressed, which code is not
		return 0, false
	}
	code := make([]byte, min(s.Size, maxText))
	n, err := s.ReadAt(code, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, false
	}
	code = code[:n]
	i := bytes.Index(code, loadG[:])
	if i < 0 || i+len(loadG)+4 > len(code) {
		return 0, false
	}
	return believable(int64(int32(binary.LittleEndian.Uint32(code[i+len(loadG):]))))
}
