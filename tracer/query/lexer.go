package query

import "strings"

type tokenKind uint8

const (
	end tokenKind = iota
	word
	quoted // text is without quotes and escapes
	sign   // operators and punctuation
)

type token struct {
	kind     tokenKind
	text     string
	pos, len int
}

// is reports a keyword or sign; keywords are not case-sensitive.
func (t token) is(s string) bool {
	return t.kind == word && strings.EqualFold(t.text, s) || t.kind == sign && t.text == s
}

// signs in an order in which the longest comes first.
var signs = []string{"&&", "||", "==", "!=", "!~", "<=", ">=", "=", "<", ">", "~", "!", "(", ")", ","}

type lexer struct {
	expr string
	pos  int
}

func (l *lexer) space() {
	for l.pos < len(l.expr) && strings.IndexByte(" \t\r\n", l.expr[l.pos]) >= 0 {
		l.pos++
	}
}

// next reads a token where a field, an operator or a connective may stand.
func (l *lexer) next() (token, *SyntaxError) {
	l.space()
	if l.pos == len(l.expr) {
		return token{pos: l.pos}, nil
	}
	if c := l.expr[l.pos]; c == '"' || c == '\'' {
		return l.quote(c)
	}
	for _, s := range signs {
		if strings.HasPrefix(l.expr[l.pos:], s) {
			l.pos += len(s)
			return token{sign, s, l.pos - len(s), len(s)}, nil
		}
	}
	from := l.pos
	for l.pos < len(l.expr) && strings.IndexByte(" \t\r\n\"'=<>!~&|(),", l.expr[l.pos]) < 0 {
		l.pos++
	}
	if l.pos == from { // a single & or |
		l.pos++
	}
	return token{word, l.expr[from:l.pos], from, l.pos - from}, nil
}

// value reads a token where a value must stand: a word goes on to white space,
// "&&", "||", a closing parenthesis that it did not open, or, in a list, a
// comma. So paths, URLs and simple regular expressions need no quotes.
func (l *lexer) value(list bool) (token, *SyntaxError) {
	l.space()
	if l.pos == len(l.expr) {
		return token{pos: l.pos}, nil
	}
	if c := l.expr[l.pos]; c == '"' || c == '\'' {
		return l.quote(c)
	}
	from, depth := l.pos, 0
scan:
	for ; l.pos < len(l.expr); l.pos++ {
		rest := l.expr[l.pos:]
		switch c := rest[0]; {
		case strings.IndexByte(" \t\r\n", c) >= 0, c == ',' && list:
			break scan
		case strings.HasPrefix(rest, "&&"), strings.HasPrefix(rest, "||"):
			break scan
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				break scan
			}
		}
	}
	if l.pos == from {
		return token{sign, l.expr[from : from+1], from, 1}, nil
	}
	return token{word, l.expr[from:l.pos], from, l.pos - from}, nil
}

// quote reads a string in quotes. A backslash makes the quote and itself
// ordinary; before any other character it stays, so that regular expressions
// read as usual.
func (l *lexer) quote(q byte) (token, *SyntaxError) {
	from := l.pos
	var b strings.Builder
	for l.pos++; l.pos < len(l.expr); l.pos++ {
		c := l.expr[l.pos]
		if c == q {
			l.pos++
			return token{quoted, b.String(), from, l.pos - from}, nil
		}
		if c == '\\' && l.pos+1 < len(l.expr) && (l.expr[l.pos+1] == q || l.expr[l.pos+1] == '\\') {
			l.pos++
			c = l.expr[l.pos]
		}
		b.WriteByte(c)
	}
	return token{}, &SyntaxError{Expr: l.expr, Pos: from, Len: len(l.expr) - from, Msg: "quote is not closed"}
}
