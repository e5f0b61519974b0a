package filter

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// maxExpr bounds the length of an expression in bytes.
const maxExpr = 64 << 10

// Words that are not names; the longest match counts, then this order.
var (
	macWord = regexp.MustCompilePOSIX(`^([0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){5}|[0-9A-Fa-f]{1,2}(-[0-9A-Fa-f]{1,2}){5}|` +
		`[0-9A-Fa-f]{1,2}(\.[0-9A-Fa-f]{1,2}){5}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}|[0-9A-Fa-f]{12})`)
	numWord   = regexp.MustCompilePOSIX(`^([0-9]+|0[xX][0-9A-Fa-f]+)`)
	addr4Word = regexp.MustCompilePOSIX(`^([0-9]+|0[xX][0-9A-Fa-f]+)(\.([0-9]+|0[xX][0-9A-Fa-f]+)){1,3}`)
	badMAC    = regexp.MustCompilePOSIX(`^[0-9A-Fa-f]{1,2}:+([0-9A-Fa-f]{1,2}:+)+`)
	nameWord  = regexp.MustCompilePOSIX(`^[A-Za-z0-9]([-_.A-Za-z0-9]*[.A-Za-z0-9])?`)
	arcWord   = regexp.MustCompilePOSIX(`^\$[0-9A-Fa-f]{1,2}`)
)

// lexer cuts an expression into tokens.
type lexer struct {
	expr   string
	tokens []token
}

// lex cuts expr into tokens; the last one is tokEnd.
func lex(expr string) ([]token, *SyntaxError) {
	if len(expr) > maxExpr {
		return nil, &SyntaxError{Expr: "", Msg: fmt.Sprintf("expression of %d bytes is longer than %d", len(expr), maxExpr)}
	}
	l := &lexer{expr: expr}
	for pos := 0; pos < len(expr); {
		if strings.IndexByte(" \t\r\n", expr[pos]) >= 0 {
			pos++
			continue
		}
		n, err := l.word(pos)
		if err != nil {
			return nil, err
		}
		pos += n
	}
	l.add(token{kind: tokEnd, span: span{len(expr), len(expr)}})
	return l.tokens, nil
}

func (l *lexer) add(t token) { l.tokens = append(l.tokens, t) }

// word takes one token at pos and returns its length.
func (l *lexer) word(pos int) (int, *SyntaxError) {
	rest := l.expr[pos:]
	at := func(n int) span { return span{pos, pos + n} }
	if rest[0] == '\\' {
		n := strings.IndexAny(rest, " !()\n\t")
		if n < 0 {
			n = len(rest)
		}
		if n == 1 {
			return 0, l.fault(at(1), `nothing follows the backslash`)
		}
		l.add(token{kind: tokName, text: rest[1:n], span: at(n)})
		return n, nil
	}
	run := rest[:runLen(rest)]
	if n := len(arcWord.FindString(run)); n > 0 {
		l.add(token{kind: tokARC, text: rest[1:n], span: at(n)})
		return n, nil
	}
	kind, n := longest(run)
	if n == 0 {
		return l.operator(pos)
	}
	t := token{kind: kind, text: rest[:n], span: at(n)}
	switch kind {
	case tokEnd:
		return 0, l.fault(t.span, fmt.Sprintf("bogus Ethernet address %s", t.text))
	case tokNum:
		v, err := number(t.text)
		if err != "" {
			return 0, l.fault(t.span, err)
		}
		t.num = v
	case tokName:
		if word, ok := keywords[t.text]; ok {
			t.kind, t.text = tokWord, word
			if word == "!" {
				t.kind = tokOp
			}
		} else if v, ok := constants[t.text]; ok {
			t.kind, t.num = tokNum, v
		}
	}
	l.add(t)
	return n, nil
}

// runLen is the length of what could be one word at the begin of s, so that
// patterns need not look at all that follows.
func runLen(s string) int {
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' || strings.IndexByte("-_.:$", s[n]) >= 0) {
		n++
	}
	return n
}

// longest finds the longest word at the begin of s; of equal length the first
// of the list counts, except that a keyword wins over all. tokEnd is a bogus
// Ethernet address.
func longest(s string) (tokenKind, int) {
	kind, length := tokName, 0
	if name := nameWord.FindString(s); keywords[name] != "" {
		length = len(name)
	}
	take := func(k tokenKind, n int) {
		if n > length {
			kind, length = k, n
		}
	}
	take(tokMAC, len(macWord.FindString(s)))
	take(tokNum, len(numWord.FindString(s)))
	take(tokAddr4, len(addr4Word.FindString(s)))
	take(tokAddr6, addr6Len(s))
	take(tokEnd, len(badMAC.FindString(s)))
	take(tokName, len(nameWord.FindString(s)))
	return kind, length
}

// addr6Len is the length of the longest IPv6 address that s begins with.
func addr6Len(s string) int {
	const longestAddr = 45 // eight groups, the last two as an IPv4 address
	n := 0
	for n < len(s) && n < longestAddr && strings.IndexByte("0123456789abcdefABCDEF:.", s[n]) >= 0 {
		n++
	}
	if strings.Count(s[:n], ":") < 2 {
		return 0
	}
	for ; n >= 2; n-- {
		if a, err := netip.ParseAddr(s[:n]); err == nil && a.Is6() {
			return n
		}
	}
	return 0
}

// operator takes an operator at pos.
func (l *lexer) operator(pos int) (int, *SyntaxError) {
	rest := l.expr[pos:]
	for _, op := range []string{">=", "<=", "!=", "==", "<<", ">>", "&&", "||"} {
		if strings.HasPrefix(rest, op) {
			t := token{kind: tokOp, text: op, span: span{pos, pos + 2}}
			switch op {
			case "==":
				t.text = "="
			case "&&":
				t.kind, t.text = tokWord, "and"
			case "||":
				t.kind, t.text = tokWord, "or"
			}
			l.add(t)
			return 2, nil
		}
	}
	if strings.IndexByte("+-*/%:[]!<>()&|^=", rest[0]) >= 0 {
		l.add(token{kind: tokOp, text: rest[:1], span: span{pos, pos + 1}})
		return 1, nil
	}
	return 0, l.fault(span{pos, pos + 1}, fmt.Sprintf("character %q has no meaning here", rest[0]))
}

// number reads a decimal, octal (0...) or hexadecimal (0x...) number; the
// second result says what is wrong.
func number(s string) (uint32, string) {
	base, digits := 10, s
	switch {
	case len(s) > 1 && (s[1] == 'x' || s[1] == 'X'):
		base, digits = 16, s[2:]
	case len(s) > 1 && s[0] == '0':
		base, digits = 8, s[1:]
		if strings.ContainsAny(s, "89") {
			return 0, fmt.Sprintf("number %s begins with 0, so it is octal, and contains a digit that is not", s)
		}
	}
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0, fmt.Sprintf("number %s overflows 32 bits", s)
	}
	return uint32(v), ""
}

func (l *lexer) fault(at span, msg string) *SyntaxError {
	return &SyntaxError{Expr: l.expr, Offset: at.off, Length: at.end - at.off, Msg: msg}
}
