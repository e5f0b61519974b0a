package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/afpacket"
	"github.com/wirespan/wirespan/capture/pcapfile"
)

// liveFilter is what a live run lets into its rings.
type liveFilter struct {
	shown    string // for people
	expr     *filter.Expr
	program  []bpf.RawInstruction // instead of expr: --filter-program
	snaplen  uint32
	snap     *snapStep // of --adaptive-snap, else nil
	resolver filter.Resolver
	notes    []string     // for the operator
	from     *liveOptions // that it was made of
}

// newLiveFilter brings together what the user asks for, what wirespan itself
// sends, and what else the flags leave out.
func newLiveFilter(ctx context.Context, o *liveOptions) (*liveFilter, error) {
	f := &liveFilter{snaplen: uint32(o.snaplen), resolver: newResolver().functions(), from: o}
	if o.adaptive {
		f.snap = &snapStep{}
	}
	if o.program != "" {
		return f, f.readProgram(o.program)
	}
	user := o.user
	if strings.TrimSpace(user) == "" && o.mirror == nil {
		user = sshExpr
	}
	chosen, err := filter.Parse(user)
	if err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	own, err := filter.Parse(f.ownExpr(ctx, o))
	if err != nil {
		return nil, fmt.Errorf("filter of own exports: %w", err)
	}
	f.expr = filter.And(chosen, own)
	f.shown = f.expr.String()
	if o.dropAcks {
		f.expr = filter.And(f.expr, filter.Not(filter.EmptyACK()))
		f.shown += ", no empty acknowledgements"
	}
	return f, nil
}

// ownExpr leaves out what wirespan itself sends.
func (f *liveFilter) ownExpr(ctx context.Context, o *liveOptions) string {
	if o.own {
		return ""
	}
	targets, listeners := o.ownEnds()
	own := findOwn(ctx, targets, listeners, systemLookup)
	for _, err := range own.faults {
		f.notes = append(f.notes, err.Error())
	}
	return own.expr()
}

// ownEnds are the URLs that a run sends to, and the addresses it serves on.
func (o *liveOptions) ownEnds() (targets, listeners []string) {
	targets = append(targets, o.otlp...)
	if env, err := readOTelEnv(); err == nil && len(targets) == 0 && env.target != "" {
		targets = append(targets, env.target)
	}
	if o.toServer.url != "" {
		targets = append(targets, o.toServer.url)
	}
	more, listeners := o.watchOptions.peers()
	if ui := o.keeping.listener(); ui != "" {
		listeners = append(listeners, ui)
	}
	return append(targets, more...), listeners
}

// readProgram takes a compiled program instead of an expression.
func (f *liveFilter) readProgram(path string) error {
	if f.snap != nil {
		return errors.New("--filter-program and --adaptive-snap exclude each other: a program keeps what it says")
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open filter program: %w", err)
	}
	defer file.Close()
	if f.program, err = pcapfile.ParseProgram(file); err != nil {
		return fmt.Errorf("read filter program %s: %w", path, err)
	}
	f.shown = "the program in " + path
	return nil
}

// compile makes the program for a link type, as afpacket.Config asks. What can
// match nothing there takes nothing.
func (f *liveFilter) compile(link capture.LinkType) ([]bpf.RawInstruction, error) {
	p, err := f.make(link)
	if err != nil {
		return nil, err
	}
	return p.Instructions, nil
}

func (f *liveFilter) make(link capture.LinkType) (*filter.Program, error) {
	if f.program != nil {
		return &filter.Program{Instructions: f.program}, nil
	}
	if m := f.from.mirror; m != nil && m.inner {
		return &filter.Program{}, nil // it is applied to what is in the tunnels
	}
	opt := filter.Options{Link: link, Snaplen: f.snaplen, Live: true, Resolver: f.resolver}
	if f.snap != nil {
		opt.Snaps = f.snap.snaps()
	}
	p, err := f.expr.Compile(opt)
	if errors.Is(err, filter.ErrRejectsAll) {
		return filter.RejectAll(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	return p, nil
}

// print writes the program as tcpdump -d does, for the first interface that
// is named.
func (f *liveFilter) print(w io.Writer, o *liveOptions) error {
	link := capture.LinkEthernet
	spec, err := parseIfaces(o.ifaces)
	if err != nil {
		return usage(err)
	}
	if len(spec.names) > 0 && spec.names[0] == afpacket.Any {
		link = capture.LinkSLL2
	} else if len(spec.names) > 0 {
		list, err := afpacket.Interfaces(netnsPath(o.netns))
		if err != nil {
			return &statusError{exitPartial, fmt.Errorf("list interfaces: %w", err)}
		}
		for _, i := range list {
			if i.Name == spec.names[0] {
				link = i.Link
			}
		}
	}
	p, err := f.make(link)
	if err != nil {
		return usage(err)
	}
	switch o.dump {
	case 1:
		return p.WriteListing(w)
	case 2:
		return p.WriteC(w)
	}
	return p.WriteDecimal(w)
}
