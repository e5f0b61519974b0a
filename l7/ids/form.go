package ids

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// pairs adds the wanted ones of name=value&name=value, as queries and forms have
// them (https://url.spec.whatwg.org/#urlencoded-parsing). Of a text that is cut
// the last value may not be whole: it is left out.
func pairs(b []byte, names [][]byte, cut bool, m *l7.Message, buf []byte) []byte {
	var seen [maxFields]uint8
	for len(b) > 0 {
		var pair []byte
		end := bytes.IndexAny(b, "&;#")
		switch {
		case end < 0 && cut:
			return buf
		case end < 0:
			pair, b = b, nil
		case b[end] == '#':
			pair, b = b[:end], nil
		default:
			pair, b = b[:end], b[end+1:]
		}
		name, value := cursor.Cut(pair, '=')
		if len(value) == 0 {
			continue
		}
		for i, n := range names {
			if seen[i] == maxFieldValues || !encodes(name, n) {
				continue
			}
			seen[i]++
			from := len(buf)
			if bytes.IndexByte(value, '%') >= 0 || bytes.IndexByte(value, '+') >= 0 {
				buf = appendDecoded(buf, value)
				value = buf[from:]
			}
			add(m, n, value)
			break
		}
	}
	return buf
}

// add adds a field whose value can be an ID.
func add(m *l7.Message, name, value []byte) {
	if value = bytes.TrimSpace(value); len(value) > 0 {
		m.ID(l7.IDUser, name, value)
	}
}

// encodes reports whether b, which may be percent-encoded, is name.
func encodes(b, name []byte) bool {
	n := 0
	for i := 0; i < len(b); n++ {
		c, w := decoded(b, i)
		if n == len(name) || name[n] != c {
			return false
		}
		i += w
	}
	return n == len(name)
}

func appendDecoded(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		c, w := decoded(b, i)
		dst = append(dst, c)
		i += w
	}
	return dst
}

// decoded is the byte that is written at i, in w bytes.
func decoded(b []byte, i int) (c byte, w int) {
	switch {
	case b[i] == '+':
		return ' ', 1
	case b[i] == '%' && i+2 < len(b) && cursor.IsHex(b[i+1]) && cursor.IsHex(b[i+2]):
		return cursor.HexDigit(b[i+1])<<4 | cursor.HexDigit(b[i+2]), 3
	}
	return b[i], 1
}

// parts adds the wanted fields of a multipart/form-data body (RFC 7578): a part
// with a name and no file.
func parts(b []byte, names [][]byte, m *l7.Message) {
	var seen [maxFields]uint8
	for {
		i := bytes.Index(b, disposition)
		if i < 0 {
			return
		}
		b = b[i+len(disposition):]
		line, n, ok := cursor.Line(b)
		if !ok {
			return
		}
		head := b[n:]
		end := bytes.Index(head, emptyLine)
		switch {
		case bytes.HasPrefix(head, emptyLine[2:]):
			head = head[2:]
		case end >= 0:
			head = head[end+len(emptyLine):]
		default:
			return
		}
		b = head
		value := bytes.Index(head, nextPart)
		if value < 0 {
			return
		}
		for i, n := range names {
			if seen[i] < maxFieldValues && partName(line, n) {
				seen[i]++
				add(m, n, head[:value])
			}
		}
	}
}

var (
	disposition = []byte("form-data;") // Content-Disposition, in any case
	emptyLine   = []byte("\r\n\r\n")
	nextPart    = []byte("\r\n--")
	nameIs      = []byte(`name="`)
)

// partName reports whether the parameters of a part give it this name; what has
// a file name is no field.
func partName(line, name []byte) bool {
	if bytes.Contains(line, []byte("filename")) {
		return false
	}
	i := bytes.Index(line, nameIs)
	if i < 0 {
		return false
	}
	line = line[i+len(nameIs):]
	return len(line) > len(name) && bytes.HasPrefix(line, name) && line[len(name)] == '"'
}
