package fastcgi

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// describe reads the parameters of a request: the meta-variables of CGI (RFC
// 3875, section 4.1) and, behind HTTP_, the header fields.
func (p *parser) describe(m *l7.Message, b []byte) {
	var script, uri, document []byte
	m.Op = get
	for len(b) > 0 {
		name, value, rest, ok := pair(b)
		if !ok {
			break
		}
		b = rest
		switch string(name) {
		case "REQUEST_METHOD":
			m.Op = value
		case "REQUEST_URI":
			uri = value
		case "SCRIPT_NAME":
			script = value
		case "DOCUMENT_URI":
			document = value
		case "SCRIPT_FILENAME":
			if file, _ := cursor.Cut(value, '?'); len(file) > 0 { // Apache's balancer adds the query
				m.Str(keyScript, file)
			}
		case "CONTENT_LENGTH":
			if n, ok := cursor.Decimal(value); ok && n < 1<<62 {
				m.Size = int64(n)
			}
		case "HTTP_HOST":
			m.Host = value
		case "HTTP_USER_AGENT":
			if len(value) > 0 {
				m.Str(keyAgent, value)
			}
		default:
			p.identify(m, name, value)
		}
	}
	switch {
	case len(uri) > 0:
		m.Resource = uri
	case len(document) > 0:
		m.Resource = document
	default:
		m.Resource = script
	}
}

var get = []byte("GET")

// identify adds a header field that carries an id: HTTP_X_REQUEST_ID is
// X-Request-ID, for matching takes _ for -. Servers may set names of their own.
func (p *parser) identify(m *l7.Message, name, value []byte) {
	if len(value) == 0 {
		return
	}
	name = bytes.TrimPrefix(name, []byte("HTTP_"))
	if c := p.ids.Match(name); c != l7.IDNone {
		m.ID(c, name, value)
	}
}

// headerEnd is the place in b behind the empty line that ends a header which
// began with held; 0 if there is none.
func headerEnd(held, b []byte) int {
	if len(held) == 0 && len(b) > 0 && b[0] == '\n' {
		return 1
	}
	line := held[bytes.LastIndexByte(held, '\n')+1:] // what the last line has so far
	empty := len(line) == 0 && len(held) > 0 || len(line) == 1 && line[0] == '\r'
	for at := 0; at < len(b); {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return 0
		}
		if empty && (i == 0 || i == 1 && b[at] == '\r' && len(line) == 0) || at > 0 && (i == 0 || i == 1 && b[at] == '\r') {
			return at + i + 1
		}
		empty, line = false, nil
		at += i + 1
	}
	return 0
}

// header reads the header that an application writes (RFC 3875, section 6.3):
// the status, and fields that carry ids. Without Status it is 200, or 302 if
// there is a Location.
func (p *parser) header(m *l7.Message, b []byte) {
	location := false
	for len(b) > 0 {
		line, size, ok := cursor.Line(b)
		if !ok || len(line) == 0 {
			break
		}
		b = b[size:]
		name, value, found := bytes.Cut(line, []byte{':'})
		if !found {
			continue
		}
		value = cursor.TrimOWS(value)
		switch {
		case cursor.EqualFold(name, "status"):
			if n, ok := cursor.Decimal(value[:min(len(value), 3)]); ok && n >= 100 && n < 600 {
				m.Code = int32(n)
			}
		case cursor.EqualFold(name, "location"):
			location = true
		case cursor.EqualFold(name, "content-length"):
			if n, ok := cursor.Decimal(value); ok && n < 1<<62 {
				m.Size = int64(n)
			}
		default:
			p.identify(m, name, value)
		}
	}
	if m.Code == 0 {
		m.Code = 200
		if location {
			m.Code = 302
		}
	}
	switch m.Code / 100 {
	case 4:
		m.Status = l7.ClientError
	case 5:
		m.Status = l7.ServerError
	default:
		m.Status = l7.OK
	}
}
