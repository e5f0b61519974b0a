package pcapfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
)

// maxProgram is the bound of the kernel, BPF_MAXINSNS.
const maxProgram = 4096

// filter runs a cBPF program over packets.
type filter struct {
	program []bpf.RawInstruction // for all link types, nil if there is none

	compile func(capture.LinkType) ([]bpf.RawInstruction, error)
	perLink map[capture.LinkType][]bpf.RawInstruction // nil: every packet passes
}

func (f *filter) set() bool { return f.program != nil || f.compile != nil }

// SetFilter drops packets for which the program returns 0; nil lifts it. The
// length that the program sees is that on the wire; what it asks of the kernel
// is answered as far as the capture knows: the direction, if a pcapng file says
// it (a packet without is as one that came in). It must be called between calls
// of ReadBatch, by the goroutine that makes them.
func (s *Source) SetFilter(program []bpf.RawInstruction) error {
	if program == nil {
		s.filter = filter{}
		return nil
	}
	if err := check(program); err != nil {
		return err
	}
	s.filter = filter{program: program}
	return nil
}

// SetFilterFunc is SetFilter for inputs whose link types are not known
// beforehand or differ: compile is asked once for each link type that is met.
// An error of it ends the Source: ReadBatch returns it. A link type for which
// it gives no program is not filtered.
func (s *Source) SetFilterFunc(compile func(capture.LinkType) ([]bpf.RawInstruction, error)) {
	s.filter = filter{compile: compile, perLink: make(map[capture.LinkType][]bpf.RawInstruction)}
}

// keep moves the packets that pass to the front and counts them. The error is
// that of a compilation; what came before the packet precedes it.
func (f *filter) keep(batch []capture.Packet) (int, error) {
	kept := 0
	for i := range batch {
		p := &batch[i]
		program := f.program
		if f.compile != nil {
			var err error
			if program, err = f.of(p.Link); err != nil {
				return kept, err
			}
		}
		if program != nil && cbpf.Run(program, p.Data, metaOf(p)) == 0 {
			continue
		}
		if kept != i {
			batch[kept] = *p
		}
		kept++
	}
	return kept, nil
}

// metaOf is what a program may know of a packet beside its bytes.
func metaOf(p *capture.Packet) *cbpf.Meta {
	m := &cbpf.Meta{Len: p.WireLen, VLAN: p.VLAN, HasVLAN: p.VLAN != 0}
	if p.Dir == capture.DirOut {
		m.PktType = packetOutgoing
	}
	return m
}

// packetOutgoing is PACKET_OUTGOING of linux/if_packet.h.
const packetOutgoing = 4

// of gives the program for a link type.
func (f *filter) of(link capture.LinkType) ([]bpf.RawInstruction, error) {
	program, known := f.perLink[link]
	if known {
		return program, nil
	}
	program, err := f.compile(link)
	if err == nil && program != nil {
		err = check(program)
	}
	if err != nil {
		return nil, err
	}
	f.perLink[link] = program
	return program, nil
}

// check holds a program to the rules of the machine: known instructions, jumps
// forward and inside, a return at the end, no division by a constant 0.
func check(program []bpf.RawInstruction) error {
	plain := slices.Clone(program)
	for i := range plain {
		if in := &plain[i]; in.Op&^0x18 == loadAbsolute && in.K >= firstExtension {
			in.K = 0 // that machine lacks the kernel's extensions
		}
	}
	instructions, known := bpf.Disassemble(plain)
	if !known {
		for i := range instructions {
			if raw, ok := instructions[i].(bpf.RawInstruction); ok {
				return fmt.Errorf("check filter: instruction %d (%#x) is unknown", i, raw.Op)
			}
		}
	}
	if _, err := bpf.NewVM(instructions); err != nil {
		return fmt.Errorf("check filter: %w", err)
	}
	return nil
}

// loadAbsolute is the code of a load from a fixed place (BPF_LD | BPF_ABS) but
// for its size, and firstExtension (SKF_AD_OFF) where fixed places mean what
// the kernel knows.
const (
	loadAbsolute   = 0x20
	firstExtension = 0xfffff000
)

// ParseProgram reads a cBPF program as tcpdump -ddd prints it: a line with the
// number of instructions, then a line "code jt jf k" for each.
func ParseProgram(r io.Reader) ([]bpf.RawInstruction, error) {
	lines := bufio.NewScanner(r)
	count, number := -1, 0
	var program []bpf.RawInstruction
	for lines.Scan() {
		number++
		text := strings.TrimSpace(lines.Text())
		switch {
		case text == "":
		case count < 0:
			if _, err := fmt.Sscanf(text+"\n", "%d\n", &count); err != nil || count < 1 || count > maxProgram {
				return nil, fmt.Errorf("parse filter: line %d: %q is not a number of instructions (1 to %d)", number, text, maxProgram)
			}
		case len(program) == count:
			return nil, fmt.Errorf("parse filter: line %d: more than the %d instructions announced", number, count)
		default:
			var i bpf.RawInstruction
			if _, err := fmt.Sscanf(text+"\n", "%d %d %d %d\n", &i.Op, &i.Jt, &i.Jf, &i.K); err != nil {
				return nil, fmt.Errorf("parse filter: line %d: %q is not an instruction (code jt jf k)", number, text)
			}
			program = append(program, i)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("parse filter: line %d: %w", number+1, err)
	}
	if count < 0 {
		return nil, errors.New("parse filter: there is no program")
	}
	if len(program) != count {
		return nil, fmt.Errorf("parse filter: line %d: %d of %d instructions", number+1, len(program), count)
	}
	if err := check(program); err != nil {
		return nil, err
	}
	return program, nil
}
