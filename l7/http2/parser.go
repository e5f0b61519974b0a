package http2

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/hpack"
	"github.com/wirespan/wirespan/l7/ids"
)

// state is what a direction is in the middle of.
type state uint8

const (
	atFrame   state = iota
	inData          // payload of a DATA frame
	inReset         // payload of RST_STREAM, of which a first message was told
	inRest          // rest of a frame of which bytes were lost
	searching       // a frame must be found
)

// half is one direction.
type half struct {
	state state
	end   bool   // DATA with END_STREAM
	doubt bool   // frames were lost: streams may have ended that look open
	id    uint32 // stream of DATA or RST_STREAM
	left  int    // of the payload, padding included
	pad   int

	dec hpack.Decoder
	cut int      // size of the frames that Cut saw the start of
	at  l7.Stamp // of the RST_STREAM frame
}

// parser reads one connection.
type parser struct {
	half     [2]half
	streams  streams
	seen     bool         // a message was found
	upgraded bool         // HTTP/1 came before, so stream 1 may be answered that was asked there
	newest   uint32       // highest stream of the client
	block    []byte       // fields from several frames
	text     []byte       // grpc-message without its coding
	bodies   int          // bytes of a body to capture
	fields   *ids.Matcher // that knows fields of queries and bodies, nil if there is none
	values   []byte       // of fields that were encoded
}

var _ l7.Parser = (*parser)(nil)

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	at := 0
	for at < len(b) {
		var s l7.Step
		var err error
		told := false
		switch h.state {
		case inData:
			s, told = p.data(dir, h, b[at:], out)
		case inReset:
			if at > 0 || len(b) < 4 {
				return l7.Step{Consumed: at, Need: 4}, nil
			}
			h.state = atFrame
			p.reset(dir, h, codeAt(b), out)
			return l7.Step{Consumed: 4}, nil
		case inRest:
			n := min(h.left, len(b)-at)
			h.state = atFrame
			s = l7.Step{Consumed: n, Skip: int64(h.left - n)}
		case searching:
			off, ok := p.search(dir, b[at:])
			if s.Consumed = off; ok {
				h.state = atFrame
			} else {
				told = true // nothing more can be done
			}
		default:
			if at > 0 && !dull(b[at:]) {
				return l7.Step{Consumed: at}, nil // messages begin at the first byte of a call
			}
			s, err = p.frame(dir, h, b[at:], out)
			told = err != nil || s.Consumed == 0 || !dull(b[at:])
		}
		at += s.Consumed
		if told || s.Skip > 0 || s.Need > 0 {
			s.Consumed = at
			return s, err
		}
	}
	return l7.Step{Consumed: at}, nil
}

// dull reports whether b begins with a frame that tells no message by itself.
func dull(b []byte) bool {
	if len(b) < frameHead {
		return true
	}
	switch b[3] {
	case typeHeaders, typePush, typeContinuation, typeReset:
		return false
	}
	return true
}

// frame begins a frame.
func (p *parser) frame(dir l7.Dir, h *half, b []byte, out *l7.Emitter) (l7.Step, error) {
	if dir == l7.ToServer && isPreface(b) {
		if len(b) < prefaceLen {
			return l7.Step{Need: prefaceLen}, nil
		}
		return l7.Step{Consumed: prefaceLen}, nil
	}
	if len(b) < frameHead {
		return l7.Step{Need: frameHead}, nil
	}
	f := frameAt(b)
	if !f.valid() || !p.seen && !f.strict() {
		return l7.Step{}, p.lost()
	}
	switch f.kind {
	case typeData:
		return p.beginData(dir, h, &f, b)
	case typeHeaders, typePush, typeContinuation:
		return p.headers(dir, h, &f, b, out)
	case typeReset:
		if len(b) < f.size() {
			return l7.Step{Need: f.size()}, nil
		}
		return p.beginReset(dir, h, &f, b, out), nil
	}
	n := min(f.size(), len(b))
	return l7.Step{Consumed: n, Skip: int64(f.size() - n)}, nil
}

// lost is the error for bytes that are no frame.
func (p *parser) lost() error {
	if p.seen {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// tell emits a message.
func (p *parser) tell(dir l7.Dir, out *l7.Emitter) {
	p.seen = true
	out.Emit(dir)
}
