package goroutines

import (
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"io"
)

// Program is what is known of the executable of a Go program.
type Program struct {
	Version string // as the program states it
	DWARF   bool   // the offsets are from its DWARF: the table does not have its version
	Offsets Offsets

	Ready    uint64 // offset in the file at which runtime.ready can be probed; 0: see ReadyErr
	ReadyErr error  // why it cannot
}

// Inspect reads an executable. The error is ErrNotGo, ErrVersion or ErrProcessor,
// or says what of the file is damaged.
func Inspect(r io.ReaderAt) (*Program, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotGo, err)
	}
	defer f.Close()
	if f.Section(".go.buildinfo") == nil && f.Section(".gopclntab") == nil && f.Section(".data.rel.ro.gopclntab") == nil {
		return nil, ErrNotGo
	}
	if f.Machine != elf.EM_X86_64 && f.Machine != elf.EM_AARCH64 || f.Class != elf.ELFCLASS64 {
		return nil, fmt.Errorf("%w: %v", ErrProcessor, f.Machine)
	}
	info, err := buildinfo.Read(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotGo, err)
	}
	p := &Program{Version: info.GoVersion}
	if p.Offsets, err = byVersion(p.Version); err != nil { // reading DWARF takes a hundred times as long
		own, none := FromDWARF(f)
		if none != nil {
			return p, err
		}
		p.Offsets, p.DWARF = own, true
	}
	if f.Machine == elf.EM_X86_64 {
		if p.Offsets.Slot, err = slot(f); err != nil {
			return p, err
		}
	}
	p.Ready, p.ReadyErr = ready(f)
	return p, nil
}
