package http2

import "github.com/wirespan/wirespan/l7"

// asked takes fields of the client: a request, or its trailers.
func (p *parser) asked(id uint32, end bool, f *fields, m *l7.Message, out *l7.Emitter) {
	s := p.streams.find(id)
	switch {
	case id&1 == 0 || f.status != 0 || s != nil && (s.dead || s.ended[l7.ToServer]):
		return
	case s != nil:
		if end {
			p.trailers(l7.ToServer, s, f, m, out)
		}
		return
	case !f.pseudo() && (f.unknown == 0 || id <= p.newest):
		return // trailers of a request from before the capture
	}
	p.newest = max(p.newest, id)
	s = p.streams.add(id)
	p.request(s, end, f, m)
	p.tell(l7.ToServer, out)
}

// request describes a request and keeps what its end needs.
func (p *parser) request(s *stream, end bool, f *fields, m *l7.Message) {
	m.Kind, m.Match, m.Version, m.More = l7.Request, uint64(s.id), version, !end
	m.Int(keyStream, int64(s.id))
	f.describe(m)
	if p.fields != nil {
		p.values = p.fields.Query(f.path, m, p.values[:0])
	}
	if m.Protocol = protocolHTTP; f.rpc() {
		s.call = true
		p.framed(l7.ToServer, s, f.media)
		f.call(m)
	}
	if end {
		p.close(l7.ToServer, s, m)
	} else {
		p.mediaType(keyRequestType, s, f, m)
		p.capture(l7.ToServer, s, f)
	}
}

var version = []byte("2")

// answered takes fields of the server on a stream of the client: the response,
// an interim one before it, or its trailers.
func (p *parser) answered(id uint32, end bool, f *fields, m *l7.Message, out *l7.Emitter) {
	s := p.streams.find(id)
	switch {
	case f.pseudo() || s != nil && (s.dead || s.ended[l7.ToClient]):
		return
	case s != nil && s.answered:
		if end {
			p.trailers(l7.ToClient, s, f, m, out)
		}
		return
	case f.status/100 == 1 && !end:
		m.Kind, m.Match, m.Code = l7.Interim, uint64(id), f.status
		p.tell(l7.ToClient, out)
		return
	case s == nil && (id == 1 && p.upgraded || f.status == 0 && f.rpcStatus < 0):
		return // asked in HTTP/1; the end of something from before the capture
	case s == nil:
		s = p.streams.add(id)
		s.ended[l7.ToServer] = true
	}
	p.response(s, end, f, m)
	p.tell(l7.ToClient, out)
}

// response describes the final response.
func (p *parser) response(s *stream, end bool, f *fields, m *l7.Message) {
	s.answered = true
	m.Kind, m.Match, m.Version, m.More = l7.Response, uint64(s.id), version, !end
	m.Code, m.Status = f.status, statusOf(f.status)
	f.note(m)
	if m.Protocol = protocolHTTP; s.call || f.rpc() {
		s.call = true
		p.framed(l7.ToClient, s, f.media)
		m.Protocol, m.Class = protocolGRPC, l7.ClassRPC
		if f.status != 0 {
			m.Int(keyStatus, int64(f.status))
		}
		if m.Status == l7.OK {
			m.Status = l7.Unset // the trailers will tell
		}
	}
	p.outcome(f, m)
	if end {
		p.close(l7.ToClient, s, m)
	} else {
		p.mediaType(keyResponseType, s, f, m)
		p.capture(l7.ToClient, s, f)
	}
}

// statusOf says whose fault a status code is.
func statusOf(code int32) l7.Status {
	switch {
	case code >= 500:
		return l7.ServerError
	case code >= 400:
		return l7.ClientError
	case code == 0:
		return l7.Unset
	}
	return l7.OK
}

// trailers ends a message with fields.
func (p *parser) trailers(dir l7.Dir, s *stream, f *fields, m *l7.Message, out *l7.Emitter) {
	m.Kind = l7.End
	if dir == l7.ToClient {
		p.outcome(f, m)
	}
	p.close(dir, s, m)
	p.tell(dir, out)
}

// close fills in what is known at the end of a message, and forgets the stream
// when both have ended.
func (p *parser) close(dir l7.Dir, s *stream, m *l7.Message) {
	m.Match = uint64(s.id)
	m.Size = s.size[dir]
	if s.rpc && !s.msgs[dir].lost && s.msgs[dir].left == 0 {
		m.Int(keySent+uint8(dir), s.msgs[dir].n)
	}
	p.addBody(dir, s, m)
	if s.pushed {
		m.Code, m.Status = s.code, statusOf(s.code)
		if s.code != 0 {
			m.Int(keyStatus, int64(s.code))
		}
	}
	if s.ended[dir] = true; s.ended[dir.Opposite()] {
		p.streams.remove(s.id)
	}
}

// promise takes PUSH_PROMISE: an exchange that the server began.
func (p *parser) promise(dir l7.Dir, id uint32, f *fields, m *l7.Message, out *l7.Emitter) {
	if dir == l7.ToServer || id == 0 || id&1 != 0 || !f.pseudo() || p.streams.find(id) != nil {
		return
	}
	s := p.streams.add(id)
	s.pushed, s.ended[l7.ToServer] = true, true
	m.Kind, m.Match, m.Version, m.More = l7.Pushed, uint64(id), version, true
	m.Protocol = protocolHTTP
	m.Int(keyStream, int64(id))
	f.describe(m)
	p.tell(l7.ToClient, out)
}

// pushed takes fields of a pushed response.
func (p *parser) pushed(id uint32, end bool, f *fields, m *l7.Message, out *l7.Emitter) {
	s := p.streams.find(id)
	if s == nil || s.dead || s.ended[l7.ToClient] {
		return
	}
	if f.status >= 200 {
		s.answered, s.code = true, f.status
	}
	if end {
		m.Kind = l7.End
		p.close(l7.ToClient, s, m)
		p.tell(l7.ToClient, out)
	} else if f.status >= 200 {
		p.capture(l7.ToClient, s, f)
	}
}
