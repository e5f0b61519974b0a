package pcapfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// maxProgram is the bound of the kernel, BPF_MAXINSNS.
const maxProgram = 4096

// filter runs a cBPF program over packets.
type filter struct {
	vm *bpf.VM // for all link types, nil if there is none

	compile func(capture.LinkType) ([]bpf.RawInstruction, error)
	perLink map[capture.LinkType]*bpf.VM // nil machine: every packet passes
}

func (f *filter) set() bool { return f.vm != nil || f.compile != nil }

// SetFilter drops packets for which the program returns 0; nil lifts it. The
// length that the program sees is the captured one. It must be called between
// calls of ReadBatch, by the goroutine that makes them.
func (s *Source) SetFilter(program []bpf.RawInstruction) error {
	if program == nil {
		s.filter = filter{}
		return nil
	}
	vm, err := machine(program)
	if err != nil {
		return err
	}
	s.filter = filter{vm: vm}
	return nil
}

// SetFilterFunc is SetFilter for inputs whose link types are not known
// beforehand or differ: compile is asked once for each link type that is met.
// A link type for which it returns an error or no program is not filtered;
// compile should remember the error.
func (s *Source) SetFilterFunc(compile func(capture.LinkType) ([]bpf.RawInstruction, error)) {
	s.filter = filter{compile: compile, perLink: make(map[capture.LinkType]*bpf.VM)}
}

// keep moves the packets that pass to the front and counts them.
func (f *filter) keep(batch []capture.Packet) int {
	kept := 0
	for i := range batch {
		vm := f.vm
		if f.compile != nil {
			vm = f.of(batch[i].Link)
		}
		if vm != nil {
			if n, err := vm.Run(batch[i].Data); n == 0 || err != nil {
				continue
			}
		}
		if kept != i {
			batch[kept] = batch[i]
		}
		kept++
	}
	return kept
}

// of gives the machine for a link type.
func (f *filter) of(link capture.LinkType) *bpf.VM {
	vm, known := f.perLink[link]
	if !known {
		if program, err := f.compile(link); err == nil && program != nil {
			if vm, err = machine(program); err != nil {
				vm = nil
			}
		}
		f.perLink[link] = vm
	}
	return vm
}

func machine(program []bpf.RawInstruction) (*bpf.VM, error) {
	instructions, known := bpf.Disassemble(program)
	if !known {
		for i := range instructions {
			if raw, ok := instructions[i].(bpf.RawInstruction); ok {
				return nil, fmt.Errorf("check filter: instruction %d (%#x) is unknown", i, raw.Op)
			}
		}
	}
	vm, err := bpf.NewVM(instructions)
	if err != nil {
		return nil, fmt.Errorf("check filter: %w", err)
	}
	return vm, nil
}

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
	if _, err := machine(program); err != nil {
		return nil, err
	}
	return program, nil
}
