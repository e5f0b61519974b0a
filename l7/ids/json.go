package ids

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// FromJSON adds the IDs among the members of a JSON object: strings without
// escapes, of the object itself, not of what it holds. b may be cut short, and
// what is no object has none. Systems without headers, such as Redis lists,
// have their IDs there.
func FromJSON(b []byte, match l7.IDMatcher, m *l7.Message) {
	if f, ok := match.(*Matcher); ok && len(f.fields.json) > 0 && jsonBegins(b) {
		f.JSON(b[:min(len(b), MaxBody)], m)
	}
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return
	}
	for depth := 0; i < len(b); {
		switch b[i] {
		case '{', '[':
			depth++
			i++
		case '}', ']':
			if depth--; depth <= 0 {
				return
			}
			i++
		case '"':
			name, end := jsonString(b, i)
			if i = skipSpace(b, end); depth != 1 || i >= len(b) || b[i] != ':' {
				continue
			}
			if i = skipSpace(b, i+1); i >= len(b) || b[i] != '"' {
				continue
			}
			value, end := jsonString(b, i)
			if i = end; len(name) > 0 && len(value) > 0 {
				if class := match.Match(name); class != l7.IDNone {
					m.ID(class, name, value)
				}
			}
		default:
			i++
		}
	}
}

// jsonString returns the string that begins at i, nil if it has escapes or no
// end, and the place behind it.
func jsonString(b []byte, i int) (s []byte, end int) {
	from := i + 1
	for i = from; i < len(b); i++ {
		switch b[i] {
		case '"':
			if s = b[from:i]; bytes.IndexByte(s, '\\') >= 0 {
				s = nil
			}
			return s, i + 1
		case '\\':
			i++
		}
	}
	return nil, len(b)
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	return i
}
