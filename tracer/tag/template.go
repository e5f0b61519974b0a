package tag

import "bytes"

// MaxTemplate bounds the bytes of a template; what would exceed it is cut
// after the last whole segment, and "/*" stands for the rest.
const MaxTemplate = 256

const idSign = "{id}"

// AppendTemplate adds the url.template of path, which may be a whole request
// target: scheme, authority, query, fragment and path parameters (";...") are
// cut, segments that look like ids become {id}, all others stay as they are on
// the wire. A numeric or hexadecimal file name keeps its extension:
// "/img/4711.jpg" gives "/img/{id}.jpg". path is not kept.
func AppendTemplate(dst, path []byte) []byte {
	start := len(dst)
	if len(path) <= MaxTemplate-2 {
		var rest int
		if dst, rest = appendPlain(dst, path); rest == len(path) {
			return dst
		}
		dst = dst[:start]
	}
	path = pathOf(path)
	for len(path) > 0 {
		slash := path[0] == '/'
		if slash {
			path = path[1:]
		}
		seg := path
		if i := bytes.IndexByte(path, '/'); i >= 0 {
			seg = path[:i]
		}
		path = path[len(seg):]
		if i := bytes.IndexByte(seg, ';'); i >= 0 {
			seg = seg[:i]
		}
		stem, ext := idSign, seg
		if tail, ok := idSegment(seg); ok {
			ext = tail
		} else {
			stem = ""
		}
		if len(dst)-start+1+len(stem)+len(ext) > MaxTemplate-2 {
			return append(dst, "/*"...)
		}
		if slash {
			dst = append(dst, '/')
		}
		dst = append(append(dst, stem...), ext...)
	}
	return dst
}

// appendPlain adds the template of a path of plain segments, in one pass, as
// far as it goes, and returns where it stopped: words, and numbers. Words that
// are long and could be hexadecimal are not plain.
func appendPlain(dst, path []byte) (_ []byte, at int) {
	for at < len(path) && path[at] == '/' {
		from := at
		var kinds class
		for at++; at < len(path) && path[at] != '/'; at++ {
			kinds |= plain[path[at]]
		}
		switch {
		case kinds&^(plainWord|plainName) == 0 && (at-from <= minHex || kinds&plainName != 0):
			dst = append(dst, path[from:at]...)
		case kinds == plainDigit:
			dst = append(append(dst, '/'), idSign...)
		default:
			return dst, from
		}
	}
	return dst, at
}

// Kinds of bytes in plain segments.
const (
	plainWord class = 1 << iota
	plainName       // no hexadecimal digit
	plainDigit
	plainOther
)

var plain = func() (t [256]class) {
	for c := range t {
		switch {
		case classify(byte(c)) == digit:
			t[c] = plainDigit
		case classify(byte(c)) == letter && c|0x20 > 'f':
			t[c] = plainName
		case word([]byte{byte(c)}):
			t[c] = plainWord
		default:
			t[c] = plainOther
		}
	}
	return t
}()

// pathOf cuts a request target down to its path (RFC 9112, 3.2). Targets in
// authority or asterisk form have no path and stay.
func pathOf(t []byte) []byte {
	if i := bytes.IndexByte(t, '?'); i >= 0 {
		t = t[:i]
	}
	if i := bytes.IndexByte(t, '#'); i >= 0 {
		t = t[:i]
	}
	if len(t) == 0 || t[0] == '/' {
		return t
	}
	i := bytes.Index(t, []byte("://"))
	if i < 0 {
		return t
	}
	t = t[i+3:]
	if i = bytes.IndexByte(t, '/'); i >= 0 {
		return t[i:]
	}
	return rootPath
}

var rootPath = []byte("/")

// idSegment reports whether a segment looks like an id, and what follows the
// id: the extension of a file name.
func idSegment(seg []byte) (tail []byte, ok bool) {
	if looksLikeID(seg) {
		return nil, true
	}
	dot := bytes.IndexByte(seg, '.')
	if dot > 0 && extension(seg[dot+1:]) && looksLikeID(seg[:dot]) {
		return seg[dot:], true
	}
	return nil, false
}

// extension reports whether b is a file name's extension: one to five letters
// and digits that start with a letter.
func extension(b []byte) bool {
	if len(b) == 0 || len(b) > 5 || classOf(b[0]) != letter {
		return false
	}
	for _, c := range b {
		if k := classOf(c); k != letter && k != digit {
			return false
		}
	}
	return true
}
