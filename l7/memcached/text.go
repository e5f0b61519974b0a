package memcached

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// text reads the text protocol of one connection.
type text struct {
	found   bool
	open    bool // a reply of several lines goes on
	list    listing
	query   []byte
	waiting queue
	watch   bool // watch was answered: lines of the log follow
	blind   bool // replies were lost: what comes before the next command belongs to them
	blindAt int64
	asked   int64
}

// Parse meets l7.Parser.
func (p *text) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) == 0 {
		return l7.Step{}, nil
	}
	if dir == l7.ToServer {
		return p.request(b, out)
	}
	return p.reply(b, out)
}

func (p *text) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// request reads a command; its value is skipped.
func (p *text) request(b []byte, out *l7.Emitter) (l7.Step, error) {
	raw, size, ok := cursor.Line(b)
	if !ok {
		return l7.Step{}, nil
	}
	l, ok := readLine(raw)
	if !ok {
		return p.mistaken(raw, size, out)
	}
	kind := l7.Request
	if l.quiet {
		kind = l7.OneWay
	} else {
		p.asked++
	}
	p.waiting.push(due{form: l.form, quiet: l.quiet, watch: string(l.op) == "watch"})
	p.found = true
	m := out.Begin(kind)
	p.query = l.appendText(p.query[:0])
	describe(m, l.op, p.query, size)
	out.Emit(l7.ToServer)
	s := l7.Step{Consumed: size}
	if l.body >= 0 {
		s.Skip = l.body + 2
	}
	return s, nil
}

// mistaken emits a command that the server will refuse with ERROR. Its words are
// not shown but the first: the line may be a piece of a value.
func (p *text) mistaken(raw []byte, size int, out *l7.Emitter) (l7.Step, error) {
	if !p.found || len(raw) > maxKey || !printable(raw) {
		return l7.Step{}, p.lost()
	}
	op, rest := cutWord(raw)
	if formOf(op) == unknown {
		if op = badOp; len(raw) == 0 {
			rest = nil
		}
	}
	p.asked++
	p.waiting.push(due{})
	m := out.Begin(l7.Request)
	p.query = append(p.query[:0], op...)
	if len(rest) > 0 {
		p.query = append(p.query, " ?"...)
	}
	describe(m, op, p.query, size)
	out.Emit(l7.ToServer)
	return l7.Step{Consumed: size}, nil
}

var badOp = []byte("unknown")

// peekMax is how much of a reply of several lines is held to see its end.
const peekMax = 2 << 10

// reply reads a reply.
func (p *text) reply(b []byte, out *l7.Emitter) (l7.Step, error) {
	if p.open {
		n, skip, o := p.list.run(b)
		switch o {
		case bad:
			p.open = false
			return l7.Step{Consumed: n}, l7.ErrDesync
		case good:
			p.open = false
			m := out.Begin(l7.End)
			m.Int(keyHits, p.list.hits)
			out.Emit(l7.ToClient)
		}
		return l7.Step{Consumed: n, Skip: skip}, nil
	}
	raw, size, ok := cursor.Line(b)
	if !ok {
		if len(b) > maxLine {
			return l7.Step{}, p.lost()
		}
		return l7.Step{}, nil
	}
	a, word, body := answerOf(raw)
	if p.watch && (a == foreign || len(p.waiting.all) == 0) {
		return p.logged(size, out)
	}
	switch a {
	case foreign:
		return l7.Step{}, p.lost()
	case value, list, final:
		return p.lines(b, size, out)
	}
	m := p.response(word, size, out)
	m.Status = l7.OK
	if a == failed {
		m.Status, m.Error = l7.ServerError, word
	}
	if len(word) > 0 {
		m.Str(keyStatus, word)
	}
	out.Emit(l7.ToClient)
	s := l7.Step{Consumed: size}
	if a == bulk {
		m.Int(keyHits, 1)
		s.Skip = body + 2
	}
	return s, nil
}

// response begins the message of a reply whose first word is given.
func (p *text) response(word []byte, size int, out *l7.Emitter) *l7.Message {
	d, pushed := p.waiting.answer(word)
	p.watch = p.watch || d.watch
	p.found = true
	kind := l7.Response
	if pushed {
		kind = l7.Pushed
	}
	m := out.Begin(kind)
	m.HeadSize = size
	if pushed {
		m.Op, m.Name = quietOp, quietOp
		m.Str(keySystem, system)
		m.Str(keyOperation, quietOp)
	}
	return m
}

// quietOp names the answer of a quiet meta command.
var quietOp = []byte("quiet")

// lines emits a reply of several lines: whole if it ends within peekMax.
func (p *text) lines(b []byte, size int, out *l7.Emitter) (l7.Step, error) {
	p.list = listing{}
	n, skip, o := p.list.run(b[:min(len(b), peekMax)])
	switch {
	case o == bad:
		return l7.Step{}, p.lost()
	case o == more && len(b) < peekMax:
		return l7.Step{}, nil
	}
	m := p.response(nil, size, out)
	m.Status = l7.OK
	if o == good {
		m.Int(keyHits, p.list.hits)
	} else {
		m.More, p.open = true, true
	}
	out.Emit(l7.ToClient)
	return l7.Step{Consumed: n, Skip: skip}, nil
}

// logged emits a line that watch asked for. It names keys of other clients.
func (p *text) logged(size int, out *l7.Emitter) (l7.Step, error) {
	m := out.Begin(l7.Pushed)
	describe(m, watchOp, watchOp, size)
	out.Emit(l7.ToClient)
	return l7.Step{Consumed: size}, nil
}

var watchOp = []byte("watch")

// Gap meets l7.Parser.
func (p *text) Gap(dir l7.Dir, _ int64) bool {
	if dir == l7.ToClient {
		p.waiting.clear()
		p.open = false
		p.blind, p.blindAt = true, p.asked
	}
	return false
}

// Resync looks for a line that is a command, or for the reply to a command that
// was sent after the loss.
func (p *text) Resync(dir l7.Dir, b []byte) (off int, ok bool) {
	if dir == l7.ToClient && p.blind && p.asked > 0 && p.asked == p.blindAt && !p.watch {
		return len(b), false
	}
	for off < len(b) {
		raw, size, whole := cursor.Line(b[off:])
		if !whole {
			if len(b)-off > maxLine {
				return len(b), false
			}
			return off, false
		}
		if dir == l7.ToServer {
			if l, ok := readLine(raw); ok && printable(raw) && (l.form != leave || off == 0) {
				return off, true
			}
		} else if a, word, _ := answerOf(raw); a != foreign && (len(word) > 0 || off == 0) {
			p.blind = false
			return off, true
		}
		off += size
	}
	return off, false
}

// Cut meets l7.Parser: of a command the word is enough if a key has begun.
func (p *text) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	if dir == l7.ToClient || !p.found {
		return
	}
	i := bytes.IndexByte(b, ' ')
	if i <= 0 || formOf(b[:i]) == unknown {
		return
	}
	m := out.Begin(l7.Request)
	p.asked++
	p.waiting.push(due{form: formOf(b[:i])})
	describe(m, b[:i], b[:i], len(b))
	m.More = true
	out.Emit(dir)
}

// End meets l7.Parser.
func (p *text) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing half done.
func (p *text) Finish(*l7.Emitter) {}
