package redact

import (
	"bytes"
	"strings"
)

// maxName is how many bytes at the end of a name are looked at.
const maxName = 192

// names is a set of names and of simple patterns over folded names.
type names struct {
	exact                 map[string]struct{}
	prefix, suffix, inner [][]byte
}

func (n *names) add(list []string) {
	if n.exact == nil {
		n.exact = make(map[string]struct{})
	}
	for _, s := range list {
		before, after := strings.HasPrefix(s, "*"), strings.HasSuffix(s, "*")
		f := appendFolded(nil, []byte(s))
		switch {
		case len(f) == 0:
		case before && after:
			n.inner = append(n.inner, f)
		case before:
			n.suffix = append(n.suffix, f)
		case after:
			n.prefix = append(n.prefix, f)
		default:
			n.exact[string(f)] = struct{}{}
		}
	}
}

// match reports whether a name, or one part of a composed name such as
// "user[password]" or "db.auth.key", is in the set.
func (n *names) match(name []byte) bool {
	var buf [maxName]byte
	cut := len(name) > maxName
	if cut {
		name = name[len(name)-maxName:]
	}
	whole := buf[:0]
	part := 0
	for i := 0; i < len(name); {
		c, w := unit(name, i)
		i += w
		if composes(c) {
			if n.has(whole[part:], cut && part == 0) {
				return true
			}
			part = len(whole)
			continue
		}
		whole = appendFold(whole, c)
	}
	return n.has(whole[part:], cut && part == 0) || part > 0 && n.has(whole, cut)
}

// composes reports bytes that join the parts of a name.
func composes(c byte) bool {
	switch c {
	case '[', ']', '.', '$', ':', '/', '?', '#', '(', ')', '@':
		return true
	}
	return false
}

// has looks a folded name up; cut says that its beginning is missing.
func (n *names) has(f []byte, cut bool) bool {
	if len(f) == 0 {
		return false
	}
	if !cut {
		if _, ok := n.exact[string(f)]; ok {
			return true
		}
		for _, p := range n.prefix {
			if bytes.HasPrefix(f, p) {
				return true
			}
		}
	}
	for _, p := range n.suffix {
		if bytes.HasSuffix(f, p) {
			return true
		}
	}
	for _, p := range n.inner {
		if bytes.Contains(f, p) {
			return true
		}
	}
	return false
}

// appendFolded adds a name in the form that is compared: lower case, ASCII
// punctuation left out.
func appendFolded(dst, name []byte) []byte {
	for _, c := range name {
		dst = appendFold(dst, c)
	}
	return dst
}

func appendFold(dst []byte, c byte) []byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return append(dst, c|0x20)
	case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c >= 0x80:
		return append(dst, c)
	}
	return dst
}

// unit reads one byte of URL text at i and says how many bytes it took:
// "%3D" is '=', and so is "%253D" and deeper. What is not a valid escape
// stands for itself.
func unit(b []byte, i int) (c byte, width int) {
	if b[i] != '%' {
		return b[i], 1
	}
	j := i + 1
	for j+1 < len(b) && b[j] == '2' && b[j+1] == '5' {
		j += 2
	}
	if j+1 < len(b) {
		hi, lo := hexValue(b[j]), hexValue(b[j+1])
		if hi < 16 && lo < 16 {
			return hi<<4 | lo, j + 2 - i
		}
	}
	return '%', 1
}

func hexValue(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}
