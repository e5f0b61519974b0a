package nats

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// parser reads one connection.
type parser struct {
	ids     l7.IDMatcher
	found   bool
	verbose bool // commands are answered with +OK
	blind   bool // commands or answers were lost: which +OK is whose is not known
	after   int  // commands behind a PING that was sent blind
	asked   bool // such a PING was sent
	waits   waits
	subs    []subscription
	client  []byte
	idBuf   []byte
	reason  []byte
	name    []byte
}

func newParser(o l7.Options) *parser {
	return &parser{ids: o.IDs, idBuf: make([]byte, 0, 512)}
}

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if b[0] == '\r' || b[0] == '\n' { // behind a payload
		return l7.Step{Consumed: 1}, nil
	}
	if b[0] == 0x16 && dir == l7.ToServer && p.found {
		return l7.Step{}, l7.ErrSwitch // TLS, as INFO wants it
	}
	l, o := readLine(b)
	switch {
	case o == more:
		return l7.Step{}, nil
	case o == bad:
		return p.odd(dir, &l, out)
	case !l.verb.mayCome(dir):
		return l7.Step{}, p.lost()
	}
	p.idBuf = p.idBuf[:0]
	if l.verb == pub || l.verb == hpub || l.verb == msg || l.verb == hmsg {
		need := l.end + min(l.headers, maxHeaders) + min(digestSize, l.size-l.headers)
		if l.headers > maxHeaders {
			need = l.end + maxHeaders
		}
		if len(b) < need {
			return l7.Step{Need: need}, nil
		}
		p.message(dir, &l, b[l.end:need], out)
		return l7.Step{Consumed: need, Skip: int64(l.end+l.size-need) + 2}, nil
	}
	if p.command(dir, &l, out) {
		return l7.Step{Consumed: l.end}, nil
	}
	return l7.Step{}, nil
}

// odd reads a line that is no command. The server answers it with an error.
func (p *parser) odd(dir l7.Dir, l *line, out *l7.Emitter) (l7.Step, error) {
	if dir == l7.ToClient || !p.found || l.verb != unknown || l.end == 0 || len(l.word) == 0 || len(l.word) > 16 {
		return l7.Step{}, p.lost()
	}
	for _, c := range l.word {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return l7.Step{}, p.lost()
		}
	}
	m := p.begin(dir, l7.OneWay, l.word, out)
	m.Match, m.Name = p.waits.next(), oddName
	return l7.Step{Consumed: l.end}, nil
}

var oddName = []byte("unknown command")

// begin starts a message.
func (p *parser) begin(dir l7.Dir, kind l7.Kind, op []byte, out *l7.Emitter) *l7.Message {
	p.found = true
	m := out.Begin(kind)
	m.Op = op
	if kind != l7.Response {
		m.Str(keySystem, system)
		m.Str(keyOperation, op)
		if len(p.client) > 0 {
			m.Str(keyClient, p.client)
		}
	}
	out.Emit(dir)
	return m
}

var system = []byte("nats")

// lost is the error for bytes that are no command.
func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// Gap meets l7.Parser.
func (p *parser) Gap(dir l7.Dir, _ int64) bool {
	p.waits.forget(forOK)
	p.blind, p.asked, p.after = true, false, 0
	p.waits.age()
	return false
}

// Resync meets l7.Parser: it looks for a line that is a command with its
// arguments. PING and its kin are too short to be sure, unless they come first.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	for off := 0; off < len(b); {
		l, o := readLine(b[off:])
		switch {
		case o == more:
			return off, false
		case o == good && l.verb.mayCome(dir) && (off == 0 || l.size+len(l.subject)+len(l.rest) > 0 || len(b) == off+l.end):
			return off, true
		}
		i := bytes.IndexByte(b[off:], '\n')
		if i < 0 {
			return len(b), false
		}
		off += i + 1
	}
	return len(b), false
}

// Cut meets l7.Parser: of a message its line is enough.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	if len(b) == 0 {
		return
	}
	l, o := readLine(b)
	if o != good || !l.verb.mayCome(dir) || l.size == 0 {
		return
	}
	p.idBuf = p.idBuf[:0]
	p.message(dir, &l, nil, out)
}

// End meets l7.Parser.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing half done.
func (p *parser) Finish(*l7.Emitter) {}
