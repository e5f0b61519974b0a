package query

import (
	"strings"
	"unicode/utf8"
)

// SyntaxError points at the word of an expression that is wrong.
type SyntaxError struct {
	Expr string
	Pos  int // byte offset of the word
	Len  int // bytes of the word, 0 at the end of the expression
	Msg  string
}

// Error is the message in one line.
func (e *SyntaxError) Error() string {
	if e.Len == 0 {
		return e.Msg + " at the end of the expression"
	}
	return e.Msg
}

// Render gives two lines, the expression and a marker below the word.
func (e *SyntaxError) Render() string {
	line := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, e.Expr)
	pos := min(e.Pos, len(line))
	end := min(pos+e.Len, len(line))
	return line + "\n" + strings.Repeat(" ", utf8.RuneCountInString(line[:pos])) +
		strings.Repeat("^", max(1, utf8.RuneCountInString(line[pos:end])))
}
