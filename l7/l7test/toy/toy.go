package toy

import (
	"bytes"
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

// Window is the Proto.Window: longer lines are an overflow.
const Window = 4096

// Proto describes the protocol.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "toy",
		Transport: l7.TCP | l7.UDP,
		Ports:     []uint16{9999},
		Window:    Window,
		Keys:      []l7.Key{{Name: "toy.field", Type: l7.Strings, Doc: "lines of SET"}, {Name: "toy.chunks", Type: l7.Int, Doc: "chunks of MORE"}},
		Detect:    Detect,
		New:       func(l7.Options) l7.Parser { return &parser{} },
	}
}

// Tame is the same protocol without misbehaviour.
func Tame() l7.Proto {
	p := Proto()
	p.New = func(l7.Options) l7.Parser { return &parser{tame: true} }
	return p
}

// Mux is the same protocol with responses in any order.
func Mux() l7.Proto {
	p := Proto()
	p.Name, p.Pairing = "toymux", l7.ByMatch
	return p
}

var words = [2][]string{
	{"GET ", "PUT ", "SET ", "LOG ", "STREAM ", "TAIL ", "TUNNEL ", "TELL ", "PANIC ", "BREACH "},
	{"OK ", "ERR ", "HINT ", "MORE\n", "ALL\n", "TUN\n"},
}

// Detect looks for a known word at the start, behind the Match if there is one.
func Detect(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) > 0 && b[0] == '@' {
		i := bytes.IndexByte(b, ' ')
		if i < 0 {
			if len(b) < 8 {
				return l7.NeedMore
			}
			return l7.No
		}
		b = b[i+1:]
	}
	for _, w := range words[dir] {
		n := min(len(w), len(b))
		if string(b[:n]) == w[:n] {
			if n == len(w) {
				return l7.Yes
			}
			return l7.NeedMore
		}
	}
	return l7.No
}

type half struct {
	head   l7.Stamp // start of a SET
	name   []byte
	match  uint64
	inSet  bool
	lines  int
	left   int64 // of a LOG
	chunks int64
	found  bool
}

type parser struct {
	half [2]half
	tame bool
	text [20]byte // a number in the message being emitted
}

// Parse reads one line, or bytes of a LOG.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	if h.left > 0 {
		n := min(h.left, int64(len(b)))
		h.left -= n
		return l7.Step{Consumed: int(n)}, nil
	}
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return l7.Step{}, nil
	}
	step := l7.Step{Consumed: i + 1}
	match, f := fields(b[:i])
	if h.inSet {
		return step, p.field(h, b[:i], out)
	}
	if len(f[0]) == 0 || Detect(dir, b) != l7.Yes && !body(f[0]) {
		if !h.found {
			return l7.Step{}, l7.ErrNotMine
		}
		return l7.Step{}, l7.ErrDesync
	}
	h.found = true
	if dir == l7.ToServer {
		return p.request(h, step, match, f, b, out)
	}
	return p.response(h, step, match, f, out)
}

func body(w []byte) bool { return w[0] == '+' || string(w) == "." }

func (p *parser) request(h *half, step l7.Step, match uint64, f [3][]byte, b []byte, out *l7.Emitter) (l7.Step, error) {
	if word := string(f[0]); len(f[1]) == 0 || p.tame && (word == "PANIC" || word == "BREACH") {
		return l7.Step{}, l7.ErrDesync
	}
	kind := l7.Request
	switch string(f[0]) {
	case "SET":
		h.inSet, h.head, h.match, h.lines = true, out.Here(), match, 0
		h.name = append(h.name[:0], f[1]...)
		return step, nil
	case "PUT":
		step.Skip = number(f[2])
	case "LOG":
		h.left = number(f[2])
	case "TELL":
		kind = l7.OneWay
	case "PANIC":
		panic("as asked")
	case "BREACH":
		return l7.Step{Consumed: len(b) + 1}, nil
	}
	m := out.Begin(kind)
	m.Op, m.Resource, m.Match = f[0], f[1], match
	m.HeadSize = step.Consumed
	if step.Skip > 0 {
		m.Size = step.Skip
	}
	out.Emit(l7.ToServer)
	return step, nil
}

// field reads a line of SET; an empty one ends it.
func (p *parser) field(h *half, line []byte, out *l7.Emitter) error {
	h.lines++
	if len(line) > 0 {
		return nil
	}
	h.inSet = false
	m := out.Begin(l7.Request)
	m.Op, m.Resource, m.Match, m.First = []byte("SET"), h.name, h.match, h.head
	m.Str(0, strconv.AppendInt(p.text[:0], int64(h.lines), 10))
	out.Emit(l7.ToServer)
	return nil
}

func (p *parser) response(h *half, step l7.Step, match uint64, f [3][]byte, out *l7.Emitter) (l7.Step, error) {
	word := string(f[0])
	if word[0] == '+' {
		h.chunks++
		step.Skip = number(f[0][1:])
		return step, nil
	}
	kind := l7.Response
	switch word {
	case "HINT":
		kind = l7.Interim
	case ".":
		kind = l7.End
	}
	m := out.Begin(kind)
	m.Match = match
	var err error
	switch word {
	case "OK":
		step.Skip = number(f[1])
		m.Status, m.Size, m.HeadSize = l7.OK, step.Skip, step.Consumed
	case "ERR", "HINT":
		m.Code = int32(number(f[1]))
	case "MORE":
		m.More, h.chunks = true, 0
	case ".":
		m.Int(1, h.chunks)
	case "ALL":
		step.Skip = l7.SkipAll
	case "TUN":
		m.Final, err = true, l7.ErrOpaque
	}
	out.Emit(l7.ToClient)
	return step, err
}

// Gap is harmless within a LOG.
func (p *parser) Gap(dir l7.Dir, lost int64) bool {
	h := &p.half[dir]
	if lost > h.left {
		h.left, h.inSet = 0, false
		return false
	}
	h.left -= lost
	return true
}

// Resync looks for a line that begins with a known word.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	p.half[dir] = half{found: p.half[dir].found, name: p.half[dir].name}
	for off := 0; off < len(b); {
		switch Detect(dir, b[off:]) {
		case l7.Yes:
			return off, true
		case l7.NeedMore:
			return off, false
		}
		i := bytes.IndexByte(b[off:], '\n')
		if i < 0 {
			return len(b), false
		}
		off += i + 1
	}
	return len(b), false
}

// Cut emits a GET whose name may go on, or a response whose number may.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	h := &p.half[dir]
	match, f := fields(b)
	if h.inSet || h.left > 0 || len(f[1]) == 0 || !h.found && Detect(dir, b) != l7.Yes {
		return
	}
	switch word := string(f[0]); {
	case dir == l7.ToServer && word == "GET":
		m := out.Begin(l7.Request)
		m.Op, m.Resource, m.Match = f[0], f[1], match
		out.Emit(dir)
	case dir == l7.ToClient && word == "OK":
		m := out.Begin(l7.Response)
		m.Status, m.Match = l7.OK, match
		out.Emit(dir)
	}
}

// End has nothing to say: what is open ends with its bytes.
func (p *parser) End(l7.Dir, []byte, *l7.Emitter) {}

// Finish emits a SET that was not finished.
func (p *parser) Finish(out *l7.Emitter) {
	if h := &p.half[l7.ToServer]; h.inSet {
		m := out.Begin(l7.Request)
		m.Op, m.Resource, m.First = []byte("SET"), h.name, h.head
		out.Emit(l7.ToServer)
	}
}

// fields cuts a line into its Match and up to three words.
func fields(line []byte) (match uint64, f [3][]byte) {
	if len(line) > 0 && line[0] == '@' {
		id, rest, _ := bytes.Cut(line, []byte(" "))
		match, line = uint64(number(id[1:])), rest
	}
	for i := range f {
		f[i], line, _ = bytes.Cut(line, []byte(" "))
	}
	return match, f
}

// number reads digits up to the first other byte, at most nine.
func number(b []byte) (n int64) {
	for i := 0; i < len(b) && i < 9 && b[i] >= '0' && b[i] <= '9'; i++ {
		n = n*10 + int64(b[i]-'0')
	}
	return n
}
