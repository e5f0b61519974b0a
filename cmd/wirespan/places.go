package main

import (
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/wire"
	clocks "github.com/wirespan/wirespan/mirror/clock"
	"github.com/wirespan/wirespan/mirror/point"
)

// places puts the packets of one reader at their capture points, and looks for
// points that show one direction only. It is the reader's.
type places struct {
	busy   bool            // there is something to do for each packet
	inputs []capture.Point // points of the source
	names  *point.Names
	table  *point.Table  // nil: the points of the source are all
	pairs  *point.Pairs  // nil as long as there is one point
	stamps *clocks.Clock // nil: packets have the times of their arrival
}

func newPlaces(cfg *pipelineConfig) *places {
	p := &places{}
	if cfg.stamps {
		p.stamps, p.busy = &clocks.Clock{}, true
	}
	if cfg.names != nil {
		p.names, p.table, p.busy = cfg.names, point.NewTable(cfg.names), true
	}
	return p
}

// learn takes over the points of the source after a read.
func (p *places) learn(src capture.Source) {
	p.inputs = src.Points()
	if p.pairs == nil && (len(p.inputs) > 1 || p.table != nil && len(p.names.Points()) > 1) {
		p.pairs, p.busy = &point.Pairs{}, true
	}
}

// set puts a packet, which dec has decoded last, at its point, and reports
// whether there are several.
func (p *places) set(dec *wire.Decoder, f *wire.Frame) bool {
	if p.stamps != nil {
		f.Time = p.stamps.At(f, dec.Mark(f))
	}
	if p.table != nil {
		p.table.Set(f, dec.Mark(f), p.inputs)
	}
	return p.pairs != nil
}

func (p *places) look(f *wire.Frame) { p.pairs.Look(f) }

// points lists the points of a reader's packets.
func (r *reader) points() []capture.Point {
	if r.places.names != nil {
		return r.places.names.Points()
	}
	return r.src.Points()
}

// others counts the packets of points beyond the bound.
func (p *places) others() uint64 {
	if p.table == nil {
		return 0
	}
	return p.table.Others()
}

// halves lists the points that show one direction each.
func (p *places) halves() []point.Half {
	if p.pairs == nil {
		return nil
	}
	return p.pairs.Found()
}

// composePoints reads the flags about points and duplicates.
func (o *options) composePoints(p *parts) error {
	var err error
	if p.cfg.names, err = o.placing.names(o.say); err != nil {
		return usage(err)
	}
	if p.cfg.rooms.dups, err = o.placing.duplicatesConfig(); err != nil {
		return usage(err)
	}
	p.cfg.stamps, p.cfg.taps = o.placing.clock == byERSPAN, o.placing.taps
	return nil
}
