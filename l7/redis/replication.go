package redis

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// syncState is how far a replica has come (PSYNC, replication.c).
type syncState uint8

// States.
const (
	noSync         syncState = iota
	beforeSnapshot           // line feeds, then the length of the snapshot or its end mark
	inSnapshot               // up to the end mark
	inStream                 // commands from the master, without replies
)

// markSize is the size of the mark that ends a snapshot of unknown length
// (RDB_EOF_MARK_SIZE).
const markSize = 40

// replicate reads what a master sends to a replica: a snapshot, which is passed
// over, then commands.
func (p *parser) replicate(b []byte, out *l7.Emitter) (l7.Step, error) {
	switch p.sync {
	case beforeSnapshot:
		if b[0] == '\n' {
			return l7.Step{Consumed: 1}, nil
		}
		return p.snapshotHead(b)
	case inSnapshot:
		if i := bytes.Index(b, p.snapshot[:]); i >= 0 {
			p.sync = inStream
			return l7.Step{Consumed: i + markSize}, nil
		}
		return l7.Step{Consumed: max(len(b)-markSize+1, 0)}, nil
	}
	return p.request(l7.ToClient, b, out)
}

// snapshotHead reads the line in front of a snapshot: $length or $EOF:mark.
func (p *parser) snapshotHead(b []byte) (l7.Step, error) {
	const eof = "$EOF:"
	if n := min(len(b), len(eof)); string(b[:n]) == eof[:n] {
		next, o := 0, more
		if len(b) >= len(eof)+markSize {
			next, o = expect(b, len(eof)+markSize)
		}
		switch o {
		case more:
			return l7.Step{}, nil
		case bad:
			return l7.Step{}, l7.ErrDesync
		}
		copy(p.snapshot[:], b[len(eof):])
		p.sync = inSnapshot
		return l7.Step{Consumed: next}, nil
	}
	n, next, o := bulk(b, 0)
	switch o {
	case more:
		return l7.Step{}, nil
	case bad:
		return l7.Step{}, l7.ErrDesync
	}
	p.sync = inStream
	return l7.Step{Consumed: next, Skip: n}, nil
}
