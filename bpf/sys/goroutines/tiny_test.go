package goroutines

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"
)

// tiny is the least that passes for a Go program for amd64: what it was built
// with, runtime.ready among its symbols, thread-local storage with runtime.tlsg.
// Programs of the toolchain are a thousand times as large, too much to be
// changed at random.
func tiny(version string, tls uint64) []byte {
	const (
		base   = 0x400000
		codeAt = 0x200
		infoAt = 0x300
		strAt  = 0x380
		symAt  = 0x400
		nameAt = 0x480
		secAt  = 0x500
	)
	le := binary.LittleEndian
	b := make([]byte, secAt+6*64)
	put := func(at int, v any) {
		var w bytes.Buffer
		_ = binary.Write(&w, le, v) // of fixed size, into memory
		copy(b[at:], w.Bytes())
	}
	put(0, elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: base + codeAt, Phoff: 64, Shoff: secAt,
		Ehsize: 64, Phentsize: 56, Phnum: 2, Shentsize: 64, Shnum: 6, Shstrndx: 5,
	})
	put(64, elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: base, Filesz: uint64(len(b)), Memsz: uint64(len(b)), Align: 4096})
	put(64+56, elf.Prog64{Type: uint32(elf.PT_TLS), Flags: uint32(elf.PF_R), Memsz: tls, Align: 8})
	copy(b[codeAt:], append(append(append([]byte{}, cmpStack...), 0x76, 0x20), pushBP...)) // the beginning of runtime.ready
	copy(b[infoAt:], "\xff Go buildinf:\x08\x02")
	b[infoAt+32] = byte(len(version))
	copy(b[infoAt+33:], version)
	copy(b[strAt:], "\x00runtime.ready\x00runtime.tlsg\x00")
	put(symAt+24, elf.Sym64{Name: 1, Info: elf.ST_INFO(elf.STB_LOCAL, elf.STT_FUNC), Shndx: 1, Value: base + codeAt, Size: 64})
	put(symAt+48, elf.Sym64{Name: 15, Info: elf.ST_INFO(elf.STB_LOCAL, elf.STT_TLS), Shndx: 1, Value: tls - 8, Size: 8})
	copy(b[nameAt:], "\x00.text\x00.go.buildinfo\x00.symtab\x00.strtab\x00")
	sections := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR), Addr: base + codeAt, Off: codeAt, Size: 0x80},
		{Name: 7, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC), Addr: base + infoAt, Off: infoAt, Size: 0x60, Addralign: 16},
		{Name: 21, Type: uint32(elf.SHT_SYMTAB), Off: symAt, Size: 72, Link: 4, Entsize: 24},
		{Name: 29, Type: uint32(elf.SHT_STRTAB), Off: strAt, Size: 0x40},
		{Name: 29, Type: uint32(elf.SHT_STRTAB), Off: nameAt, Size: 0x40},
	}
	for i, s := range sections {
		put(secAt+64*i, s)
	}
	return b
}

// The seed of the fuzz target is understood to its end.
func TestInspectTiny(t *testing.T) {
	p, err := Inspect(bytes.NewReader(tiny("go1.24.4", 64)))
	if err != nil || p.ReadyErr != nil || p.Ready != 0x200+6 || p.Offsets.Slot != -8 || p.Version != "go1.24.4" || p.DWARF {
		t.Errorf("%+v, %v", p, err)
	}
}

// compressed is a program whose code is said to be compressed, and whose
// thread-local storage no symbol explains.
func compressed() []byte {
	b := bytes.Replace(tiny("go1.24.4", 64), []byte("runtime.tlsg"), []byte("runtime.none"), 1)
	b[0x500+64+8+1] |= byte(elf.SHF_COMPRESSED >> 8)
	return b
}

func TestInspectCompressedCode(t *testing.T) {
	if p, err := Inspect(bytes.NewReader(compressed())); err == nil {
		t.Errorf("%+v", p)
	}
}
