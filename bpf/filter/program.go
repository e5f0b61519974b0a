package filter

import (
	"fmt"
	"io"
	"slices"

	"golang.org/x/net/bpf"
)

// Program is a filter for the kernel or a machine of classic BPF. It returns
// the number of bytes to keep of a packet, 0 to drop it.
type Program struct {
	Instructions []bpf.RawInstruction // at most 4096; jumps lead forward only
}

// WithSnaplen gives the program with another number of bytes to keep, in all
// places where it keeps any.
func (p *Program) WithSnaplen(n uint32) *Program {
	code := slices.Clone(p.Instructions)
	for i := range code {
		if code[i].Op == classRET && code[i].K != 0 {
			code[i].K = max(1, n)
		}
	}
	return &Program{Instructions: code}
}

// WriteListing writes the program for people, as tcpdump -d does.
func (p *Program) WriteListing(w io.Writer) error {
	for i, in := range p.Instructions {
		if _, err := fmt.Fprintln(w, listing(i, in)); err != nil {
			return fmt.Errorf("write program: %w", err)
		}
	}
	return nil
}

// WriteC writes the program as a C initialiser, as tcpdump -dd does.
func (p *Program) WriteC(w io.Writer) error {
	for _, in := range p.Instructions {
		if _, err := fmt.Fprintf(w, "{ 0x%x, %d, %d, 0x%08x },\n", in.Op, in.Jt, in.Jf, in.K); err != nil {
			return fmt.Errorf("write program: %w", err)
		}
	}
	return nil
}

// WriteDecimal writes the program as numbers, as tcpdump -ddd does: a line with
// their count, then a line "code jt jf k" for each instruction.
func (p *Program) WriteDecimal(w io.Writer) error {
	if _, err := fmt.Fprintln(w, len(p.Instructions)); err != nil {
		return fmt.Errorf("write program: %w", err)
	}
	for _, in := range p.Instructions {
		if _, err := fmt.Fprintln(w, in.Op, in.Jt, in.Jf, in.K); err != nil {
			return fmt.Errorf("write program: %w", err)
		}
	}
	return nil
}
