package openwire

import "github.com/wirespan/wirespan/l7"

// parser reads one connection.
type parser struct {
	found bool
	op    []byte
	last  [2]uint32 // numbers messages without answer
	done  [2]uint32 // command that was answered last; ActiveMQ answers the last one again when it shuts down
}

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	c, o := readCommand(b)
	switch {
	case o == more:
		return l7.Step{}, nil
	case o == bad:
		return l7.Step{}, p.lost()
	}
	p.emit(dir, &c, out)
	need := min(c.size, headSize)
	return l7.Step{Consumed: need, Skip: int64(c.size - need)}, nil
}

// Values of attributes.
var (
	system      = []byte("activemq")
	typeSend    = []byte("send")
	typeReceive = []byte("receive")
	typeSettle  = []byte("settle")
	exception   = []byte("exception")
)

// emit makes the message of a command. Both sides number their commands and
// may ask.
func (p *parser) emit(dir l7.Dir, c *command, out *l7.Emitter) {
	p.found = true
	if c.kind >= response && c.kind <= lastResponse {
		if c.answers > 0 && c.answers == p.done[dir] {
			return
		}
		p.done[dir] = c.answers
		m := p.begin(dir, l7.Response, c, out)
		m.Match, m.Status = match(dir.Opposite(), c.answers), l7.OK
		if c.kind == exceptionResponse {
			p.fail(m, c.class)
		}
		return
	}
	kind := l7.OneWay
	switch {
	case c.answered && c.kind != wireFormatInfo:
		kind = l7.Request
	case dir == l7.ToClient:
		kind = l7.Pushed
	}
	m := p.begin(dir, kind, c, out)
	m.Str(keySystem, system)
	m.Str(keyOperation, m.Op)
	if m.Match = match(dir, c.id); kind != l7.Request {
		p.last[dir]++
		m.Match = 1<<63 | match(dir, p.last[dir])
	}
	if c.kind != wireFormatInfo {
		m.Int(keyCommandID, int64(c.id))
	}
	switch {
	case c.kind >= firstMessage && c.kind <= lastMessage && dir == l7.ToServer:
		m.Side = l7.Producer
		m.Str(keyType, typeSend)
	case c.kind == messageDispatch:
		m.Side = l7.Consumer
		m.Str(keyType, typeReceive)
	case c.kind == messageAck:
		m.Str(keyType, typeSettle)
	case c.kind == connectionError:
		p.fail(m, nil)
	}
}

func (p *parser) begin(dir l7.Dir, kind l7.Kind, c *command, out *l7.Emitter) *l7.Message {
	m := out.Begin(kind)
	p.op = append(p.op[:0], names[c.kind]...)
	m.Op, m.HeadSize = p.op, min(c.size, headSize)
	out.Emit(dir)
	return m
}

// fail makes an error of a message. Texts of exceptions may have values in
// them: only the class is told.
func (p *parser) fail(m *l7.Message, class []byte) {
	m.Status, m.Error = l7.ServerError, exception
	if len(class) > 0 {
		m.Error = class
		m.Str(keyException, class)
	}
}

// match tells the commands of both directions apart.
func match(dir l7.Dir, id uint32) uint64 { return uint64(dir)<<32 | uint64(id) }

// lost is the error for bytes that are no command.
func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// Gap meets l7.Parser.
func (p *parser) Gap(l7.Dir, int64) bool { return false }

// Resync meets l7.Parser: it looks for a command behind which another one
// stands, or the end of what is there.
func (p *parser) Resync(_ l7.Dir, b []byte) (int, bool) {
	for off := range b {
		c, o := readCommand(b[off:])
		if o == bad {
			continue
		}
		if o == more {
			if len(b)-off < headSize {
				return off, false
			}
			continue
		}
		rest := b[off:]
		if len(rest) > c.size {
			if _, o = readCommand(rest[c.size:]); o == bad {
				continue
			}
			return off, true
		}
		if len(rest) == c.size || off == 0 {
			return off, true
		}
	}
	return len(b), false
}

// Cut finds nothing to say of a command whose head is not whole.
func (p *parser) Cut(l7.Dir, []byte, *l7.Emitter) {}

// End finds nothing half done.
func (p *parser) End(l7.Dir, []byte, *l7.Emitter) {}

// Finish finds nothing half done.
func (p *parser) Finish(*l7.Emitter) {}
