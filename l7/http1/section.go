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
		start := at
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return 0, false
		}
		stop := at + i
		at = stop + 1
		if stop > start && b[stop-1] == '\r' {
			stop--
		}
		if stop == start {
			return at, true
		}
		line := b[start:stop]
		if at < len(b) && (b[at] == ' ' || b[at] == '\t') {
			if line, at, ok = p.unfold(b, line, at); !ok {
				return 0, false
			}
		}
		colon := bytes.IndexByte(line, ':')
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
	if len(value) > 1 && value[0] == ' ' && value[1] > ' ' {
		value = value[1:]
		if value[len(value)-1] <= ' ' {
			value = cursor.TrimOWS(value)
		}
	} else {
		value = cursor.TrimOWS(value)
	}
	switch len(name) {
	case len("host"):
		if f.host == nil && is(name, "Host", "host") {
			f.host = value
			return
		}
	case len("upgrade"):
		if is(name, "Upgrade", "upgrade") {
			f.upgrade = value
			return
		}
	case len("user-agent"):
		if is(name, "User-Agent", "user-agent") {
			if len(value) > 0 && m.Kind == l7.Request {
				m.Str(keyUserAgent, value)
			}
			return
		}
	case len("content-type"):
		if is(name, "Content-Type", "content-type") {
			f.ctype = value
			return
		}
	case len("content-length"):
		if is(name, "Content-Length", "content-length") {
			f.contentLength(value)
			return
		}
	case len("content-encoding"):
		if is(name, "Content-Encoding", "content-encoding") {
			f.cenc = value
			return
		}
	case len("transfer-encoding"):
		if is(name, "Transfer-Encoding", "transfer-encoding") {
			f.coding = f.coding.add(value)
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
		m.ID(class, name, value)
	}
}

// is compares a name with its usual spelling first, which costs least.
func is(name []byte, usual, lower string) bool {
	return string(name) == usual || cursor.EqualFold(name, lower)
}
