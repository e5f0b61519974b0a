package filter

import (
	"errors"
	"fmt"
	"strings"
)

// ErrRejectsAll is wrapped by the error of an expression that no packet of the
// link type can match, as "arp" on raw IP. RejectAll is the program for it.
var ErrRejectsAll = errors.New("expression rejects all packets")

// SyntaxError is a mistake in an expression, with its place. Its text has three
// lines: what is wrong, the line of the expression, and a mark under the word.
type SyntaxError struct {
	Expr           string // the whole expression
	Offset, Length int    // bytes of Expr that are at fault; Length is 0 at the end
	Msg            string
	err            error
}

// Error says what is wrong and marks the word.
func (e *SyntaxError) Error() string {
	line, col := e.line()
	length := max(1, min(e.Length, len(line)-col))
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, line[:col])
	return fmt.Sprintf("%s\n%s\n%s%s", e.Msg, line, indent, strings.Repeat("^", length))
}

// Unwrap gives what is behind the mistake, as the error of a Resolver.
func (e *SyntaxError) Unwrap() error { return e.err }

// line cuts out the line of the mistake and gives its column there.
func (e *SyntaxError) line() (string, int) {
	off := min(max(e.Offset, 0), len(e.Expr))
	start := strings.LastIndexByte(e.Expr[:off], '\n') + 1
	line, _, _ := strings.Cut(e.Expr[start:], "\n")
	return line, off - start
}

// span is a piece of the expression.
type span struct{ off, end int }

func (s span) to(o span) span { return span{s.off, max(s.end, o.end)} }
