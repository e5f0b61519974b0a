package http2

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// gathered is a header block with the frames that carry it.
type gathered struct {
	fields   []byte
	promised uint32 // by PUSH_PROMISE
	size     int    // of the frames
	need     int    // bytes to ask for; the block goes on
	broken   bool   // something else follows where CONTINUATION must (RFC 9113, 6.10)
}

// gather puts the fragments of a block together. ok is false when the padding
// of the frame is wrong.
func (p *parser) gather(f *frame, b []byte) (g gathered, ok bool) {
	if len(b) < f.size() {
		return gathered{need: f.size()}, true
	}
	fields, prefix, ok := f.fragment(b[frameHead:f.size()])
	if f.kind == typePush && ok {
		g.promised = binary.BigEndian.Uint32(prefix) & streamMask
	}
	if g.fields, g.size = fields, f.size(); !ok || f.has(flagEndHeaders) {
		return g, ok
	}
	p.block = append(p.block[:0], fields...)
	for {
		if len(b) < g.size+frameHead {
			g.need = g.size + frameHead
			return g, true
		}
		next := frameAt(b[g.size:])
		if g.broken = next.kind != typeContinuation || next.id != f.id || g.size+next.size() > maxFrame; g.broken {
			return g, true
		}
		end := g.size + next.size()
		if len(b) < end {
			g.need = end
			return g, true
		}
		p.block = append(p.block, b[g.size+frameHead:end]...)
		if g.fields, g.size = p.block, end; next.has(flagEndHeaders) {
			return g, true
		}
	}
}

// headers reads HEADERS or PUSH_PROMISE with the CONTINUATION behind it.
func (p *parser) headers(dir l7.Dir, h *half, f *frame, b []byte, out *l7.Emitter) (l7.Step, error) {
	if f.kind == typeContinuation || f.size() > maxFrame {
		h.dec.Forget()
		n := min(f.size(), len(b))
		return l7.Step{Consumed: n, Skip: int64(f.size() - n)}, nil
	}
	g, ok := p.gather(f, b)
	switch {
	case !ok:
		return l7.Step{}, p.lost()
	case g.need > 0:
		return l7.Step{Need: g.need}, nil
	case g.broken:
		h.dec.Forget()
		return l7.Step{Consumed: g.size}, nil
	case !p.seen && !p.plausible(dir, f, g.fields):
		return l7.Step{}, l7.ErrNotMine
	}
	if f.has(flagEndStream) && f.kind == typeHeaders && dir == l7.ToClient && p.late(f.id, out) {
		return l7.Step{}, nil
	}
	p.section(dir, f, &g, out)
	return l7.Step{Consumed: g.size}, nil
}

// plausible reports whether a block may be the first that is told of: nothing in
// it belongs to the other direction, and it is whole.
func (p *parser) plausible(dir l7.Dir, f *frame, fields []byte) bool {
	foreign, answered, ok := pseudo(fields)
	if f.kind == typePush || dir == l7.ToServer {
		foreign = answered
	}
	return ok && foreign == 0 && (f.kind != typePush || dir == l7.ToClient)
}

// section tells what a header block is about.
func (p *parser) section(dir l7.Dir, f *frame, g *gathered, out *l7.Emitter) {
	m := out.Begin(l7.Request)
	var v fields
	p.read(&p.half[dir].dec, g.fields, &v, m)
	end := f.has(flagEndStream)
	switch {
	case f.kind == typePush:
		p.promise(dir, g.promised, &v, m, out)
	case dir == l7.ToServer:
		p.asked(f.id, end, &v, m, out)
	case f.id&1 == 0:
		p.pushed(f.id, end, &v, m, out)
	default:
		p.answered(f.id, end, &v, m, out)
	}
}

// late tells the end of a request that must have been lost, for its response is
// over, and reports whether it did.
func (p *parser) late(id uint32, out *l7.Emitter) bool {
	s := p.streams.find(id)
	if s == nil || s.dead || s.ended[l7.ToServer] || !p.half[l7.ToServer].doubt {
		return false
	}
	p.close(l7.ToServer, s, out.Begin(l7.End))
	p.tell(l7.ToServer, out)
	return true
}
