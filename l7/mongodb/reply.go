package mongodb

import (
	"encoding/binary"
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

// Flags of OP_REPLY, and where its documents begin.
const (
	replyNoCursor = 1 << 0
	replyFailed   = 1 << 1
	replyHead     = 20
)

// Codes of the flags, which come without one, and of what has no codeName
// ("Error Codes").
const (
	codeCursorNotFound = 43
	codeDuplicateKey   = 11000
)

var (
	cursorNotFound = []byte("CursorNotFound")
	duplicateKey   = []byte("DuplicateKey")
	failed         = []byte("error")
)

// outcome is what a reply says.
type outcome struct {
	ok, failed  bool
	code        int64
	name        []byte
	rows, count int64
	follows     bool // others come without request
	open        bool // a legacy cursor has more
}

// reply tells a reply.
func (p *parser) reply(h *header, code uint32, b []byte, room int, out *l7.Emitter) bool {
	r := outcome{rows: -1, count: -1}
	if !r.read(code, b, room) {
		return false
	}
	kind := p.kind(h, &r)
	m := out.Begin(kind)
	m.Match = uint64(h.answer)
	m.Size = int64(h.size - headLen)
	m.HeadSize = min(h.size, packedLen)
	if kind == l7.Pushed {
		m.Op = opPush
		m.Str(keySystem, system)
		m.Str(keyOperation, opPush)
	}
	p.tell(m, h, &r)
	p.found = true
	out.Emit(l7.ToClient)
	return true
}

// kind tells answers from replies that follow others without request: those
// answer the reply before. After a loss that one may not have been seen.
// FerretDB answers also what wants no reply, and its ids are as low as those of
// clients.
func (p *parser) kind(h *header, r *outcome) l7.Kind {
	kind := l7.Response
	if !p.asked.has(h.answer) && !p.silent.has(h.answer) && (p.stream || h.answer == p.last && h.answer != 0) {
		kind = l7.Pushed
	}
	p.stream = r.follows || p.stream && r.open
	p.asked.drop(h.answer)
	p.last = h.id
	return kind
}

// opPush is the operation of a reply that goes on without request.
var opPush = []byte("exhaust")

// tell puts the outcome into the message.
func (p *parser) tell(m *l7.Message, h *header, r *outcome) {
	if r.rows >= 0 {
		m.Int(keyRows, r.rows)
	}
	if r.count >= 0 && p.writes.has(h.answer) {
		m.Int(keyAffected, r.count)
	}
	if !r.failed {
		if r.ok {
			m.Status = l7.OK
		}
		return
	}
	m.Status, m.Code = l7.ServerError, int32(r.code)
	p.code = strconv.AppendInt(p.code[:0], r.code, 10)
	if r.code != 0 {
		m.Str(keyCode, p.code)
	}
	switch {
	case len(r.name) > 0:
		m.Error = r.name
	case r.code == codeDuplicateKey:
		m.Error = duplicateKey
	case r.code != 0:
		m.Error = p.code
	default:
		m.Error = failed
	}
}

// read takes the outcome from a reply of either kind.
func (r *outcome) read(code uint32, b []byte, room int) bool {
	switch code {
	case opMsg:
		return r.msg(b, room)
	case opCommandReply:
		if d, n, ok := document(b); ok {
			r.document(d)
			if n < len(b) {
				d, _, _ = document(b[n:])
				r.document(d)
			}
		}
		return true
	}
	return r.legacy(b, room)
}

// msg reads the sections of an OP_MSG.
func (r *outcome) msg(b []byte, room int) bool {
	if len(b) < 5 {
		return len(b) < room
	}
	flags := binary.LittleEndian.Uint32(b)
	if flags&0xffff&^knownFlags != 0 {
		return false
	}
	r.follows = flags&flagMore != 0
	if flags&flagChecksum != 0 {
		room -= 4
	}
	b, room = b[4:min(len(b), max(room, 4))], room-4
	for room > 0 && len(b) >= 5 {
		size := int64(binary.LittleEndian.Uint32(b[1:]))
		if b[0] > 1 || size < 5-int64(b[0]) || size >= int64(room) {
			return false
		}
		if b[0] == 0 {
			d, _, ok := document(b[1:])
			if !ok {
				return false
			}
			r.document(d)
		}
		n := 1 + int(size)
		b, room = b[min(n, len(b)):], room-n
	}
	return true
}

// legacy reads an OP_REPLY.
func (r *outcome) legacy(b []byte, room int) bool {
	if len(b) < replyHead {
		return len(b) < room
	}
	flags, n := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[16:])
	if n > 1<<24 {
		return false
	}
	r.rows, r.ok = int64(n), true
	r.open = binary.LittleEndian.Uint64(b[4:]) != 0
	if flags&replyNoCursor != 0 {
		r.failed, r.code, r.name = true, codeCursorNotFound, cursorNotFound
	}
	d, _, ok := document(b[replyHead:])
	if n > 0 && !ok {
		return len(b) < room
	}
	if n != 1 {
		return true
	}
	if one := (&outcome{}); one.isCommand(d) || flags&replyFailed != 0 {
		r.document(d)
		r.failed = r.failed || flags&replyFailed != 0
	}
	return true
}

// isCommand reports whether a document answers a command: no other has ok.
func (*outcome) isCommand(d elements) bool {
	for {
		e, ok := d.next()
		if !ok {
			return false
		}
		if n, is := e.number(); is && string(e.name) == "ok" && (n == 0 || n == 1) {
			return true
		}
	}
}

// document reads the fields of a reply.
func (r *outcome) document(d elements) {
	for range maxFields {
		e, ok := d.next()
		if !ok {
			return
		}
		r.field(&e)
	}
}

// field takes one of them.
func (r *outcome) field(e *element) {
	switch string(e.name) {
	case "ok":
		n, ok := e.number()
		r.ok = r.ok || ok && n == 1
		r.failed = r.failed || ok && n == 0
	case "code":
		if n, ok := e.number(); ok && r.code == 0 {
			r.code = n
		}
	case "codeName":
		r.name = e.text()
	case "n":
		if n, ok := e.number(); ok && n >= 0 {
			r.count = n
		}
	case "values":
		r.batch(e)
	case "cursor":
		r.ok = true
		r.cursor(e)
	case "err":
		r.failed = r.failed || e.kind == typeString
	case "$err":
		r.failed = true
	case "writeErrors", "writeConcernError":
		r.refused(e)
	}
}

// batch counts the documents of an array.
func (r *outcome) batch(e *element) {
	if n, ok := e.count(); ok && e.kind == typeArray {
		r.rows = n
	}
}

// cursor counts those of a cursor.
func (r *outcome) cursor(e *element) {
	d, ok := e.inner()
	if !ok {
		return
	}
	for range maxFields {
		in, ok := d.next()
		if !ok {
			return
		}
		if s := string(in.name); s == "firstBatch" || s == "nextBatch" {
			r.batch(&in)
		}
	}
}

// refused takes the code of the first write that failed.
func (r *outcome) refused(e *element) {
	d, ok := e.inner()
	if !ok {
		return
	}
	if e.kind == typeArray {
		first, ok := d.next()
		if !ok {
			return
		}
		if d, ok = first.inner(); !ok {
			return
		}
	}
	r.failed = true
	for range maxFields {
		in, ok := d.next()
		if !ok {
			return
		}
		switch string(in.name) {
		case "code":
			if n, ok := in.number(); ok && r.code == 0 {
				r.code = n
			}
		case "codeName":
			if len(r.name) == 0 {
				r.name = in.text()
			}
		}
	}
}
