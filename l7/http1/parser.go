package http1

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

// state is what a direction is in the middle of.
type state uint8

const (
	atHead     state = iota
	inBody           // body of known length that is read through, not skipped
	atChunk          // size line of a chunk
	inChunk          // chunk that is read through
	behind           // line end behind a chunk
	inTrailers       // behind the last chunk
	untilClose       // body that ends with the connection, read through
	inFrames         // WebSocket
	astray           // the length of the body cannot be known
	tunnel           // CONNECT, or an upgrade to something else
	blind            // nothing more can be said; bytes are passed over
)

// half is one direction.
type half struct {
	state  state
	open   bool // a message was emitted with More and has not ended
	doubt  bool // the body may not exist: the request was not seen
	broken bool // no request may start before the server has answered
	want   bool // the body is captured
	show   bool // to be told
	strict bool // the place is a guess: only what is certainly a request is taken for one

	scan, line int // how far a head was searched for its end; start of the line there

	left  int64 // of the body or chunk that is read through
	size  int64 // of the chunked or read body so far
	body  []byte
	bound int      // of the captured body
	media []byte   // Content-Type of the captured body
	asked ids.Body // how fields are looked for in it
	ws    frames
}

// restart puts the direction at the start of a message.
func (h *half) restart() {
	h.state, h.scan, h.line = atHead, 0, 0
	h.open, h.doubt, h.want, h.show, h.asked = false, false, false, false, ids.NoBody
}

// parser reads one connection.
type parser struct {
	half   [2]half
	facts  facts
	ids    l7.IDMatcher
	fast   *ids.Matcher // ids, if it is one of ours
	bodies int
	seen   bool // a message was found
	closed uint16

	fold []byte // values that obsolete folding tore apart
	path []byte // path of an absolute-form target without one
	text []byte // values of fields that were encoded
}

var _ l7.Parser = (*parser)(nil)

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) == 0 {
		return l7.Step{}, nil
	}
	h := &p.half[dir]
	if h.doubt {
		switch p.phantom(h, b) {
		case l7.NeedMore:
			return l7.Step{}, nil
		case l7.Yes: // it answered a HEAD
			p.finishBody(dir, 0, out)
			return l7.Step{}, nil
		}
	}
	switch h.state {
	case atHead:
		return p.head(dir, b, out)
	case inBody:
		return p.body(dir, b, out)
	case atChunk, inChunk, behind:
		return p.chunks(dir, b)
	case inTrailers:
		return p.trailers(dir, b, out)
	case untilClose:
		h.keep(b)
		return l7.Step{Consumed: len(b)}, nil
	case inFrames:
		return p.frames(dir, b, out)
	case blind:
		return l7.Step{Consumed: len(b), Skip: l7.SkipAll}, nil
	case tunnel:
		return l7.Step{}, l7.ErrSwitch
	default:
		return l7.Step{}, l7.ErrDesync
	}
}

// lost is the error for bytes that are no message.
func (p *parser) lost() error {
	if p.seen {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// Gap meets l7.Parser: a body that is read through survives it.
func (p *parser) Gap(dir l7.Dir, lost int64) (keep bool) {
	h := &p.half[dir]
	switch h.state {
	case inBody, inChunk:
		if lost <= h.left {
			h.left -= lost
			h.size += lost
			h.want, h.doubt = h.want && h.full(), false
			if h.left == 0 && h.state == inChunk {
				h.state = behind
			}
			return true
		}
	case untilClose:
		h.want, h.doubt = h.want && h.full(), false
		return true
	case inFrames:
		h.state, h.ws.blind = blind, true
		return true
	case blind, tunnel:
		return true
	}
	p.facts.doubt = true
	h.restart()
	h.strict = true
	return false
}

// End meets l7.Parser.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) {
	h := &p.half[dir]
	switch {
	case p.half[l7.ToClient].ws.open && dir == l7.ToClient:
		p.endFrames(out)
	case h.open && (h.state == untilClose || h.state == inBody && h.left == 0):
		p.finishBody(dir, h.size, out)
	default:
		p.Cut(dir, b, out) // it will not be finished
	}
}

// Finish meets l7.Parser.
func (p *parser) Finish(out *l7.Emitter) {
	h := &p.half[l7.ToClient]
	switch {
	case h.ws.open:
		p.endFrames(out)
	case h.open && (h.state == untilClose || h.state == inBody && h.left == 0):
		p.finishBody(l7.ToClient, h.size, out)
	}
}
