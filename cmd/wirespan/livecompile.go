package main

import (
	"errors"
	"io"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

func compileLive(expr string, link capture.LinkType, snaplen uint32) ([]bpf.RawInstruction, error) {
	return nil, nil
}

func printLive(w io.Writer, f *liveFilter, how int) error { return errors.New("later") }

func openPortable(o *liveOptions, spec *ifaceSpec, filter programs) (*liveSource, error) {
	return nil, errors.New("later")
}
