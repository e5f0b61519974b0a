package redact

import "bytes"

// AppendTarget adds a request target in any form (RFC 9112, 3.2), or a URL:
// values of sensitive query, fragment and path parameters become REDACTED,
// also inside a URL or JSON text that is itself the value of a parameter,
// percent-encoded any number of times; userinfo is removed.
func (r *Redactor) AppendTarget(dst, target []byte) []byte {
	if r.off {
		return append(dst, target...)
	}
	if n := authorityForm(target); n > 0 {
		target = target[n:]
	}
	s := scanner{r: r, b: target, path: true}
	from := s.plainPath()
	if from == len(target) {
		return append(dst, target...)
	}
	return s.scan(dst, from)
}

// plainPath passes over a path that cannot hold a secret, which is nearly
// every one, and returns where the scan has to begin.
func (s *scanner) plainPath() int {
	q := bytes.IndexByte(s.b, '?')
	end := q
	if q < 0 {
		end = len(s.b)
	}
	for _, c := range s.b[:end] {
		if suspicious[c] {
			return 0
		}
	}
	if q >= 0 {
		s.last = '?'
		s.name, s.path, end = q+1, false, q+1
	}
	return end
}

// ordinary are the bytes that only lengthen a name or a value.
var ordinary = func() (t [256]bool) {
	for c := range t {
		t[c] = c > ' ' && bytes.IndexByte([]byte(":=%?#&;{,/"), byte(c)) < 0
	}
	return t
}()

// suspicious are the bytes of a path that the scan must look at: assignment
// signs, escapes, white space, and what ends a path.
var suspicious = [256]bool{'=': true, ':': true, '%': true, '#': true, ' ': true, '\t': true, '"': true, '\'': true}

// AppendQuery adds a query without its question mark, or a form body.
func (r *Redactor) AppendQuery(dst, query []byte) []byte {
	if r.off {
		return append(dst, query...)
	}
	s := scanner{r: r, b: query}
	return s.scan(dst, 0)
}

// authorityForm returns the length of the userinfo of a target in authority
// form, as CONNECT has it.
func authorityForm(t []byte) int {
	if len(t) == 0 || t[0] == '/' || bytes.Contains(t, []byte("://")) {
		return 0
	}
	end := bytes.IndexAny(t, "/?#")
	if end < 0 {
		end = len(t)
	}
	return bytes.LastIndexByte(t[:end], '@') + 1
}

// scanner walks URL text once. A candidate name begins at each separator and
// ends at an assignment sign; both count in plain and percent-encoded form.
type scanner struct {
	r    *Redactor
	b    []byte
	path bool // before the first '?' or '#': '/' separates too

	copied int  // b[:copied] has been dealt with
	name   int  // where the candidate name begins
	blank  bool // white space followed the candidate
	last   byte // last unit that was not white space
}

func (s *scanner) scan(dst []byte, i int) []byte {
	for i < len(s.b) {
		if c := s.b[i]; ordinary[c] && !s.blank {
			s.last = c
			i++
			continue
		}
		c, w := unit(s.b, i)
		next := i + w
		switch {
		case c == ':' && s.scheme(next):
			dst, next = s.authority(dst, next)
		case c == '=' || c == ':' && (s.last == '"' || s.last == '\''):
			if s.r.params.match(s.b[s.name:i]) {
				end := s.valueEnd(next, w)
				dst = s.replace(dst, next, end)
				next = end
			}
			s.name, s.blank = next, false
		case c <= ' ':
			s.blank = true
		case s.separates(c):
			s.path = s.path && !(w == 1 && (c == '?' || c == '#'))
			s.name, s.blank = next, false
		case s.blank:
			s.name, s.blank = i, false
		}
		if c > ' ' {
			s.last = c
		}
		i = next
	}
	return append(dst, s.b[s.copied:]...)
}

func (s *scanner) separates(c byte) bool {
	switch c {
	case '?', '#', '&', ';', '{', ',':
		return true
	case '/':
		return s.path
	}
	return false
}

// replace puts the replacement for b[from:to]; an empty value stays empty.
func (s *scanner) replace(dst []byte, from, to int) []byte {
	dst = append(dst, s.b[s.copied:from]...)
	s.copied = to
	if from == to {
		return dst
	}
	return append(dst, Replacement...)
}

// valueEnd finds the end of a secret that begins at i. A plain '&' ends it
// always; ';' only where another "name=" follows, since secrets may contain
// one. In a path '/' and ';' end it. An encoded '&' ends it if it is encoded no
// more deeply than the '=' was, which took depth bytes.
func (s *scanner) valueEnd(i, depth int) int {
	for i < len(s.b) {
		c, w := unit(s.b, i)
		switch {
		case c == '&' && w <= depth:
			return i
		case w == 1 && c == ';' && (s.path || s.assignment(i+1)):
			return i
		case w == 1 && s.path && (c == '/' || c == '?' || c == '#'):
			return i
		}
		i += w
	}
	return i
}

// assignment reports whether "name=" begins at i.
func (s *scanner) assignment(i int) bool {
	for n := 0; i < len(s.b) && n < 64; i, n = i+1, n+1 {
		switch c := s.b[i]; {
		case c == '=':
			return n > 0
		case c == '_' || c == '-' || c == '.' || c == '[' || c == ']' || c == '%':
		case c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z':
		default:
			return false
		}
	}
	return false
}

// scheme reports whether the ':' before i begins "://".
func (s *scanner) scheme(i int) bool {
	for range 2 {
		if i >= len(s.b) {
			return false
		}
		c, w := unit(s.b, i)
		if c != '/' {
			return false
		}
		i += w
	}
	return true
}

// authority goes past the "//" at i and drops the userinfo behind it (RFC
// 3986, 3.2.1), up to the last '@' of the authority. Delimiters that are
// encoded more deeply than the slashes belong to the userinfo.
func (s *scanner) authority(dst []byte, i int) ([]byte, int) {
	depth := 0
	for range 2 {
		_, depth = unit(s.b, i)
		i += depth
	}
	at, j := -1, i
	for j < len(s.b) {
		c, w := unit(s.b, j)
		if w <= depth && (c == '/' || c == '?' || c == '#' || c <= ' ' || c == '"') || w == 1 && c == '&' {
			break
		}
		if j += w; c == '@' && w <= depth {
			at = j
		}
	}
	if at < 0 && j == len(s.b) && !hostPort(s.b[i:]) {
		at = j
	}
	if at >= 0 {
		dst = append(dst, s.b[s.copied:i]...)
		s.copied, i = at, at
	}
	s.name, s.blank = i, false
	return dst, i
}

// hostPort tells an authority at the end of the input from a userinfo that is
// cut off: what follows the host is digits.
func hostPort(b []byte) bool {
	for i, v6 := 0, false; i < len(b); {
		c, w := unit(b, i)
		i += w
		switch {
		case c == '[' || c == ']':
			v6 = c == '['
		case c == ':' && !v6:
			for ; i < len(b); i++ {
				if b[i] < '0' || b[i] > '9' {
					return false
				}
			}
		}
	}
	return true
}
