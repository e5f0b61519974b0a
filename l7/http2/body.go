package http2

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
	"github.com/wirespan/wirespan/l7/ids"
)

// kept is what only few streams need: bodies that are captured, and what is
// unpacked of gRPC-Web. Its memory is used again by later streams.
type kept struct {
	body  [2]body
	trail []byte // trailers of gRPC-Web
	whole bool   // all of them are there
	web   [2]base64
}

// body is the beginning of the body of a message.
type body struct {
	text, media []byte
	want, show  bool
	bound       int
	asked       ids.Body // how fields are looked for in it
}

// keep gives a stream room, nil if too many have some.
func (t *streams) keep(s *stream) *kept {
	if s.kept != nil {
		return s.kept
	}
	if n := len(t.spare); n > 0 {
		s.kept, t.spare = t.spare[n-1], t.spare[:n-1]
		return s.kept
	}
	if t.lent == maxKept {
		return nil
	}
	t.lent++
	s.kept = &kept{}
	return s.kept
}

// release takes it back. What was handed on of it stays as it is until another
// stream gets it, which is not before the next call of Parse.
func (t *streams) release(s *stream) {
	k := s.kept
	if k == nil {
		return
	}
	for d := range k.body {
		b := &k.body[d]
		*b = body{text: b.text[:0], media: b.media[:0]}
	}
	k.trail, k.whole, k.web = k.trail[:0], false, [2]base64{}
	s.kept, t.spare = nil, append(t.spare, k)
}

// capture prepares for the body of a message, if it may be text.
func (p *parser) capture(dir l7.Dir, s *stream, f *fields) {
	show, asked := p.bodies > 0 && cursor.TextMedia(f.media, f.coding), ids.NoBody
	if p.fields != nil {
		asked = p.fields.BodyOf(f.media, f.coding)
	}
	if !show && asked == ids.NoBody {
		return
	}
	if k := p.streams.keep(s); k != nil {
		b := &k.body[dir]
		b.want, b.show, b.bound, b.asked = true, show, p.bodies, asked
		b.media = append(b.media[:0], f.media[:min(len(f.media), maxMedia)]...)
		if asked != ids.NoBody {
			b.bound = max(b.bound, ids.MaxBody)
		}
	}
}

// mediaType tells the type of a body, text or not, where bodies are captured.
// That of a call says no more than that it is one.
func (p *parser) mediaType(key uint8, s *stream, f *fields, m *l7.Message) {
	if p.bodies > 0 && !s.call && len(f.media) > 0 {
		m.Str(key, f.media[:min(len(f.media), maxMedia)])
	}
}

// wants reports whether more bytes of a body are to be captured.
func (p *parser) wants(dir l7.Dir, s *stream) bool {
	return s != nil && s.kept != nil && s.kept.body[dir].want && !s.kept.body[dir].full()
}

// take captures bytes of a body.
func (p *parser) take(dir l7.Dir, s *stream, b []byte) {
	if t := &s.kept.body[dir]; t.want {
		t.text = append(t.text, b[:min(len(b), t.bound-len(t.text))]...)
	}
}

// full reports whether nothing more is captured.
func (b *body) full() bool { return len(b.text) >= b.bound }

// miss says that bytes of a body were lost.
func (p *parser) miss(dir l7.Dir, s *stream) {
	if p.wants(dir, s) {
		s.kept.body[dir].want = false
	}
}

// addBody adds what was captured, if it is text, and the fields in it.
func (p *parser) addBody(dir l7.Dir, s *stream, m *l7.Message) {
	if s.kept == nil || !s.kept.body[dir].want {
		return
	}
	b := &s.kept.body[dir]
	if b.asked != ids.NoBody {
		p.values = p.fields.Fields(b.asked, b.text, b.full(), m, p.values[:0])
	}
	if !b.show {
		return
	}
	if text := cursor.Text(b.text[:min(len(b.text), p.bodies)], len(b.text) >= p.bodies); len(text) > 0 {
		m.Str(keyRequestBody+uint8(dir), text)
		m.Media = b.media
	}
}
