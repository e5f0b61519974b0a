package redact

import (
	"bytes"
	"strings"
	"sync/atomic"
)

// maxName is how many bytes at the end of a name are looked at.
const maxName = 192

// names is a set of names and of simple patterns over folded names.
type names struct {
	exact                 map[string]struct{}
	prefix, suffix, inner []pattern
	heads                 letters // first letters of the exact names
	plain                 [plainNames]atomic.Uint64
}

// plainNames is the number of short names that are remembered as not in the
// set; most programs use few. They are shared by all goroutines, and one takes
// the place of another.
const plainNames = 256

// pack gives a name of at most 7 bytes as a number that no other name has, 0
// for others, and its place.
func pack(name []byte) (v uint64, at int) {
	if len(name) > 7 {
		return 0, 0
	}
	for _, c := range name {
		v = v<<8 | uint64(c)
	}
	v |= uint64(len(name)) << 56
	return v, int(v*0x9e3779b97f4a7c15>>32) % plainNames
}

// pattern is a text to look for, with its letters: a name that lacks one of
// them does not hold it.
type pattern struct {
	text []byte
	has  letters
}

// letters is a set of folded bytes, by their lower five bits.
type letters uint32

func lettersOf(b []byte) (l letters) {
	for _, c := range b {
		l |= 1 << (c & 31)
	}
	return l
}

func newPattern(f []byte) pattern { return pattern{text: f, has: lettersOf(f)} }

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
			n.inner = append(n.inner, newPattern(f))
		case before:
			n.suffix = append(n.suffix, newPattern(f))
		case after:
			n.prefix = append(n.prefix, newPattern(f))
		default:
			n.exact[string(f)] = struct{}{}
			n.heads |= lettersOf(f[:1])
		}
	}
}

// match reports whether a name, or one part of a composed name such as
// "user[password]" or "db.auth.key", is in the set.
func (n *names) match(name []byte) bool {
	v, at := pack(name)
	if v != 0 && n.plain[at].Load() == v {
		return false
	}
	found := n.search(name)
	if v != 0 && !found {
		n.plain[at].Store(v)
	}
	return found
}

func (n *names) search(name []byte) bool {
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
	l := lettersOf(f)
	if !cut {
		if n.heads&lettersOf(f[:1]) != 0 {
			if _, ok := n.exact[string(f)]; ok {
				return true
			}
		}
		for i := range n.prefix {
			if p := &n.prefix[i]; p.has&^l == 0 && bytes.HasPrefix(f, p.text) {
				return true
			}
		}
	}
	for i := range n.suffix {
		if p := &n.suffix[i]; p.has&^l == 0 && bytes.HasSuffix(f, p.text) {
			return true
		}
	}
	for i := range n.inner {
		if p := &n.inner[i]; p.has&^l == 0 && bytes.Contains(f, p.text) {
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
