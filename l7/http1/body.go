package http1

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
	"github.com/wirespan/wirespan/l7/ids"
)

// bodyFollows prepares for the body behind a head and says how much of it the
// engine is to skip: all of it, unless it is captured or chunked.
func (p *parser) bodyFollows(h *half, how framing, f *fields, m *l7.Message) (skip int64) {
	p.mediaType(f, m)
	if how != bodyless {
		p.capture(h, f)
	}
	h.size, h.body = 0, h.body[:0]
	switch how {
	case counted:
		if !h.want {
			return f.length
		}
		h.state, h.left = inBody, f.length
	case inChunks:
		h.state, m.Size = atChunk, -1
	case toTheEnd:
		if !h.want {
			h.state = blind
			return l7.SkipAll
		}
		h.state = untilClose
	default:
		return 0
	}
	h.open, m.More = true, true
	return 0
}

// mediaType tells the type of a body, text or not, where bodies are captured.
func (p *parser) mediaType(f *fields, m *l7.Message) {
	if p.bodies == 0 || len(f.ctype) == 0 {
		return
	}
	key := keyRequestType
	if m.Kind != l7.Request {
		key = keyResponseType
	}
	m.Str(key, f.ctype[:min(len(f.ctype), maxMedia)])
}

// maxMedia bounds the Content-Type that is kept.
const maxMedia = 128

// capture says whether the body that follows is captured: to be told, or because
// the user looks for fields in it.
func (p *parser) capture(h *half, f *fields) {
	h.show, h.asked = p.bodies > 0 && cursor.TextMedia(f.ctype, f.cenc), ids.NoBody
	if p.fast != nil {
		h.asked = p.fast.BodyOf(f.ctype, f.cenc)
	}
	h.want, h.bound = h.show || h.asked != ids.NoBody, p.bodies
	if h.asked != ids.NoBody {
		h.bound = max(h.bound, ids.MaxBody)
	}
	if h.show {
		h.media = append(h.media[:0], f.ctype[:min(len(f.ctype), maxMedia)]...)
	}
}

// full reports whether nothing more of the body is captured.
func (h *half) full() bool { return len(h.body) >= h.bound }

// body reads through a body of known length.
func (p *parser) body(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	n := int(min(h.left, int64(len(b))))
	h.keep(b[:n])
	h.left -= int64(n)
	if h.left == 0 {
		p.finishBody(dir, h.size, out)
	}
	return l7.Step{Consumed: n}, nil
}

// keep counts bytes of a body and captures the first of them.
func (h *half) keep(b []byte) {
	h.size += int64(len(b))
	if h.want && !h.full() {
		h.body = append(h.body, b[:min(len(b), h.bound-len(h.body))]...)
	}
}

// finishBody emits the End of the message whose body was read through.
func (p *parser) finishBody(dir l7.Dir, size int64, out *l7.Emitter) {
	h := &p.half[dir]
	m := out.Begin(l7.End)
	m.Size = size
	p.addBody(dir, m)
	h.restart()
	out.Emit(dir)
}

// addBody adds what was captured, if it is text, and the fields in it.
func (p *parser) addBody(dir l7.Dir, m *l7.Message) {
	h := &p.half[dir]
	if !h.want || len(h.body) == 0 {
		return
	}
	if h.asked != ids.NoBody {
		p.text = p.fast.Fields(h.asked, h.body, h.full(), m, p.text[:0])
	}
	if !h.show {
		return
	}
	if text := cursor.Text(h.body[:min(len(h.body), p.bodies)], len(h.body) >= p.bodies); len(text) > 0 {
		key := keyRequestBody
		if dir == l7.ToClient {
			key = keyResponseBody
		}
		m.Str(key, text)
		m.Media = h.media
	}
}

// chunks reads chunks (RFC 9112, 7.1): as many as b holds, and skips the rest
// of the last one.
func (p *parser) chunks(dir l7.Dir, b []byte) (l7.Step, error) {
	h := &p.half[dir]
	at := 0
	for at < len(b) {
		switch h.state {
		case behind:
			n := lineEnd(b[at:])
			if n < 0 {
				return p.strayBody(h, at)
			}
			if n == 0 {
				return l7.Step{Consumed: at}, nil
			}
			at += n
			h.state = atChunk
		case inChunk:
			n := int(min(h.left, int64(len(b)-at)))
			h.keep(b[at : at+n])
			h.left -= int64(n)
			at += n
			if h.left == 0 {
				h.state = behind
			}
		default:
			size, n, ok := chunkSize(b[at:])
			if !ok {
				return p.strayBody(h, at)
			}
			if n == 0 {
				return l7.Step{Consumed: at}, nil
			}
			at += n
			switch {
			case size == 0:
				h.state, h.scan, h.line = inTrailers, 0, 0
				return l7.Step{Consumed: at}, nil
			case h.want && !h.full():
				h.state, h.left = inChunk, size
			default:
				h.size += size
				h.state = behind
				if int64(len(b)-at) < size {
					return l7.Step{Consumed: at, Skip: size}, nil
				}
				at += int(size)
			}
		}
	}
	return l7.Step{Consumed: at}, nil
}

// strayBody gives up a chunked body whose framing is wrong.
func (p *parser) strayBody(h *half, at int) (l7.Step, error) {
	h.state = astray
	h.broken = h == &p.half[l7.ToServer]
	if at > 0 {
		return l7.Step{Consumed: at}, nil
	}
	return l7.Step{}, l7.ErrDesync
}

// lineEnd is the length of the line end that b starts with, 0 if more bytes
// are needed, -1 if there is none.
func lineEnd(b []byte) int {
	switch {
	case b[0] == '\n':
		return 1
	case b[0] != '\r':
		return -1
	case len(b) == 1:
		return 0
	case b[1] != '\n':
		return -1
	}
	return 2
}

// chunkSize reads chunk-size [BWS] [";" extensions] and the line end. n is 0
// when more bytes are needed.
func chunkSize(b []byte) (size int64, n int, ok bool) {
	i := 0
	for ; i < len(b) && cursor.IsHex(b[i]); i++ {
		if size>>56 != 0 {
			return 0, 0, false
		}
		size = size<<4 | int64(cursor.HexDigit(b[i]))
	}
	switch {
	case i == len(b):
		return size, 0, i < maxChunkLine
	case i == 0 || b[i] != ';' && b[i] != ' ' && b[i] != '\t' && b[i] != '\r' && b[i] != '\n':
		return 0, 0, false
	}
	line, n, ok := cursor.Line(b[i:])
	if !ok {
		return size, 0, len(b) < maxChunkLine
	}
	if ext := cursor.TrimOWS(line); len(ext) > 0 && ext[0] != ';' {
		return 0, 0, false
	}
	return size, i + n, true
}

// trailers reads the trailer section and ends the message.
func (p *parser) trailers(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	end := lineEnd(b)
	if end < 0 {
		if !h.findEnd(b) {
			if len(b) >= maxHead {
				return p.strayBody(h, 0)
			}
			return l7.Step{}, nil
		}
	} else if end == 0 {
		return l7.Step{}, nil
	}
	m := out.Begin(l7.End)
	m.Size = h.size
	if end < 0 {
		f := fields{length: -1}
		p.fold = p.fold[:0]
		end, _ = p.section(b, 0, &f, m)
	}
	p.addBody(dir, m)
	h.restart()
	out.Emit(dir)
	return l7.Step{Consumed: end}, nil
}
