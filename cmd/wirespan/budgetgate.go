package main

import (
	"cmp"
	"slices"

	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7/engine"
)

// gate stands between the connections and the parsers of a shard when there is
// a budget. When the rate falls, it ends for the parsers the connections that
// are no longer in the sample: what is open on them is written as cut by the
// capture instead of timing out as if the server had not answered.
type gate struct {
	eng   *engine.Engine
	level uint8
	open  map[*flows.Conn]struct{} // bounded by the table's MaxConns
	ended uint64                   // connections that were ended early
}

// outside marks a connection that the parsers have been told the end of; it
// is a value of flows.Conn.Ext.
type outside struct{}

func newGate(e *engine.Engine) *gate {
	return &gate{eng: e, open: make(map[*flows.Conn]struct{})}
}

// follow takes the level of the next frames.
func (g *gate) follow(level uint8, now int64) {
	if level <= g.level {
		g.level = level
		return
	}
	g.level = level
	var gone []*flows.Conn
	for c := range g.open {
		if !kept(connHash(c), level) {
			gone = append(gone, c)
		}
	}
	slices.SortFunc(gone, func(a, b *flows.Conn) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range gone {
		delete(g.open, c)
		g.eng.Close(c, flows.CloseEvicted, now)
		c.Ext = outside{}
		g.ended++
	}
}

// cuts is the number of connections that were ended early.
func (g *gate) cuts() uint64 {
	if g == nil {
		return 0
	}
	return g.ended
}

// Open meets flows.Handler.
func (g *gate) Open(c *flows.Conn) {
	g.open[c] = struct{}{}
	g.eng.Open(c)
}

// passes reports whether the parsers are to hear of c. A connection that is in
// the sample again begins anew; bytes that waited behind a hole of one that is
// still outside are of no interest.
func (g *gate) passes(c *flows.Conn) bool {
	if _, gone := c.Ext.(outside); !gone {
		return true
	}
	if !kept(connHash(c), g.level) {
		return false
	}
	c.Ext = nil
	g.Open(c)
	return true
}

// Data meets flows.Handler.
func (g *gate) Data(c *flows.Conn, d flows.Dir, b []byte, at flows.Stamp) {
	if g.passes(c) {
		g.eng.Data(c, d, b, at)
	}
}

// Gap meets flows.Handler.
func (g *gate) Gap(c *flows.Conn, d flows.Dir, lost int64, at flows.Stamp) {
	if g.passes(c) {
		g.eng.Gap(c, d, lost, at)
	}
}

// EOF meets flows.Handler. The end of a connection outside is of no interest.
func (g *gate) EOF(c *flows.Conn, d flows.Dir, at flows.Stamp) {
	if _, gone := c.Ext.(outside); !gone {
		g.eng.EOF(c, d, at)
	}
}

// Close meets flows.Handler.
func (g *gate) Close(c *flows.Conn, why flows.CloseReason, now int64) {
	if _, gone := c.Ext.(outside); gone {
		return
	}
	delete(g.open, c)
	g.eng.Close(c, why, now)
}
