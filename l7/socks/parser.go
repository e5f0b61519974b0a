package socks

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

// unknown is a method that the server has not chosen yet.
const unknown = -1

// parser reads one handshake.
type parser struct {
	version  byte // 0 until the client has spoken
	greeted  bool // SOCKS 5: the client's methods were seen
	asked    bool // the request was told
	done     bool // the client has nothing to say before the answer
	method   int
	authed   bool // the password was judged
	command  byte
	answered bool // BIND: the first of two replies was seen
	first    l7.Stamp
	text     [640]byte
	used     int // of text, by the message that is being told
}

// Parse reads one message of the handshake.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	switch {
	case dir == l7.ToClient && p.version == 4:
		return p.reply4(b, out)
	case dir == l7.ToClient:
		return p.server5(b, out)
	case p.done:
		return l7.Step{}, nil // the first bytes of what follows
	case p.version == 0 && b[0] == 4:
		return p.request4(b, out)
	}
	return p.client5(b, out)
}

func (p *parser) lost() error {
	if p.version == 0 {
		return l7.ErrNotMine
	}
	return l7.ErrOpaque
}

func (p *parser) request4(b []byte, out *l7.Emitter) (l7.Step, error) {
	r, size, ok := read4(b)
	switch {
	case !ok:
		return l7.Step{}, p.lost()
	case size == 0:
		return l7.Step{}, nil
	}
	p.version, p.first = 4, out.Here()
	v := "4"
	if r.named {
		v = "4a"
	}
	p.ask(&r, v, out)
	return l7.Step{Consumed: size}, nil
}

func (p *parser) client5(b []byte, out *l7.Emitter) (l7.Step, error) {
	switch {
	case !p.greeted:
		if b[0] != 5 {
			return l7.Step{}, p.lost()
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return l7.Step{}, nil
		}
		p.version, p.greeted, p.first = 5, true, out.Here()
		return l7.Step{Consumed: 2 + int(b[1])}, nil
	case p.method == methodGSSAPI:
		return l7.Step{}, l7.ErrOpaque
	case b[0] == 1:
		return password(b), nil
	}
	r, size, ok := read5(b)
	switch {
	case !ok:
		return l7.Step{}, p.lost()
	case len(b) < size:
		return l7.Step{Need: size}, nil
	}
	p.ask(&r, "5", out)
	return l7.Step{Consumed: size}, nil
}

// password passes over name and password, RFC 1929, section 2.
func password(b []byte) l7.Step {
	if len(b) < 2 {
		return l7.Step{Need: 2}
	}
	n := 2 + int(b[1])
	if len(b) < n+1 {
		return l7.Step{Need: n + 1}
	}
	if n += 1 + int(b[n]); len(b) < n {
		return l7.Step{Need: n}
	}
	return l7.Step{Consumed: n}
}

// ask tells the request, which began with the first byte of the connection.
func (p *parser) ask(r *request, version string, out *l7.Emitter) {
	p.asked, p.done, p.command = true, true, r.command
	m := out.Begin(l7.Request)
	m.First = p.first
	m.Resource = r.appendTarget(p.text[:0])
	p.used = len(m.Resource)
	m.Name = p.word("SOCKS ", commandName(r.command))
	m.Op = m.Name[len("SOCKS "):]
	m.Str(keyMethod, m.Op)
	m.Str(keyResource, m.Resource)
	m.Str(keyVersion, p.word(version, ""))
	out.Emit(l7.ToServer)
}

// word lends a text until the next message.
func (p *parser) word(a, b string) []byte {
	t := append(append(p.text[:p.used], a...), b...)
	t = t[p.used:]
	p.used += len(t)
	return t
}

// askNothing tells of a client that was turned away before it could ask.
func (p *parser) askNothing(out *l7.Emitter) {
	p.asked, p.done = true, true
	m := out.Begin(l7.Request)
	m.First = p.first
	m.Op, m.Name = opGreeting, nameGreeting
	p.used = 0
	m.Str(keyVersion, p.word("5", ""))
	out.Emit(l7.ToServer)
}

var (
	opGreeting   = []byte("greeting")
	nameGreeting = []byte("SOCKS greeting")
)

// server5 reads the method, the judgement of a password, or a reply.
func (p *parser) server5(b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < 2 {
		return l7.Step{Need: 2}, nil
	}
	switch {
	case p.method == unknown:
		if b[0] != 5 {
			return l7.Step{}, p.lost()
		}
		if b[1] == refused {
			return p.turnAway("no_acceptable_method", out)
		}
		p.method = int(b[1])
		p.version = 5
		return l7.Step{Consumed: 2}, nil
	case p.method == methodPassword && !p.authed:
		if b[1] != 0 {
			return p.turnAway("authentication_failed", out)
		}
		p.authed = true
		return l7.Step{Consumed: 2}, nil
	case p.method == methodGSSAPI:
		return l7.Step{}, l7.ErrOpaque
	}
	r, size, ok := read5(b)
	switch {
	case !ok:
		return l7.Step{}, p.lost()
	case len(b) < size:
		return l7.Step{Need: size}, nil
	}
	return p.reply(size, int32(r.command), r.command == 0, status5(r.command), out)
}

// turnAway tells the refusal, and before that whom it hits.
func (p *parser) turnAway(why string, out *l7.Emitter) (l7.Step, error) {
	if !p.asked {
		p.askNothing(out)
		return l7.Step{}, nil
	}
	p.authed = true
	return p.reply(2, 0, false, why, out)
}

func (p *parser) reply4(b []byte, out *l7.Emitter) (l7.Step, error) {
	switch {
	case b[0] != 0 || len(b) > 1 && (b[1] < granted || b[1] > granted+3):
		return l7.Step{}, p.lost()
	case len(b) < reply4:
		return l7.Step{Need: reply4}, nil
	}
	return p.reply(reply4, int32(b[1]), b[1] == granted, status4(b[1]), out)
}

// reply tells the answer. Behind a good one another protocol follows: of BIND,
// behind the second, which says that somebody has connected.
func (p *parser) reply(size int, code int32, good bool, status string, out *l7.Emitter) (l7.Step, error) {
	step := l7.Step{Consumed: size}
	if p.command == bind && good && p.answered {
		return step, l7.ErrSwitch
	}
	m := out.Begin(l7.Response)
	m.Code, m.Status = code, l7.OK
	p.used = 0
	word := p.word(status, "")
	m.Str(keyStatus, word)
	if p.version == 5 {
		m.Str(keyAuth, p.word(methodName(p.method), ""))
	}
	out.Emit(l7.ToClient)
	p.answered = true
	switch {
	case !good:
		m.Status, m.Error = l7.ServerError, word
		return step, l7.ErrOpaque
	case p.command == connect || p.command == 0:
		return step, l7.ErrSwitch
	case p.command == associate:
		return step, l7.ErrOpaque // datagrams take another way
	}
	return step, nil
}

func methodName(m int) string {
	switch m {
	case methodNone:
		return "none"
	case methodGSSAPI:
		return "gssapi"
	case methodPassword:
		return "password"
	case unknown:
		return "refused"
	}
	return strconv.Itoa(m)
}

// Gap loses the handshake: what follows is found by its own content.
func (p *parser) Gap(l7.Dir, int64) bool { return false }

// Resync finds nothing: there is one handshake.
func (p *parser) Resync(_ l7.Dir, b []byte) (int, bool) { return len(b), false }

// Cut has nothing to tell.
func (p *parser) Cut(l7.Dir, []byte, *l7.Emitter) {}

// End has nothing to tell.
func (p *parser) End(l7.Dir, []byte, *l7.Emitter) {}

// Finish has nothing to tell.
func (p *parser) Finish(*l7.Emitter) {}
