package oracle

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// maxPiggybacks is how many are read in front of a call.
const maxPiggybacks = 16

// call is a function call and what came with it.
type call struct {
	fn     byte
	oneWay bool
	token  uint64 // in a pipeline
	fast   bool   // with the negotiations in front of it
	body   []byte // behind its number
	ids    [maxContexts]l7.ID
	count  int
}

// maxContexts is how many ids of piggybacks a call may have.
const maxContexts = 4

// read finds the function call in what was collected of a request. What it
// returns is borrowed from b.
func (p *parser) read(b []byte) (c call, ok bool) {
	if len(b) > 0 && b[0] == ttiFastAuth {
		i := bytes.Index(b, authKey)
		if i < 0 {
			return call{fn: funKey, fast: true}, true
		}
		return call{fn: funKey, fast: true, body: b[min(i+3, len(b)):]}, true
	}
	for range maxPiggybacks {
		if len(b) < 3 {
			return c, false
		}
		switch b[0] {
		case ttiFunction, ttiOneWay:
			c.fn, c.oneWay = b[1], b[0] == ttiOneWay
			c.body, c.token = p.token(b[1], b[3:])
			return c, true
		case ttiPiggyback:
			b = p.piggyback(&c, b)
		default:
			return c, false
		}
	}
	return c, false
}

// authKey begins the call that asks for a session key.
var authKey = []byte{ttiFunction, funKey}

// token reads the token that calls have from version 23 on: 0 outside
// pipelines.
func (p *parser) token(fn byte, b []byte) (rest []byte, token uint64) {
	if p.field < field23 && (p.field != 0 || !tokened(fn, b)) {
		return b, 0
	}
	r := reader{b: b}
	token = r.number(8)
	return r.rest(), token
}

// tokened reports whether a call whose version is not known has a token of 0:
// its first field is never 0.
func tokened(fn byte, b []byte) bool {
	switch {
	case len(b) < 3 || b[0] != 0:
		return false
	case fn == funEndToEnd: // two pointers that are not set
		return b[1]|b[2] == 0
	case fn == funClose, fn == funCancelAll, fn == funSchema, fn == funKeyValue:
		return true
	}
	return runs(fn)
}

// piggyback reads a call that goes in front of another, and returns what
// follows it; nil if that cannot be told.
func (p *parser) piggyback(c *call, b []byte) []byte {
	if b[1] == funPipeline { // which only version 23 has
		p.field = max(p.field, field23)
	}
	body, _ := p.token(b[1], b[3:])
	r := reader{b: body}
	if p.wide {
		return follower(r.rest())
	}
	switch b[1] {
	case funClose, funCancelAll:
		r.skip(1)
		for n := r.ub4(); n > 0 && !r.bad; n-- {
			r.ub4()
		}
	case funSchema:
		r.skip(1)
		r.counted()
	case funPipeline:
		r.ub2()
		r.skip(2)
		if !p.piped { // until now there was one at a time
			p.forget()
		}
		p.piped = true
	case funEndToEnd:
		p.endToEnd(&r)
	case funKeyValue:
		p.context(c, &r)
	default:
		return follower(r.rest())
	}
	if next := r.rest(); len(next) > 0 && (next[0] == ttiFunction || next[0] == ttiPiggyback) {
		return next
	}
	return follower(b[3:])
}

// follower looks for a call behind a piggyback whose fields are not known.
func follower(b []byte) []byte {
	for i := 0; i+7 < len(b); i++ {
		if b[i] != ttiFunction || functions[b[i+1]] == nil {
			continue
		}
		n := b[i+3]
		switch {
		case !runs(b[i+1]):
		case n >= 1 && n <= 4 && b[i+4] != 0, n == 0 && b[i+4] >= 1 && b[i+4] <= 4 && b[i+5] != 0: // a number, behind a token
			return b[i:]
		case b[i+1] == funAll8 && b[i+6] == 0 && b[i+5] <= 0x20: // options of OCI
			return b[i:]
		}
	}
	return nil
}

// endToEnd reads what the application says of itself (OSCID): which names
// come, then the names.
func (p *parser) endToEnd(r *reader) {
	const clientID, module, action, ecid, info, operation = 0, 1, 2, 3, 4, 5
	var come [6]int // sizes; -1 if a name does not change
	name := func(i int) {
		come[i] = -1
		set := r.byte() != 0
		if n := r.ub4(); set {
			come[i] = n
		}
	}
	r.skip(2)
	r.ub4()
	for i := clientID; i <= ecid; i++ {
		name(i)
	}
	r.skip(1)
	r.ub4()
	name(info)
	r.skip(1)
	r.ub4()
	r.skip(1)
	r.ub4()
	name(operation)
	for i, n := range come {
		var v []byte
		if n > 0 {
			v, _ = r.clr()
		}
		if r.bad || n < 0 {
			continue
		}
		switch i {
		case module:
			p.module = append(p.module[:0], v[:min(len(v), maxName)]...)
		case action:
			p.action = append(p.action[:0], v[:min(len(v), maxName)]...)
		}
	}
}

// context reads attributes of an application context (OKEYVAL). Trace contexts
// among them are ids: those that drivers send for Oracle's own tracing
// (ora$opentelem$tracectx) have the form of headers.
func (p *parser) context(c *call, r *reader) {
	if r.byte() != 0 {
		r.ub4() // size of the name space
	}
	r.skip(1)
	n := r.ub4()
	r.ub2() // flags
	r.skip(1)
	r.clr()
	for ; n > 0 && !r.bad; n-- {
		key, value := r.counted(), r.counted()
		r.ub4()
		if bytes.HasSuffix(key, traceContext) {
			p.headers(c, value)
		} else {
			p.id(c, key, value)
		}
	}
}

var traceContext = []byte("$opentelem$tracectx")

// headers reads lines of the form name: value.
func (p *parser) headers(c *call, b []byte) {
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		if i := bytes.IndexByte(line, ':'); i > 0 {
			p.id(c, line[:i], bytes.TrimSpace(line[i+1:]))
		}
	}
}

// id takes a value whose name is that of an id.
func (p *parser) id(c *call, name, value []byte) {
	if class := p.ids.Match(name); class != l7.IDNone && len(value) > 0 && c.count < maxContexts {
		c.ids[c.count] = l7.ID{Class: class, Name: name, Value: value}
		c.count++
	}
}
