package http1

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// fields is what a header section says beside IDs and attributes.
type fields struct {
	length  int64 // Content-Length, -1 if absent
	coding  coding
	bad     bool // Content-Length is invalid or given twice with different values
	spaced  bool // white space before the colon of a framing field
	host    []byte
	upgrade []byte
	ctype   []byte
	cenc    []byte
}

// starts are the bytes that begin lines which section must look at: names that
// field knows, and the empty line. IDs come on top.
var starts = [256]bool{'\r': true, '\n': true, 'H': true, 'h': true, 'U': true, 'u': true, 'C': true, 'c': true, 'T': true, 't': true}

// findEnd reports whether the empty line that ends a head is in b. What was
// searched before is not searched again.
func (h *half) findEnd(b []byte) bool {
	for {
		i := bytes.IndexByte(b[h.scan:], '\n')
		if i < 0 {
			h.scan = len(b)
			return false
		}
		end := h.scan + i
		if h.line > 0 && (end == h.line || end == h.line+1 && b[h.line] == '\r') {
			return true
		}
		h.scan, h.line = end+1, end+1
	}
}

// section reads the field lines from at on, up to and with the empty line.
// ok is false when that is not in b.
func (p *parser) section(b []byte, at int, f *fields, m *l7.Message) (end int, ok bool) {
	for {
		rest := b[at:]
		stop := bytes.IndexByte(rest, '\n')
		if stop < 0 {
			return 0, false
		}
		at += stop + 1
		if c := rest[0]; !starts[c] && p.fast != nil && !p.fast.Begins(c) {
			continue // nobody asks for it
		}
		if stop > 0 && rest[stop-1] == '\r' {
			stop--
		}
		if stop == 0 {
			return at, true
		}
		colon := cursor.Index8(rest, stop, ':')
		line := rest[:stop]
		if at < len(b) && (b[at] == ' ' || b[at] == '\t') {
			if line, at, ok = p.unfold(b, line, at); !ok {
				return 0, false
			}
			colon = bytes.IndexByte(line, ':')
		}
		if colon > 0 {
			p.field(line[:colon], line[colon+1:], f, m)
		}
	}
}

// unfold joins a line with those that continue it (RFC 9112, 5.2).
func (p *parser) unfold(b, line []byte, at int) ([]byte, int, bool) {
	from := len(p.fold)
	p.fold = append(p.fold, cursor.TrimOWS(line)...)
	for at < len(b) && (b[at] == ' ' || b[at] == '\t') {
		more, n, ok := cursor.Line(b[at:])
		if !ok {
			return nil, 0, false
		}
		at += n
		p.fold = append(append(p.fold, ' '), cursor.TrimOWS(more)...)
	}
	return p.fold[from:], at, true
}

// field takes one field line. Lines whose name is no token are passed over.
func (p *parser) field(name, value []byte, f *fields, m *l7.Message) {
	if c := name[len(name)-1]; c == ' ' || c == '\t' {
		// Smugglers write "Transfer-Encoding : chunked" (RFC 9112, 5.1).
		name = cursor.TrimOWS(name)
		f.spaced = f.spaced || cursor.EqualFold(name, "content-length") || cursor.EqualFold(name, "transfer-encoding")
		if len(name) == 0 {
			return
		}
	}
	switch len(name) {
	case len("host"):
		if f.host == nil && (string(name) == "Host" || is(name, "host")) {
			f.host = trim(value)
			return
		}
	case len("upgrade"):
		if string(name) == "Upgrade" || is(name, "upgrade") {
			f.upgrade = trim(value)
			return
		}
	case len("user-agent"):
		if string(name) == "User-Agent" || is(name, "user-agent") {
			if value = trim(value); len(value) > 0 && m.Kind == l7.Request {
				m.Str(keyUserAgent, value)
			}
			return
		}
	case len("content-type"):
		if string(name) == "Content-Type" || is(name, "content-type") {
			f.ctype = trim(value)
			return
		}
	case len("content-length"):
		if string(name) == "Content-Length" || is(name, "content-length") {
			f.contentLength(trim(value))
			return
		}
	case len("content-encoding"):
		if string(name) == "Content-Encoding" || is(name, "content-encoding") {
			f.cenc = trim(value)
			return
		}
	case len("transfer-encoding"):
		if string(name) == "Transfer-Encoding" || is(name, "transfer-encoding") {
			f.coding = f.coding.add(trim(value))
			return
		}
	}
	var class l7.IDClass
	if p.fast != nil {
		class = p.fast.Match(name)
	} else {
		class = p.ids.Match(name)
	}
	if class != l7.IDNone {
		m.ID(class, name, trim(value))
	}
}

// trim takes the white space around a field value off; most have one space in
// front.
func trim(v []byte) []byte {
	if len(v) > 1 && v[0] == ' ' && v[1] > ' ' && v[len(v)-1] > ' ' {
		return v[1:]
	}
	return cursor.TrimOWS(v)
}

// is compares a name in another than its usual spelling.
func is(name []byte, lower string) bool {
	return name[0]|0x20 == lower[0] && cursor.EqualFold(name, lower)
}
