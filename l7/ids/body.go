package ids

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// Body is how fields lie in a body.
type Body uint8

// Bodies.
const (
	NoBody Body = iota // nobody asks for any
	JSONBody
	FormBody
	PartsBody // multipart/form-data
	SomeBody  // of no said type: JSON, if it begins so, or a form
)

// BodyOf says how a body of this media type and content coding is searched;
// NoBody where no field is wanted that could be in it.
func (m *Matcher) BodyOf(media, coding []byte) Body {
	json, form := len(m.fields.json) > 0, len(m.fields.form) > 0
	if !json && !form || len(coding) > 0 && !cursor.EqualFold(coding, "identity") {
		return NoBody
	}
	t, _ := cursor.Cut(media, ';')
	t = cursor.TrimOWS(t)
	switch {
	case len(t) == 0 || cursor.EqualFold(t, "text/plain"):
		return SomeBody
	case form && cursor.EqualFold(t, "application/x-www-form-urlencoded"):
		return FormBody
	case form && cursor.EqualFold(t, "multipart/form-data"):
		return PartsBody
	case json && len(t) >= 4 && (cursor.EqualFold(t[len(t)-4:], "json") || cursor.HasPrefixFold(t, "application/json")):
		return JSONBody
	}
	return NoBody
}

// Fields adds the fields of a body, of which b is the beginning; cut says that
// it goes on. Values may lie in buf, which is returned.
func (m *Matcher) Fields(kind Body, b []byte, cut bool, msg *l7.Message, buf []byte) []byte {
	if len(b) > MaxBody {
		b, cut = b[:MaxBody], true
	}
	if kind == SomeBody {
		if kind = FormBody; jsonBegins(b) {
			kind = JSONBody
		}
	}
	switch kind {
	case JSONBody:
		m.JSON(b, msg)
	case FormBody:
		return pairs(bytes.TrimRight(b, "\r\n"), m.fields.form, cut, msg, buf)
	case PartsBody:
		parts(b, m.fields.form, msg)
	}
	return buf
}

// jsonBegins reports whether a text may be JSON with members.
func jsonBegins(b []byte) bool {
	i := skipSpace(b, 0)
	return i < len(b) && (b[i] == '{' || b[i] == '[')
}
