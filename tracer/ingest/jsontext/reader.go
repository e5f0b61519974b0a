package jsontext

import (
	"errors"
	"fmt"
)

// maxDepth is how deep objects and arrays may stand in each other.
const maxDepth = 100

// errEnd says that there is nothing left where something must be.
var errEnd = errors.New("it ends there")

// Reader reads one text. Make it with New.
type Reader struct {
	s     string
	at    int
	depth int
	err   error
}

// New returns a Reader of a text.
func New(text string) *Reader { return &Reader{s: text} }

// Err is the first fault, or nil.
func (r *Reader) Err() error { return r.err }

// End reads what is left and returns the first fault; only white space may be left.
func (r *Reader) End() error {
	if r.space(); r.err == nil && r.at < len(r.s) {
		r.fail("there is more behind the end")
	}
	return r.err
}

// Fail makes a fault at the place where the Reader is, unless there is one.
func (r *Reader) Fail(what string) { r.fail("%s", what) }

func (r *Reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("JSON, offset %d: %w", r.at, fmt.Errorf(format, args...))
	}
}

// space passes over white space.
func (r *Reader) space() {
	for r.at < len(r.s) {
		switch r.s[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// Kind is the first byte of the next value: '{', '[', '"', 't', 'f', 'n', or '0' for
// a number; 0 if there is none.
func (r *Reader) Kind() byte {
	if r.space(); r.err != nil {
		return 0
	}
	if r.at == len(r.s) {
		r.fail("%w", errEnd)
		return 0
	}
	switch c := r.s[r.at]; {
	case c == '{' || c == '[' || c == '"' || c == 't' || c == 'f' || c == 'n':
		return c
	case c == '-' || c >= '0' && c <= '9':
		return '0'
	}
	r.fail("%q begins no value", r.s[r.at])
	return 0
}

// Null takes a null if that is what comes next.
func (r *Reader) Null() bool { return r.Kind() == 'n' && r.word("null") }

// word takes a word that must be there.
func (r *Reader) word(w string) bool {
	if len(r.s)-r.at < len(w) || r.s[r.at:r.at+len(w)] != w {
		r.fail("want %s", w)
		return false
	}
	r.at += len(w)
	return true
}

// Bool takes true or false.
func (r *Reader) Bool() bool {
	switch r.Kind() {
	case 't':
		return r.word("true")
	case 'f':
		r.word("false")
	case 'n':
		r.word("null")
	case 0:
	default:
		r.fail("want true or false")
	}
	return false
}

// open takes the bracket that begins an object or array and reports whether there is
// one; null is an empty one.
func (r *Reader) open(c byte, what string) bool {
	switch k := r.Kind(); {
	case r.err != nil:
		return false
	case k == 'n':
		r.word("null")
		return false
	case k != c:
		r.fail("want %s", what)
		return false
	case r.depth == maxDepth:
		r.fail("more than %d levels", maxDepth)
		return false
	}
	r.at++
	r.depth++
	return true
}

// more takes what separates elements, or the closing bracket, and reports whether
// there is another element.
func (r *Reader) more(first bool, c byte) bool {
	if r.space(); r.err != nil {
		return false
	}
	if r.at == len(r.s) {
		r.fail("%w", errEnd)
		return false
	}
	switch {
	case r.s[r.at] == c:
		r.at++
		r.depth--
		return false
	case first:
		return true
	case r.s[r.at] != ',':
		r.fail("want ',' or %q", c)
		return false
	}
	r.at++
	return true
}

// Object calls field for every member of an object. What field does not take is
// passed over.
func (r *Reader) Object(field func(key string)) {
	if !r.open('{', "an object") {
		return
	}
	for first := true; r.more(first, '}'); first = false {
		if r.Kind() != '"' {
			r.fail("want a name")
			return
		}
		key := r.String()
		if r.space(); r.err != nil {
			return
		}
		if r.at == len(r.s) || r.s[r.at] != ':' {
			r.fail("want ':'")
			return
		}
		r.at++
		r.space()
		at := r.at
		if field(key); r.err != nil {
			return
		}
		if r.at == at {
			r.Skip()
		}
	}
}

// Array calls element for every element of an array. What element does not take is
// passed over.
func (r *Reader) Array(element func()) {
	if !r.open('[', "an array") {
		return
	}
	for first := true; r.more(first, ']'); first = false {
		r.space()
		at := r.at
		if element(); r.err != nil {
			return
		}
		if r.at == at {
			r.Skip()
		}
	}
}

// Skip passes over a value.
func (r *Reader) Skip() {
	switch r.Kind() {
	case '{':
		r.Object(func(string) {})
	case '[':
		r.Array(func() {})
	case '"':
		r.quoted()
	case 't', 'f':
		r.Bool()
	case 'n':
		r.word("null")
	case '0':
		r.number()
	}
}

// Raw takes a value as it is written.
func (r *Reader) Raw() string {
	r.space()
	at := r.at
	if r.Skip(); r.err != nil {
		return ""
	}
	return r.s[at:r.at]
}

// Part takes a value and returns a Reader of it, so that it can be read when what
// stands behind it is known. Join must follow.
func (r *Reader) Part() *Reader {
	r.space()
	at := r.at
	if r.Skip(); r.err != nil {
		return nil
	}
	return &Reader{s: r.s[:r.at], at: at, depth: r.depth}
}

// Join ends a Part and makes its fault that of the whole.
func (r *Reader) Join(part *Reader) {
	if err := part.End(); err != nil && r.err == nil {
		r.err = err
	}
}

// More reports whether another value stands behind the one that was taken.
func (r *Reader) More() bool {
	r.space()
	return r.err == nil && r.at < len(r.s)
}
