package postgresql

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// answer is what the server says to one request, as it comes.
type answer struct {
	on     bool
	to     op
	orphan bool // its request was not seen
	first  l7.Stamp
	bytes  int64

	announced bool // with More
	silent    bool // nothing is to be emitted any more
	torn      bool // bytes of it were lost
	parted    bool // another message was emitted in between
	done      bool // complete but for ReadyForQuery
	said      bool // there is more to it than a question for the password

	verb     [32]byte // of the first tag
	verbLen  int
	rows     int64 // DataRows since the last tag
	returned int64 // -1 if unknown
	affected int64 // -1 if unknown
	state    [5]byte
	failed   bool
	aborted  bool // the server passed the request over
	fatal    bool
	notices  [maxNotices][5]byte
	noted    int
	copied   int64
	outward  bool // COPY TO
	pid      int64
}

// start begins an answer.
func (a *answer) start(to *op, s l7.Stamp) {
	*a = answer{on: true, first: s, returned: -1, affected: -1, pid: -1}
	if a.orphan = to == nil; !a.orphan {
		a.to = *to
	}
}

// complete takes the tag of a command: word, sometimes an OID, rows.
func (a *answer) complete(tag []byte) {
	tag = bytes.TrimSuffix(tag, []byte{0})
	verb := tag
	if i := bytes.IndexByte(tag, ' '); i > 0 && i+1 < len(tag) && cursor.IsDigit(tag[i+1]) {
		verb = tag[:i]
	}
	if a.verbLen == 0 {
		a.verbLen = copy(a.verb[:], verb)
	}
	rows := a.rows
	a.rows = 0
	n, ok := cursor.Decimal(tag[bytes.LastIndexByte(tag, ' ')+1:])
	if !ok {
		if rows > 0 && !a.torn {
			a.returned = max(a.returned, 0) + rows
		}
		return
	}
	count := int64(min(n, 1<<62))
	switch string(verb) {
	case "SELECT", "FETCH":
		if rows == 0 && count > 0 && !a.torn { // CREATE TABLE AS
			a.affected = max(a.affected, 0) + count
			return
		}
		a.returned = max(a.returned, 0) + count
	case "COPY":
		if a.outward {
			a.returned = max(a.returned, 0) + count
			return
		}
		fallthrough
	default:
		a.affected = max(a.affected, 0) + count
		if rows > 0 && !a.torn { // RETURNING
			a.returned = max(a.returned, 0) + rows
		}
	}
}

// suspend ends the rows that one Execute asked for.
func (a *answer) suspend() {
	if !a.torn {
		a.returned = max(a.returned, 0) + a.rows
	}
	a.rows = 0
}

// report takes an error or a notice (55.8, "Error and Notice Message Fields").
func (a *answer) report(t byte, fields []byte) {
	state, fatal := readReport(fields)
	if t == bNotice {
		if a.noted < maxNotices {
			a.notices[a.noted] = state
			a.noted++
		}
		return
	}
	if !a.failed {
		a.state, a.failed, a.fatal = state, true, fatal
	}
}

// readReport finds SQLSTATE and whether the connection ends. b may be cut.
func readReport(b []byte) (state [5]byte, fatal bool) {
	for len(b) > 1 {
		field := b[0]
		v, rest, ok := cstring(b[1:])
		if !ok {
			break
		}
		switch field {
		case 'V': // not translated
			fatal = string(v) == "FATAL" || string(v) == "PANIC"
		case 'S':
			fatal = fatal || string(v) == "FATAL" || string(v) == "PANIC"
		case 'C':
			copy(state[:], v)
			return state, fatal
		}
		b = rest
	}
	return state, fatal
}

// statusOf tells whose fault an error is, by the class of its SQLSTATE
// (Appendix A): what the client asked for, or what the server could not do.
func statusOf(state []byte) l7.Status {
	switch string(state[:2]) {
	case "03", "0A", "0B", "0F", "0L", "0P", "20", "22", "23", "26", "28", "2F", "34", "3D", "3F", "42":
		return l7.ClientError
	}
	return l7.ServerError
}

// match is Message.Match of an answer; that of an orphan is no request's.
func (a *answer) match() uint64 {
	if a.orphan {
		return 2<<32 | uint64(a.first.Seq)
	}
	return 1<<32 | uint64(a.to.seq)
}

// fill puts what is known into a message. It leaves out what a torn answer may
// have had and we have not seen.
func (a *answer) fill(m *l7.Message) {
	m.Match, m.First, m.HeadSize = a.match(), a.first, header
	m.Op = a.verb[:a.verbLen]
	if !a.torn {
		m.Status = l7.OK
	}
	if a.failed {
		m.Status, m.Error = statusOf(a.state[:]), a.state[:]
		m.Str(keyState, a.state[:])
	}
	if a.aborted {
		m.Status, m.Error = l7.ServerError, aborted
	}
	if a.returned >= 0 {
		m.Int(keyReturned, a.returned)
	}
	if a.affected >= 0 {
		m.Int(keyAffected, a.affected)
	}
	for i := range a.noted {
		m.Str(keyNotices, a.notices[i][:])
	}
	if a.copied > 0 {
		m.Int(keyCopied, a.copied)
	}
	if a.pid >= 0 {
		m.Int(keyBackend, a.pid)
	}
}

// aborted is error.type of requests behind one that failed, up to Sync (55.2.4).
var aborted = []byte("pipeline_aborted")

// emitAnswer emits the answer at its end.
func (p *parser) emitAnswer(out *l7.Emitter, transaction byte) {
	a := &p.answer
	a.on = false
	if a.silent || a.orphan && !a.said {
		return
	}
	k := l7.Response
	if a.announced {
		k = l7.End
	}
	m := out.Begin(k)
	a.fill(m)
	switch transaction {
	case 'I':
		m.Str(keyTransaction, inIdle)
	case 'T':
		m.Str(keyTransaction, inActive)
	case 'E':
		m.Str(keyTransaction, inFailed)
	}
	p.emit(out, l7.ToClient)
}

var (
	inIdle   = []byte("idle")
	inActive = []byte("active")
	inFailed = []byte("failed")
)

// announce emits an answer that goes on.
func (p *parser) announce(out *l7.Emitter) {
	a := &p.answer
	a.announced = true
	m := out.Begin(l7.Response)
	m.Match, m.First, m.HeadSize, m.More = a.match(), a.first, header, true
	p.emit(out, l7.ToClient)
}

// breakOff emits an answer whose end will not come.
func (p *parser) breakOff(out *l7.Emitter) {
	a := &p.answer
	if !a.on || a.announced || a.silent || !a.said {
		return
	}
	a.on = false
	m := out.Begin(l7.Response)
	a.fill(m)
	m.More = !a.done
	if !a.done && !a.failed {
		m.Status = l7.Unset
	}
	p.emit(out, l7.ToClient)
}
