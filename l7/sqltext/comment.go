package sqltext

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// maxNest bounds comments within comments.
const maxNest = 32

// comment cuts the comment that begins at pos, if one does, and reads its ids.
func (r *Reader) comment() bool {
	b, i := r.sql, r.pos
	next := byte(0)
	if i+1 < len(b) {
		next = b[i+1]
	}
	switch c := b[i]; {
	case c == '/' && next == '*':
		r.block()
	case c == '/' && next == '/' && r.rules.slashes:
		r.line(2)
	case c == '#' && r.rules.hash:
		r.line(1)
	case c == '-' && next == '-' && (!r.rules.spacedDash || i+2 == len(b) || b[i+2] <= ' '):
		r.line(2)
	case c == '*' && next == '/' && r.exec > 0:
		r.exec--
		r.pos += 2
	default:
		return false
	}
	return true
}

// line cuts a comment to the end of the line, which stays.
func (r *Reader) line(mark int) {
	text := r.sql[r.pos+mark:]
	if n := bytes.IndexByte(text, '\n'); n >= 0 {
		text = text[:n]
	}
	r.search(text)
	r.cut(r.pos + mark + len(text))
}

// block cuts /* */; what MySQL executes (/*!50003 x */, /*M! x */) stays.
func (r *Reader) block() {
	b, i := r.sql, r.pos
	if r.rules.executable && r.exec < maxNest {
		n := i + 2
		if n < len(b) && b[n] == 'M' {
			n++
		}
		if n < len(b) && b[n] == '!' {
			for n++; n < len(b) && classes[b[n]] == digit; n++ {
			}
			r.exec++
			r.pos = n
			return
		}
	}
	end, stop := blockEnd(b, i, r.rules.nested)
	r.search(b[i+2 : stop])
	r.cut(end)
}

// blockEnd is the place behind the comment at i, and that of its text's end.
func blockEnd(b []byte, i int, nested bool) (end, stop int) {
	depth := 1
	first := i + 3 // place where the first */ may end
	for i += 2; i < len(b); i++ {
		n := bytes.IndexByte(b[i:], '/')
		if n < 0 {
			break
		}
		i += n
		switch {
		case b[i-1] == '*' && i >= first:
			if depth--; depth == 0 {
				return i + 1, i - 1
			}
		case nested && depth < maxNest && i+1 < len(b) && b[i+1] == '*':
			depth++
			i++
			first = i + 2
		}
	}
	return len(b), len(b)
}

// search looks for ids in a comment: key='value', key=value, key: value.
func (r *Reader) search(c []byte) {
	for i := 0; i < len(c) && len(r.st.IDs) < maxIDs; {
		if !inKey(c[i]) {
			i++
			continue
		}
		n := i + 1
		for n < len(c) && inKey(c[n]) {
			n++
		}
		key := c[i:n]
		i = n
		if n < len(c) && (c[n] == '"' || c[n] == '\'') { // "key": "value"
			n++
		}
		for n < len(c) && (c[n] == ' ' || c[n] == '\t') {
			n++
		}
		if n >= len(c) || c[n] != '=' && c[n] != ':' {
			continue
		}
		class := r.ids.Match(key)
		if class == l7.IDNone && r.fields != nil {
			class = r.fields.MatchSQL(key)
		}
		if class == l7.IDNone || class == l7.IDForwarded {
			continue
		}
		var value []byte
		if value, i = r.value(c, n+1); len(value) > 0 {
			r.st.IDs = append(r.st.IDs, l7.ID{Class: class, Name: key, Value: value})
		}
	}
}

func inKey(c byte) bool {
	return cursor.IsAlpha(c) || cursor.IsDigit(c) || c == '-' || c == '_' || c == '.'
}

// value reads the value at i of a comment and returns the place behind it.
func (r *Reader) value(c []byte, i int) ([]byte, int) {
	for i < len(c) && (c[i] == ' ' || c[i] == '\t') {
		i++
	}
	if i < len(c) && (c[i] == '\'' || c[i] == '"') {
		end := quotedEnd(c, i, c[i], true)
		v := c[i+1 : end]
		if len(v) > 0 && v[len(v)-1] == c[i] {
			v = v[:len(v)-1]
		}
		return r.decode(v[:min(len(v), maxValue)]), end
	}
	n := i
	for n < len(c) && c[n] > ' ' && c[n] != ',' {
		n++
	}
	return bytes.TrimRight(c[i:min(n, i+maxValue)], ";'\"*)]}"), n
}

// decode undoes what sqlcommenter does to values: percent encoding and \'.
func (r *Reader) decode(v []byte) []byte {
	if bytes.IndexByte(v, '%') < 0 && bytes.IndexByte(v, '\\') < 0 {
		return v
	}
	at := len(r.arena)
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case c == '\\' && i+1 < len(v):
			i++
			c = v[i]
		case c == '%' && i+2 < len(v) && cursor.IsHex(v[i+1]) && cursor.IsHex(v[i+2]):
			c = cursor.HexDigit(v[i+1])<<4 | cursor.HexDigit(v[i+2])
			i += 2
		}
		r.arena = append(r.arena, c)
	}
	return r.arena[at:len(r.arena):len(r.arena)]
}
