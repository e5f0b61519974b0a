package tls

import "github.com/wirespan/wirespan/l7"

// open deciphers one record and acts on what is inside.
func (p *parser) open(dir l7.Dir, r record, b []byte, out *l7.Emitter) (l7.Step, error) {
	if h := &p.half[dir]; h.open == turn {
		p.endOpen(dir, out) // the secret became known only now
		return l7.Step{}, nil
	}
	k := p.k
	s := &k.stream[dir]
	end := recordHead + r.size
	if len(b) < end {
		s.waits = end
		return l7.Step{Need: end}, nil
	}
	s.waits = 0
	plain, kind, ok := p.decipher(dir, r, b[:end], out)
	if ok || !s.broken {
		s.end = out.Here().Offset + int64(end)
	}
	if !ok {
		return p.sealedRecord(dir, r, out)
	}
	switch kind {
	case typeHandshake:
		p.messages(dir, plain, out)
	case typeAlert:
		p.closing(dir, plain, out)
	case typeData:
		p.endHello(out)
		if s.lost > 0 {
			out.PlainGap(dir, s.lost)
			s.lost = 0
		}
		out.Plain(dir, plain)
	}
	return l7.Step{Consumed: end}, nil
}

// decipher opens a record by the secret of its direction, else by the one that
// follows, else by numbers of records behind a gap.
func (p *parser) decipher(dir l7.Dir, r record, b []byte, out *l7.Emitter) (plain []byte, kind uint8, ok bool) {
	s := &p.k.stream[dir]
	buf := out.Buffer(r.size)[:0]
	if plain, kind, ok = s.try(buf, r, b, p.version); ok {
		p.crossed(dir, 0, out)
		return plain, kind, true
	}
	if s.broken {
		from := s.seq
		for n := range uint64(maxAhead) {
			s.seq = from + 1 + n
			if plain, kind, ok = s.try(buf, r, b, p.version); ok {
				p.crossed(dir, int64(n)+1, out)
				return plain, kind, true
			}
		}
		s.seq = from
	}
	if (p.version == tls13 || p.version == 0) && s.level < dataLevel {
		old, k := *s, p.k
		for at := s.level + 1; at <= dataLevel; at++ {
			if !k.derive13(dir, at) {
				continue
			}
			if plain, kind, ok = s.try(buf, r, b, tls13); ok {
				p.crossed(dir, 0, out)
				return plain, kind, true
			}
		}
		s.c, s.level, s.secret, s.seq, s.good = old.c, old.level, old.secret, old.seq, old.good
	}
	return nil, 0, false
}

// try opens a record with the next number.
func (s *stream) try(buf []byte, r record, b []byte, version int) (plain []byte, kind uint8, ok bool) {
	plain, ok = s.c.open(buf, s.seq, b[:recordHead], b[recordHead:])
	if !ok {
		return nil, 0, false
	}
	s.seq++
	s.good, s.fails = true, 0
	if version != tls13 && version != 0 {
		return plain, r.kind, true
	}
	n := len(plain)
	for n > 0 && plain[n-1] == 0 {
		n-- // padding
	}
	if n == 0 {
		return nil, 0, true
	}
	return plain[:n-1], plain[n-1], true
}

// crossed counts the plaintext that was lost in a gap of so many records.
func (p *parser) crossed(dir l7.Dir, records int64, out *l7.Emitter) {
	s := &p.k.stream[dir]
	if s.broken {
		s.lost += max(1, out.Here().Offset-s.end-records*int64(recordHead+p.overhead()))
		s.broken = false
	}
}

// sealedRecord passes over a record that could not be deciphered.
func (p *parser) sealedRecord(dir l7.Dir, r record, out *l7.Emitter) (l7.Step, error) {
	s := &p.k.stream[dir]
	if p.version == tls13 && !s.good && s.level == dataLevel {
		// Only the later secrets are known: the handshake stays enciphered.
		if s.fails++; s.fails > 4*maxFails {
			p.giveUp()
		}
		if p.stage == answered {
			return p.data(dir, r, out)
		}
		return body(r), nil
	}
	s.seq++
	s.lost += int64(max(0, r.size-p.overhead()))
	if s.fails++; s.fails >= maxFails {
		p.giveUp()
	}
	return body(r), nil
}

// giveUp leaves the rest of the connection enciphered.
func (p *parser) giveUp() {
	p.k.blind, p.k.log = true, nil
	p.stage, p.whose = over, unknown
}

// closing acts on a deciphered alert.
func (p *parser) closing(dir l7.Dir, b []byte, out *l7.Emitter) {
	switch {
	case len(b) < 2:
	case b[1] == alertClose:
		out.PlainEnd(dir)
	case b[1] != alertCancelled && (b[0] == alertFatal || p.version == tls13):
		p.fail(dir, b[1], out)
	}
}

// endHello ends a handshake whose last message was lost.
func (p *parser) endHello(out *l7.Emitter) {
	if p.half[l7.ToClient].open == hello {
		p.endOpen(l7.ToClient, out)
	}
}

// finish acts on a Finished that was deciphered.
func (p *parser) finish(dir l7.Dir, out *l7.Emitter) {
	h := &p.half[dir]
	if p.k == nil || h.finished || p.stage != answered {
		return
	}
	h.finished = true
	if p.version == tls13 {
		p.k.derive13(dir, dataLevel)
	}
	if dir == l7.ToClient {
		p.endOpen(dir, out)
	}
	p.complete(out)
}

// inside acts on handshake messages that are only seen deciphered.
func (p *parser) inside(dir l7.Dir, kind int, b []byte, out *l7.Emitter) {
	switch {
	case kind == msgFinished:
		p.finish(dir, out)
	case kind == msgEncrypted && dir == l7.ToClient:
		r := reader{b: b}
		r.number(2)
		for len(r.b) >= 4 {
			if kind, e := r.extension(); kind == extALPN {
				p.next = append(p.next[:0], firstProtocol(&e)...)
			}
		}
	case kind == msgEndOfEarly && dir == l7.ToServer && p.version == tls13:
		p.k.derive13(dir, handshakeLevel)
	case kind == msgKeyUpdate && p.version == tls13:
		p.k.update(dir)
	case kind <= msgClientHello && p.stage == over:
		p.giveUp() // renegotiation
	}
}

// crosses reports whether a gap of so many bytes leaves the next record's place
// known. The bytes are those from where the record in progress begins.
func (p *parser) crosses(dir l7.Dir, lost int64) bool {
	s := &p.k.stream[dir]
	if s.c == nil || p.k.blind {
		return false
	}
	if c, ok := s.c.(*chained); ok && c.implicit {
		p.giveUp()
		return false
	}
	n := int64(s.waits)
	s.waits = 0
	if n == 0 || lost > n {
		s.broken = true
		return false
	}
	s.left = int(n - lost)
	s.end += n
	s.seq++
	if s.level == dataLevel {
		s.lost += max(0, n-int64(recordHead+p.overhead()))
	}
	return true
}

// rest passes over what is left of a record that had a gap.
func (p *parser) rest(dir l7.Dir) (l7.Step, bool) {
	if p.k == nil || p.k.stream[dir].left == 0 {
		return l7.Step{}, false
	}
	n := p.k.stream[dir].left
	p.k.stream[dir].left = 0
	return l7.Step{Skip: int64(n)}, true
}
