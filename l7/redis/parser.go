package redis

import "github.com/wirespan/wirespan/l7"

// half is one direction.
type half struct {
	w     walker
	open  bool     // a message goes on: the walker is within it
	since l7.Stamp // first byte of the first confirmation of a subscription
	some  bool     // since is set
}

// parser reads one connection.
type parser struct {
	match l7.IDMatcher
	half  [2]half
	found bool

	cmd   command
	queue queue
	text  []byte // db.query.text of the message that is being emitted
	name  []byte // its span name, if it has a subcommand
	key   []byte // ids of it
	db    [8]byte
	dbLen int

	silent   bool     // CLIENT REPLY OFF
	skipNext bool     // CLIENT REPLY SKIP
	monitor  bool     // lines of MONITOR come
	subs     int64    // channels and patterns that are subscribed to
	kinds    [3]int64 // of them channels, patterns, shards
	asked    int64    // commands so far
	blind    bool     // replies were lost: those that come before the next command belong to what was lost
	blindAt  int64    // asked at that time

	sync     syncState
	snapshot [markSize]byte // end mark of a snapshot of unknown length
}

func newParser(match l7.IDMatcher) *parser { return &parser{match: match} }

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) == 0 {
		return l7.Step{}, nil
	}
	h := &p.half[dir]
	if h.open {
		return p.goOn(dir, b, out)
	}
	if dir == l7.ToServer {
		return p.request(dir, b, out)
	}
	if p.sync != noSync {
		return p.replicate(b, out)
	}
	return p.reply(b, out)
}

// goOn passes over the rest of a message.
func (p *parser) goOn(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	n, skip, o := h.w.run(b)
	switch {
	case o == bad:
		h.open = false
		return l7.Step{Consumed: n}, l7.ErrDesync
	case o == good:
		h.open = false
		out.Begin(l7.End)
		out.Emit(dir)
	}
	return l7.Step{Consumed: n, Skip: skip}, nil
}

// finish emits m, whose first at bytes are read; skip more are one string, of
// which the walker expects the end. A message that ends with it needs no End.
func (p *parser) finish(dir l7.Dir, m *l7.Message, at int, skip int64, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	p.found = true
	if h.w.tail && !h.w.more() {
		skip += 2
		h.w.start(0)
	} else if h.w.tail || h.w.more() {
		m.More, h.open = true, true
	}
	out.Emit(dir)
	return l7.Step{Consumed: at, Skip: skip}, nil
}

// lost is the error for bytes that are no message.
func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// request reads a command.
func (p *parser) request(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	c, h := &p.cmd, &p.half[dir]
	if b[0] == '*' {
		at, skip, o := c.readArray(b)
		switch {
		case o == more:
			return l7.Step{}, nil
		case o == bad:
			return l7.Step{}, p.lost()
		case c.n == 0:
			return l7.Step{Consumed: at}, nil
		}
		h.w.start(int64(c.n - c.read))
		h.w.tail = skip > 0
		return p.finish(dir, p.describe(dir, at, out), at, skip, out)
	}
	if b[0] == '\r' || b[0] == '\n' {
		return l7.Step{Consumed: 1}, nil
	}
	at, o := c.readInline(b)
	switch {
	case o == more:
		return l7.Step{}, nil
	case o == bad:
		return l7.Step{}, p.lost()
	case c.n == 0:
		return l7.Step{Consumed: at}, nil
	}
	h.w.start(0)
	return p.finish(dir, p.describe(dir, at, out), at, 0, out)
}

// describe makes the message of the command just read.
func (p *parser) describe(dir l7.Dir, size int, out *l7.Emitter) *l7.Message {
	c, kind := &p.cmd, l7.Request
	switch {
	case dir == l7.ToClient || !p.answered():
		kind = l7.OneWay
	default:
		p.asked++
		p.expect()
	}
	m := out.Begin(kind)
	m.Op, m.HeadSize = c.name(), size
	m.Str(keySystem, system)
	m.Str(keyOperation, m.Op)
	p.text = c.appendText(p.text[:0])
	m.Str(keyText, p.text)
	if c.shape.flags&container != 0 && c.known > 1 && c.args[1].show {
		p.name = append(append(p.name[:0], m.Op...), ' ')
		p.name = appendUpper(p.name, c.args[1].text)
		m.Name = p.name
	} else {
		m.Name = m.Op
	}
	if p.dbLen > 0 {
		m.Str(keyNamespace, p.db[:p.dbLen])
	}
	p.identify(m)
	return m
}

// answered reports whether a command has a reply, and follows CLIENT REPLY
// (https://redis.io/docs/latest/commands/client-reply/).
func (p *parser) answered() bool {
	c := &p.cmd
	if c.is("CLIENT") && c.known > 2 && foldEqual(c.args[1].text, "REPLY") {
		switch {
		case foldEqual(c.args[2].text, "ON"):
			p.silent, p.skipNext = false, false
			return true
		case foldEqual(c.args[2].text, "OFF"):
			p.silent = true
			return false
		case foldEqual(c.args[2].text, "SKIP"):
			p.skipNext = !p.silent
			return false
		}
	}
	if c.is("REPLCONF") && c.known > 1 && foldEqual(c.args[1].text, "ACK") {
		return false
	}
	skip := p.skipNext
	p.skipNext = false
	return !p.silent && !skip && p.sync == noSync
}

// expect remembers what the reply of the command will be.
func (p *parser) expect() {
	c := &p.cmd
	d := due{kind: c.shape.kind}
	switch d.kind {
	case selects:
		p.dbLen = 0
		if c.known > 1 && c.args[1].show {
			p.dbLen = copy(p.db[:], c.args[1].text)
		}
	case subscribes:
		d.n = uint32(max(c.n-1, 1))
	case unsubscribes:
		d.n = uint32(c.n - 1) // 0: all that there are
	case pops:
		if c.n > 2 {
			d.kind = plain // an array is the reply
		}
		d.hash = c.keyHash()
	case adds:
		d.hash = c.keyHash()
	}
	p.queue.push(d)
}

// Gap meets l7.Parser.
func (p *parser) Gap(dir l7.Dir, _ int64) bool {
	p.half[dir].open, p.half[dir].some = false, false
	p.queue.clear()
	if dir == l7.ToClient {
		p.blind, p.blindAt = true, p.asked
	}
	return false
}

// Cut meets l7.Parser: of a command its name is enough, of a reply that it has
// begun.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	if len(b) == 0 || p.half[dir].open {
		return
	}
	if dir == l7.ToServer {
		p.cutCommand(b, out)
	} else if p.sync == noSync && p.subs == 0 && p.queue.front().kind == plain && !p.queue.empty() {
		p.cutReply(b, out)
	}
}

func (p *parser) cutCommand(b []byte, out *l7.Emitter) {
	n, at, o := number(b, 1)
	if b[0] != '*' || o != good || n <= 0 || n > 1<<31-1 {
		return
	}
	size, next, o := bulk(b, at)
	if o != good || int64(len(b)-next) < size {
		return
	}
	c := &p.cmd
	c.reset(int(n))
	c.args[0] = arg{text: b[next : int64(next)+min(size, maxKey)], size: size}
	if !c.follow(0) || !c.listed {
		return
	}
	p.describe(l7.ToServer, len(b), out).More = true
	p.found = true
	out.Emit(l7.ToServer)
}

func (p *parser) cutReply(b []byte, out *l7.Emitter) {
	e, o := readElement(b)
	if o != good || e.children == 0 || e.kind == '>' || e.kind == '|' {
		return
	}
	p.queue.pop()
	m := out.Begin(l7.Response)
	m.Status, m.HeadSize, m.More = l7.OK, e.head, true
	out.Emit(l7.ToClient)
}

// End meets l7.Parser: what the end cut short will not come.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing half done.
func (p *parser) Finish(*l7.Emitter) {}
