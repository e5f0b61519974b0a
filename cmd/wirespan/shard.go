package main

import (
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/mirror/dup"
	"github.com/wirespan/wirespan/tracer/join"
	"github.com/wirespan/wirespan/tracer/link"
)

// numShards is the number of parts the connections are divided into; it is
// part of what makes output independent of the number of workers.
const numShards = 64

// shard holds rooms 3 to 5 for a part of the connections.
type shard struct {
	table *flows.Table
	eng   *engine.Engine
	join  *join.Joiner
	gate  *gate       // between table and eng; nil without a budget
	dups  *dup.Filter // in front of table; nil: duplicates are kept
}

func newShard(cfg *roomConfig, i int) (*shard, error) {
	s := &shard{join: join.New(cfg.join, uint8(i))}
	var err error
	if s.eng, err = engine.New(cfg.engine, s.join); err != nil {
		return nil, err
	}
	var h flows.Handler = s.eng
	if cfg.sampler != nil {
		s.gate = newGate(s.eng)
		h = s.gate
	}
	if cfg.dups != nil {
		if s.dups, err = dup.New(*cfg.dups); err != nil {
			return nil, err
		}
	}
	s.table, err = flows.NewTable(cfg.flows, h)
	return s, err
}

func (s *shard) push(f *wire.Frame, now int64, out *link.Batch) {
	if s.dups != nil && s.dups.Again(f) {
		return
	}
	s.join.Begin(out, now)
	s.table.Push(f, now)
}

func (s *shard) tick(now int64, out *link.Batch) {
	s.join.Begin(out, now)
	s.table.Tick(now)
	s.join.Tick()
}

func (s *shard) flush(now int64, out *link.Batch) {
	s.join.Begin(out, now)
	s.table.Flush(now)
}

// follow takes the level of sampling of the next frames.
func (s *shard) follow(level uint8, now int64, out *link.Batch) {
	if level != s.gate.level {
		s.join.Begin(out, now)
		s.gate.follow(level, now)
	}
}
