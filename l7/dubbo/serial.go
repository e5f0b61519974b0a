package dubbo

import (
	"bytes"

	"github.com/wirespan/wirespan/l7/cursor"
)

// call is what the body of a request says, borrowed from the input.
type call struct {
	service, version, method []byte
}

// readCall reads the beginning of a request's body: version of Dubbo, path,
// version of the service, method, types of the parameters; then the arguments
// are passed over and attachments are given to f.
func (p *parser) readCall(serial uint8, b []byte) (c call, ok bool) {
	switch serial {
	case hessian2, 10:
		return p.hessianCall(b)
	case fastjson, 16, 27:
		return p.jsonCall(b)
	case fastjson2:
		return p.jsonbCall(b)
	case kryo, kryo2, 24:
		return p.kryoCall(b)
	}
	return c, false
}

func (p *parser) hessianCall(b []byte) (c call, ok bool) {
	h := &p.hessian
	h.b, h.at, h.items, h.classes, h.class = b, 0, 0, 0, nil
	if _, ok = h.text(); !ok {
		return c, false
	}
	for _, s := range [...]*[]byte{&c.service, &c.version, &c.method} {
		if *s, ok = h.text(); !ok {
			return c, false
		}
	}
	desc, whole := h.text()
	n, counted := count(desc)
	if !whole || !counted {
		return c, true
	}
	if isGeneric(c.method) && n > 0 {
		if name, ok := h.text(); ok { // the method that is meant is the first argument
			c.method, n = name, n-1
		}
	}
	for range n {
		if !h.skip(0) {
			return c, true
		}
	}
	h.attachments(p.attach)
	return c, true
}

// isGeneric reports whether a method is that of GenericService.
func isGeneric(method []byte) bool {
	return string(method) == "$invoke" || string(method) == "$invokeAsync"
}

// jsonCall reads Fastjson: a JSON value per line.
func (p *parser) jsonCall(b []byte) (c call, ok bool) {
	_, rest := cursor.Cut(b, '\n')
	for _, s := range [...]*[]byte{&c.service, &c.version, &c.method} {
		var line []byte
		line, rest = cursor.Cut(rest, '\n')
		if *s, ok = jsonString(line); !ok {
			return c, false
		}
	}
	rest = bytes.TrimRight(rest, "\r\n")
	last := rest[bytes.LastIndexByte(rest, '\n')+1:]
	if len(last) > 1 && last[0] == '{' {
		p.jsonPairs(last[1:])
	}
	return c, true
}

// jsonString reads a line that is a string without escapes, or null.
func jsonString(line []byte) (s []byte, ok bool) {
	line = bytes.TrimSuffix(line, []byte{'\r'})
	if string(line) == "null" {
		return nil, true
	}
	if len(line) < 2 || line[0] != '"' || line[len(line)-1] != '"' {
		return nil, false
	}
	return line[1 : len(line)-1], true
}

// jsonPairs reads the pairs of strings of an object, up to the first that has
// another value.
func (p *parser) jsonPairs(b []byte) {
	for {
		var pair [2][]byte
		for i, end := range [2]byte{':', ','} {
			if len(b) == 0 || b[0] != '"' {
				return
			}
			n := bytes.IndexByte(b[1:], '"')
			if n < 0 || bytes.IndexByte(b[1:1+n], '\\') >= 0 {
				return
			}
			pair[i], b = b[1:1+n], b[n+2:]
			if len(b) == 0 || b[0] != end && (i == 0 || b[0] != '}') {
				return
			}
			b = b[1:]
		}
		p.attach(pair[0], pair[1])
	}
}

// jsonbCall reads Fastjson 2: values of JSONB, each behind its length.
func (p *parser) jsonbCall(b []byte) (c call, ok bool) {
	_, b, ok = item(b)
	for _, s := range [...]*[]byte{&c.service, &c.version, &c.method} {
		var v []byte
		if !ok {
			return c, false
		}
		if v, b, ok = item(b); !ok {
			return c, false
		}
		if *s, _, ok = jsonbString(v); !ok {
			return c, false
		}
	}
	var last []byte
	for {
		v, rest, ok := item(b)
		if !ok {
			break
		}
		last, b = v, rest
	}
	if i := bytes.IndexByte(last, 0xa6); i >= 0 { // an object, perhaps behind the name of its type
		for last = last[i+1:]; ; {
			var key, value []byte
			if key, last, ok = jsonbString(last); !ok {
				break
			}
			if value, last, ok = jsonbString(last); !ok {
				break
			}
			p.attach(key, value)
		}
	}
	return c, true
}

// item takes a value with its length off b.
func item(b []byte) (v, rest []byte, ok bool) {
	if len(b) < 4 || uint32At(b) > int64(len(b)-4) {
		return nil, nil, false
	}
	n := int(uint32At(b))
	return b[4 : 4+n], b[4+n:], true
}

// jsonbString reads a string of JSONB
// (https://github.com/alibaba/fastjson2/wiki/jsonb_format_cn): short ASCII has
// its length in the tag, others have a number behind it.
func jsonbString(b []byte) (s, rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, nil, false
	}
	c, b := b[0], b[1:]
	n := 0
	switch {
	case c == 0xaf: // null
		return nil, b, true
	case c >= 0x49 && c <= 0x78:
		n = int(c - 0x49)
	case c == 0x79 || c == 0x7a:
		if len(b) == 0 {
			return nil, nil, false
		}
		switch c := b[0]; {
		case c <= 0x2f:
			n, b = int(c), b[1:]
		case c >= 0x30 && c <= 0x3f && len(b) > 1:
			n, b = (int(c)-0x38)<<8+int(b[1]), b[2:]
		default:
			return nil, nil, false
		}
	default:
		return nil, nil, false
	}
	if n < 0 || n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// kryoCall reads Kryo. Arguments cannot be passed over without their classes:
// attachments are found as pairs of strings, each behind the number of its class.
func (p *parser) kryoCall(b []byte) (c call, ok bool) {
	p.clean = p.clean[:0]
	_, b, ok = p.kryoString(b)
	for _, s := range [...]*[]byte{&c.service, &c.version, &c.method} {
		if !ok {
			return c, false
		}
		*s, b, ok = p.kryoString(b)
	}
	if !ok {
		return c, false
	}
	mark := []byte{3, 1} // registered as String, not seen before
	for {
		i := bytes.Index(b, mark)
		if i < 0 {
			return c, true
		}
		b = b[i+len(mark):]
		key, rest, ok := p.kryoString(b)
		if !ok || !bytes.HasPrefix(rest, mark) {
			continue
		}
		if value, _, ok := p.kryoString(rest[len(mark):]); ok {
			p.attach(key, value)
		}
		b = rest
	}
}

// maxClean bounds the texts that are copied of one body.
const maxClean = 4 << 10

// kryoString reads a string (Output.writeString): ASCII whose last byte has the
// highest bit set, or a length and UTF-8. The first kind is copied without it.
func (p *parser) kryoString(b []byte) (s, rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, nil, false
	}
	if b[0] < 0x80 {
		for i, c := range b[:min(len(b), 512)] {
			if c < ' ' {
				return nil, nil, false
			}
			if c >= 0x80 {
				if len(p.clean)+i+1 > maxClean {
					return nil, nil, false
				}
				from := len(p.clean)
				p.clean = append(append(p.clean, b[:i]...), c&0x7f)
				return p.clean[from:], b[i+1:], true
			}
		}
		return nil, nil, false
	}
	n, b := int(b[0]&0x3f), b[1:]
	if b := b; n == 0 && len(b) == 0 {
		return nil, b, true
	}
	if n <= 1 { // null, empty
		return nil, b, true
	}
	if n--; n > len(b) || n > 62 {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}
