package main

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
	"github.com/wirespan/wirespan/capture/wire"
)

// readFilter is a filter expression for captures: a program for each link type
// that is met.
type readFilter struct {
	expr     *filter.Expr
	resolver filter.Resolver
	programs map[capture.LinkType][]bpf.RawInstruction // of match
}

// newReadFilter reads the expression of -F, --filter and trailing words; it
// gives nil if there is none.
func newReadFilter(o *readOptions) (*readFilter, error) {
	words := o.words
	if o.expr != "" {
		if len(words) > 0 {
			return nil, errors.New("a filter is given both by --filter and by words")
		}
		words = []string{o.expr}
	}
	text, err := filterText(o.exprFile, words)
	if err != nil {
		return nil, err
	}
	expr, err := filter.Parse(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	if expr.Empty() {
		if o.inner {
			return nil, errors.New("--filter-inner: there is no filter")
		}
		return nil, nil
	}
	if o.program != "" {
		return nil, errors.New("--filter-program and a filter expression exclude each other")
	}
	return &readFilter{
		expr: expr, resolver: newResolver().functions(),
		programs: make(map[capture.LinkType][]bpf.RawInstruction),
	}, nil
}

// compile makes the program for a link type; what can match nothing there
// takes nothing.
func (f *readFilter) compile(link capture.LinkType) ([]bpf.RawInstruction, error) {
	p, err := f.expr.Compile(filter.Options{Link: link, Foreign: true, Resolver: f.resolver})
	if errors.Is(err, filter.ErrRejectsAll) {
		return filter.RejectAll().Instructions, nil
	}
	if err != nil {
		return nil, &filterError{link, err}
	}
	return p.Instructions, nil
}

// match reports whether the innermost frame of a packet, which dec has decoded
// last, passes.
func (f *readFilter) match(dec *wire.Decoder, p *capture.Packet) (bool, error) {
	data, link, size := dec.Innermost(p)
	program, ok := f.programs[link]
	if !ok {
		var err error
		if program, err = f.compile(link); err != nil {
			return false, err
		}
		f.programs[link] = program
	}
	m := &cbpf.Meta{Len: uint32(size)}
	if p.Dir == capture.DirOut {
		m.PktType = packetOutgoing
	}
	return cbpf.Run(program, data, m) > 0, nil
}

// packetOutgoing is PACKET_OUTGOING of linux/if_packet.h.
const packetOutgoing = 4

// filterError is a filter that does not go with the link type of an input.
type filterError struct {
	link capture.LinkType
	err  error
}

func (e *filterError) Error() string {
	return fmt.Sprintf("filter, for frames of link type %s: %v", filter.LinkName(e.link), e.err)
}
func (e *filterError) Unwrap() error { return e.err }
