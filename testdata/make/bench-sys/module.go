//go:build linux

package main

import (
	"context"
	"fmt"
	"math"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/bpf/sys/kernel"
)

// view is how much of what happens is told.
type view struct {
	tier sys.Tier // sys.Off: nothing looks
	left leaving
}

// leaving says what leaves out every call that is measured.
type leaving uint8

const (
	nothing leaving = iota // all are told
	byPort
	byProcess
)

// restrict sets the filter.
func (l leaving) restrict(cfg *kernel.Config) {
	switch l {
	case byPort:
		cfg.Ports = []uint16{1}
	case byProcess:
		cfg.TGIDs = []uint32{1}
	}
}

// module is an open tier whose events are read and thrown away.
type module struct {
	src    sys.Source
	cancel context.CancelFunc
	done   chan struct{}
}

// start opens a tier; sys.Off opens none, and nil is a module.
func start(v view) (*module, error) {
	if v.tier == sys.Off {
		return nil, nil
	}
	cfg := kernel.Default()
	cfg.Tiers, cfg.Every = []sys.Tier{v.tier}, math.MaxUint32
	v.left.restrict(&cfg)
	ctx, cancel := context.WithCancel(context.Background())
	src, report, err := kernel.Open(ctx, cfg)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("%v: %s", v.tier, report[0].Reason)
	}
	m := &module{src, cancel, make(chan struct{})}
	go func() {
		defer close(m.done)
		batch := make([]sys.Event, 512)
		for {
			if _, err := src.Read(ctx, batch); err != nil {
				return
			}
		}
	}()
	return m, nil
}

// stop closes it and returns its counters.
func (m *module) stop() (sys.Stats, error) {
	if m == nil {
		return sys.Stats{}, nil
	}
	m.cancel()
	<-m.done
	st, err := m.src.Stats()
	if e := m.src.Close(); err == nil {
		err = e
	}
	return st, err
}
