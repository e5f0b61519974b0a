package memcached

import (
	"bytes"

	"github.com/wirespan/wirespan/l7/cursor"
)

// answer is what the first word of a reply's line says.
type answer uint8

// Answers.
const (
	foreign answer = iota
	single         // the line is the reply
	failed         // the line is an error
	value          // VALUE key flags bytes [cas]: a value, then more lines
	list           // a line of a list that ends with END
	final          // END
	bulk           // VA bytes flags: a value, and the reply is over
)

// answerOf reads the first line of a reply, without its end; body is the size
// of the value behind it, -1 if there is none. The order of the cases is that
// of protocol.txt.
func answerOf(b []byte) (a answer, word []byte, body int64) {
	word, rest := cutWord(b)
	body = -1
	switch string(word) {
	case "STORED", "NOT_STORED", "EXISTS", "NOT_FOUND", "DELETED", "TOUCHED", "OK", "VERSION", "RESET", "BUSY", "BADCLASS",
		"NOSPARE", "NOTFULL", "UNSAFE", "SAME", "HD", "NS", "NF", "EX", "EN", "MN", "ME":
		return single, word, body
	case "ERROR", "CLIENT_ERROR", "SERVER_ERROR":
		return failed, word, body
	case "VALUE", "CONFIG":
		_, rest = cutWord(rest)
		_, rest = cutWord(rest)
		size, _ := cutWord(rest)
		if n, ok := cursor.Decimal(size); ok && n <= maxBody {
			return value, word, int64(n)
		}
	case "STAT", "ITEM", "PREFIX":
		return list, word, body
	case "END":
		return final, word, body
	case "VA":
		size, _ := cutWord(rest)
		if n, ok := cursor.Decimal(size); ok && n <= maxBody {
			return bulk, word, int64(n)
		}
	default:
		if _, ok := cursor.Decimal(word); ok && len(bytes.TrimRight(rest, " ")) == 0 {
			return single, nil, body // the new value of incr
		}
	}
	return foreign, nil, body
}

// listing passes over a reply of several lines and values.
type listing struct {
	tail bool // the CRLF behind a value comes next
	hits int64
}

// outcome of reading a piece of the input.
type outcome uint8

const (
	more outcome = iota
	good
	bad
)

// maxLine bounds the lines of replies.
const maxLine = 8 << 10

// run goes over b: n bytes are done with, and skip more that are not in b.
func (l *listing) run(b []byte) (n int, skip int64, o outcome) {
	for {
		if l.tail {
			if len(b)-n < 2 {
				return n, 0, more
			}
			if b[n] != '\r' || b[n+1] != '\n' {
				return n, 0, bad
			}
			n, l.tail = n+2, false
		}
		text, size, ok := cursor.Line(b[n:])
		if !ok {
			if len(b)-n > maxLine {
				return n, 0, bad
			}
			return n, 0, more
		}
		a, _, body := answerOf(text)
		switch a {
		case final, failed, single: // RESET ends what stats reset lists
			return n + size, 0, good
		case list:
		case value:
			l.hits++
			l.tail = true
			if have := int64(len(b) - n - size); body > have {
				return len(b), body - have, more
			}
			n += int(body)
		default:
			return n, 0, bad
		}
		n += size
	}
}
