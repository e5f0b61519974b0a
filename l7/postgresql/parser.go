package postgresql

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// parser reads one connection.
type parser struct {
	ids   l7.IDMatcher
	sql   *sqltext.Reader
	found bool    // a message was found
	sent  bool    // this call has emitted one
	lost  [2]bool // bytes of a direction were lost
	seeks [2]bool // a direction lost its place and has not found it again
	asked bool    // SSLRequest or GSSENCRequest waits for its byte

	ops    queue
	shelf  shelf
	part   partial
	answer answer

	skipping bool  // the server passes over requests until Sync
	stream   bool  // CopyBoth: replication
	copied   int64 // bytes of COPY from the client

	database []byte
	version  []byte
	names    [320]byte // scratch for span names
}

var _ l7.Parser = (*parser)(nil)

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	p.sent, p.seeks[dir] = false, false
	if dir == l7.ToServer {
		return p.frontend(b, out)
	}
	return p.backend(b, out)
}

// emit hands a message on.
func (p *parser) emit(out *l7.Emitter, dir l7.Dir) {
	p.found, p.sent = true, true
	out.Emit(dir)
}

// astray is the error for bytes that begin no message.
func (p *parser) astray() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// reader is made when the first statement comes.
func (p *parser) reader() *sqltext.Reader {
	if p.sql == nil {
		p.sql = sqltext.NewReader(sqltext.PostgreSQL, p.ids)
	}
	return p.sql
}

// Gap loses the place: what is long was skipped, and what was lost may have
// been any number of messages.
func (p *parser) Gap(dir l7.Dir, _ int64) bool {
	p.miss(dir)
	return false
}

// miss forgets what lost bytes leave unsure.
func (p *parser) miss(dir l7.Dir) {
	if p.seeks[dir] {
		return
	}
	p.lost[dir], p.seeks[dir], p.asked = true, true, false
	if dir == l7.ToServer {
		p.part = partial{}
		p.shelf.lose()
		p.ops.cut()
		return
	}
	a := &p.answer
	a.torn = true
	a.silent = a.silent || a.announced // the engine has ended it
	if p.ops.suspect() {
		a.on = false
	}
}

// Resync looks for a message that is proven, with a possible one behind it if
// more is there.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	p.miss(dir)
	of, check := &front, checkFront
	if dir == l7.ToClient {
		of, check = &back, checkBack
	}
	first := -1 // place of what may be a message when more of it is seen
	for i := range b {
		if of[b[i]].most == 0 {
			continue
		}
		switch plausible(of, check, b[i:min(len(b), i+look)]) {
		case l7.Yes:
			return i, true
		case l7.No:
			continue
		}
		if first < 0 {
			first = i
		}
	}
	if first < 0 {
		return len(b), false
	}
	if first == 0 && len(b) >= look { // it is not worth waiting for
		return 1, false
	}
	return first, false
}

// look is how far the search for a message looks at one: long ones are no
// place to begin at, and the search must not take long.
const look = 2 << 10

// plausible judges whether a message begins b.
func plausible(of *[256]sizes, check func([]byte, int) proof, b []byte) l7.Verdict {
	if len(b) < header {
		if len(b) > 1 && b[1] != 0 {
			return l7.No
		}
		return l7.NeedMore
	}
	n, ok := size(of, b)
	if !ok || b[1] != 0 {
		return l7.No
	}
	switch check(b, n) {
	case wrong:
		return l7.No
	case strong:
		return follows(of, b[n:])
	case weak:
		if n == header && len(b) > n { // 1, 2, 3, n, s, I, c, S, H, X
			return plausible(of, check, b[n:])
		}
	}
	if n > look {
		return l7.No
	}
	return l7.NeedMore
}

// follows judges what stands behind a message.
func follows(of *[256]sizes, b []byte) l7.Verdict {
	if len(b) == 0 {
		return l7.Yes
	}
	if of[b[0]].most == 0 || len(b) > 1 && b[1] != 0 {
		return l7.No
	}
	if len(b) >= header {
		if _, ok := size(of, b); !ok {
			return l7.No
		}
	}
	return l7.Yes
}

// Cut tells of a query whose end will not be seen.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	if dir != l7.ToServer || len(b) <= header || b[0] != fQuery {
		return
	}
	if n, ok := size(&front, b); ok && checkFront(b, n) != wrong {
		p.query(b[:min(len(b), n)], n, out)
	}
}

// End tells what is known of an answer that the end cut short.
func (p *parser) End(dir l7.Dir, _ []byte, out *l7.Emitter) {
	if dir == l7.ToClient {
		p.breakOff(out)
	}
}

// Finish does the same where no end was seen.
func (p *parser) Finish(out *l7.Emitter) { p.breakOff(out) }
