//go:build linux

package listen

import (
	"fmt"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
)

// SetFilter replaces the filter; nil lifts it. Programs are made for
// capture.LinkRaw. They run in user space, because sockets show the kernel's
// filters no outer header. It may be called from any goroutine.
func (s *Source) SetFilter(program []bpf.RawInstruction) error {
	if program == nil {
		s.program.Store(nil)
		return nil
	}
	if len(program) > cbpf.MaxInstructions {
		return fmt.Errorf("set filter: %d instructions, at most %d", len(program), cbpf.MaxInstructions)
	}
	s.program.Store(&program)
	return nil
}

// SetFilterFunc replaces the filter with what compile gives for
// capture.LinkRaw; nil lifts it. After an error of compile the filter is as
// before.
func (s *Source) SetFilterFunc(compile func(capture.LinkType) ([]bpf.RawInstruction, error)) error {
	if compile == nil {
		return s.SetFilter(nil)
	}
	program, err := compile(capture.LinkRaw)
	if err != nil {
		return err
	}
	return s.SetFilter(program)
}

// pass runs the filter over a packet, cuts it to the bytes that the program
// wants, and tells whether it wants any.
func (s *Source) pass(program []bpf.RawInstruction, p *capture.Packet) bool {
	s.meta.Len = p.WireLen
	want := cbpf.Run(program, p.Data, &s.meta)
	if int64(want) < int64(len(p.Data)) {
		p.Data = p.Data[:want]
	}
	return want != 0
}
