package memcached

import (
	"bytes"

	"github.com/wirespan/wirespan/l7/cursor"
)

// form says how a command's line goes on.
type form uint8

// Forms.
const (
	unknown   form = iota
	store          // key flags exptime bytes [noreply], then a value
	swap           // the same with a cas unique before noreply
	fetch          // keys
	touchGet       // exptime keys
	change         // key and one number, [noreply]
	remove         // key [0] [noreply]
	admin          // words that may be shown, [noreply]
	meta           // key flags
	metaStore      // key bytes flags, then a value
	metaEnd        // mn: nothing
	leave          // quit: nothing, and no reply
)

// formOf finds a command, which is in lower case on the wire.
func formOf(word []byte) form {
	switch string(word) {
	case "get", "gets":
		return fetch
	case "set", "add", "replace", "append", "prepend":
		return store
	case "cas":
		return swap
	case "gat", "gats":
		return touchGet
	case "incr", "decr", "touch":
		return change
	case "delete":
		return remove
	case "stats", "version", "verbosity", "flush_all", "cache_memlimit", "slabs", "lru", "lru_crawler", "watch", "config", "misbehave",
		"refresh_certs", "extstore":
		return admin
	case "mg", "md", "ma", "me":
		return meta
	case "ms":
		return metaStore
	case "mn":
		return metaEnd
	case "quit", "shutdown":
		return leave
	}
	return unknown
}

// maxKey is the length of the longest key (KEY_MAX_LENGTH).
const maxKey = 250

// maxKeys bounds the keys that a text shows.
const maxKeys = 16

// line is the first line of a command, borrowed from the input.
type line struct {
	form  form
	op    []byte
	keys  []byte // key, or keys with the blanks between them, in full
	more  bool   // something follows the keys
	body  int64  // bytes of the value, without its CRLF; -1 if there is none
	quiet bool   // noreply, or the meta flag q
}

// readLine reads a command without its line end.
func readLine(b []byte) (l line, ok bool) {
	var w []byte
	l.body = -1
	l.op, b = cutWord(b)
	l.form = formOf(l.op)
	switch l.form {
	case fetch:
		l.keys = bytes.TrimRight(b, " ")
		return l, len(l.keys) > 0
	case touchGet:
		w, b = cutWord(b)
		l.keys = bytes.TrimRight(b, " ")
		return l, isNumber(w) && len(l.keys) > 0
	case store, swap:
		l.keys, b = cutWord(b)
		numbers := 3
		if l.form == swap {
			numbers = 4
		}
		for i := range numbers {
			w, b = cutWord(b)
			if !isNumber(w) {
				return l, false
			}
			if i == 2 {
				n, ok := cursor.Decimal(w)
				if !ok || n > maxBody {
					return l, false
				}
				l.body = int64(n)
			}
		}
		l.more = true
	case change:
		l.keys, b = cutWord(b)
		w, b = cutWord(b)
		if !isNumber(w) {
			return l, false
		}
		l.more = true
	case remove:
		l.keys, b = cutWord(b)
		if w, rest := cutWord(b); isNumber(w) {
			b = rest
		}
	case metaStore:
		l.keys, b = cutWord(b)
		w, b = cutWord(b)
		n, ok := cursor.Decimal(w)
		if !ok || n > maxBody {
			return l, false
		}
		l.body, l.quiet, l.more = int64(n), hasFlag(b, 'q'), true
		return l, validKey(l.keys)
	case meta:
		l.keys, b = cutWord(b)
		l.quiet, l.more = hasFlag(b, 'q'), len(b) > 0
		return l, validKey(l.keys)
	case admin:
		l.keys = bytes.TrimRight(b, " ")
		l.quiet = bytes.HasSuffix(b, []byte("noreply"))
		return l, true
	case metaEnd:
		return l, len(b) == 0
	case leave:
		l.quiet = true
		return l, len(b) == 0 || string(l.op) == "shutdown"
	default:
		return l, false
	}
	w, b = cutWord(b)
	l.quiet = string(w) == "noreply"
	return l, validKey(l.keys) && len(b) == 0
}

// maxBody bounds a value: -I takes up to 1 GiB.
const maxBody = 1 << 31

// cutWord takes the first word off a line.
func cutWord(b []byte) (w, rest []byte) {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	i := bytes.IndexByte(b, ' ')
	if i < 0 {
		return b, nil
	}
	for rest = b[i:]; len(rest) > 0 && rest[0] == ' '; {
		rest = rest[1:]
	}
	return b[:i], rest
}

// isNumber reports whether w is decimal, negative or not.
func isNumber(w []byte) bool {
	if len(w) > 1 && w[0] == '-' {
		w = w[1:]
	}
	_, ok := cursor.Decimal(w)
	return ok
}

func validKey(k []byte) bool {
	if len(k) == 0 || len(k) > maxKey {
		return false
	}
	for _, c := range k {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// hasFlag reports whether the flags of a meta command have one without token.
func hasFlag(b []byte, flag byte) bool {
	for len(b) > 0 {
		var w []byte
		if w, b = cutWord(b); len(w) == 1 && w[0] == flag {
			return true
		}
	}
	return false
}

// appendText writes db.query.text: command and keys, ? for what else there is.
func (l *line) appendText(b []byte) []byte {
	b = append(b, l.op...)
	keys := l.keys
	for n := 0; len(keys) > 0; n++ {
		if n == maxKeys {
			return append(b, " ..."...)
		}
		var w []byte
		w, keys = cutWord(keys)
		b = appendVisible(append(b, ' '), w[:min(len(w), maxKey)])
	}
	if l.more {
		b = append(b, " ?"...)
	}
	return b
}

// appendVisible writes text with what does not print as \xHH.
func appendVisible(b, text []byte) []byte {
	for _, c := range text {
		if c >= ' ' && c != 0x7f {
			b = append(b, c)
			continue
		}
		b = append(b, '\\', 'x', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
	}
	return b
}
