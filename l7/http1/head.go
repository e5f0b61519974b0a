package http1

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// head reads a start line with its fields. It asks for more bytes until the
// empty line behind them is there.
func (p *parser) head(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	if b[0] <= '\r' || b[0] == 'P' && !p.seen {
		if step, err, done := before(b); done {
			return step, err
		}
	}
	if h.scan > 0 && !h.findEnd(b) {
		return p.wait(b)
	}
	line, n, ok := cursor.Line(b)
	if !ok {
		return p.begun(dir, b)
	}
	p.fold = p.fold[:0]
	f := fields{length: -1}
	var step l7.Step
	if dir == l7.ToServer {
		step, ok = p.request(h, b, line, n, &f, out)
	} else {
		step, ok = p.response(h, b, line, n, &f, out)
	}
	switch {
	case !ok && p.mayWait(dir):
		return l7.Step{}, nil
	case !ok:
		h.scan, h.line = 0, 0
		return l7.Step{}, p.lost()
	case step.Consumed == 0:
		h.findEnd(b)
		return p.wait(b)
	}
	h.scan, h.line = 0, 0
	p.seen = true
	return step, nil
}

// before passes over what may stand in front of a message: empty lines (RFC
// 9112, 2.2).
func before(b []byte) (step l7.Step, err error, done bool) {
	n := 0
	for n < len(b) && (b[n] == '\n' || b[n] == '\r' && n+1 < len(b) && b[n+1] == '\n') {
		n++
	}
	if n == 0 && (b[0] != '\r' || len(b) > 1) {
		return l7.Step{}, nil, false
	}
	return l7.Step{Consumed: n}, nil, true
}

// begun judges a first line that is not complete, once.
func (p *parser) begun(dir l7.Dir, b []byte) (l7.Step, error) {
	h := &p.half[dir]
	v := l7.NeedMore
	if dir == l7.ToClient {
		if len(b) < statusSize || h.scan == 0 {
			v = startOfStatus(b)
		}
	} else if len(b) <= 64 || h.scan == 0 {
		v = detectRequest(b)
		if v == l7.No && !h.strict {
			v = detectLoose(b)
		}
	}
	if v == l7.No {
		if p.mayWait(dir) {
			return l7.Step{}, nil
		}
		return l7.Step{}, p.lost()
	}
	// Short lines stay unmarked, so that they are judged again.
	if len(b) > 64 {
		h.findEnd(b)
	}
	return p.wait(b)
}

// mayWait reports whether bytes that are no request may be the first of what
// the server is about to accept: a client need not wait for the answer to
// CONNECT.
func (p *parser) mayWait(dir l7.Dir) bool {
	return dir == l7.ToServer && p.facts.pending(isConnect|isUpgrade)
}

// wait asks for more of a head, within its bound.
func (p *parser) wait(b []byte) (l7.Step, error) {
	if len(b) >= maxHead {
		return l7.Step{}, p.lost()
	}
	return l7.Step{}, nil
}
