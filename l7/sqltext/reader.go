package sqltext

import "github.com/wirespan/wirespan/l7"

// Reader reads SQL texts, one after the other.
type Reader struct {
	// PlainBackslash says that \ escapes nothing in '' strings (the sql_mode
	// NO_BACKSLASH_ESCAPES); it may change between texts.
	PlainBackslash bool

	rules features
	quote bool // the dialect has q'[x]'
	ids   l7.IDMatcher
	// fields knows keys that mean something in comments only, nil if it does not.
	fields interface{ MatchSQL(key []byte) l7.IDClass }

	sql  []byte // borrowed during Read
	pos  int
	from int // what is before was written to Query or cut
	exec int // executable comments that are open

	st    Statement
	sum   summary
	arena []byte // decoded values of ids
}

// NewReader returns a Reader for a dialect. ids recognises the names in
// comments.
func NewReader(d Dialect, ids l7.IDMatcher) *Reader {
	r := &Reader{rules: featuresOf[d], quote: d == Oracle || d == Generic, ids: ids}
	r.fields, _ = ids.(interface{ MatchSQL(key []byte) l7.IDClass })
	return r
}

// Read reads a text, which may be cut short anywhere. The Statement is valid
// until the next Read and borrows ids from sql.
func (r *Reader) Read(sql []byte) *Statement {
	r.sql, r.pos, r.from, r.exec = sql, 0, 0, 0
	r.arena = r.arena[:0]
	r.st = Statement{Query: r.st.Query[:0], IDs: r.st.IDs[:0]}
	r.sum.reset()
	for r.pos < len(sql) {
		r.token()
	}
	r.flush(len(sql))
	r.st.Query = trim(r.st.Query)
	r.sum.settle()
	r.st.Op, r.st.Summary, r.st.Table = r.sum.op(), r.sum.buf, r.sum.table()
	r.sql = nil
	return &r.st
}

// token reads what begins at pos.
func (r *Reader) token() {
	b, i := r.sql, r.pos
	switch classes[b[i]] {
	case letter, digit:
		if r.rules.uuid && uuid(b[i:]) {
			r.literal(i + uuidLen)
			return
		}
	}
	switch classes[b[i]] {
	case space:
		r.pos++
	case letter:
		r.word()
	case digit:
		if r.rules.colon && i > 0 && b[i-1] == ':' {
			r.pos = numberEnd(b, i)
		} else {
			r.literal(numberEnd(b, i))
		}
	case single:
		r.literal(r.stringEnd(i, !r.rules.backslash || r.PlainBackslash))
	case double:
		if r.rules.doubleName {
			r.name(quotedEnd(b, i, '"', false))
		} else {
			r.literal(quotedEnd(b, i, '"', r.rules.backslash && !r.PlainBackslash))
		}
	case tick:
		r.name(quotedEnd(b, i, '`', false))
	case dollar:
		r.dollar()
	case bracket:
		if r.rules.bracket {
			r.name(quotedEnd(b, i, ']', false))
		} else {
			r.mark(b[i])
		}
	case dash, slash, hash, other:
		if !r.comment() {
			r.mark(b[i])
		}
	case dot:
		if i+1 < len(b) && classes[b[i+1]] == digit && (i == 0 || !ofName(b[i-1])) {
			r.literal(numberEnd(b, i))
		} else {
			r.mark('.')
		}
	case mark:
		r.mark(b[i])
	}
}

// ofName reports whether a byte may end a name.
func ofName(c byte) bool { return inWord(c) || c == '`' || c == '"' || c == ']' || c == '.' }

// mark passes over a byte that stands for itself.
func (r *Reader) mark(c byte) {
	r.sum.mark(c)
	r.pos++
}

// word reads a name, a keyword, or the prefix of a string.
func (r *Reader) word() {
	b, i := r.sql, r.pos
	n := i + 1
	for n < len(b) && inWord(b[n]) {
		n++
	}
	if n < len(b) && b[n] == '\'' && r.prefixed(b[i:n], n) {
		return
	}
	if n+1 < len(b) && b[n] == '&' && b[n+1] == '\'' && n == i+1 && b[i]|0x20 == 'u' { // U&'\0041'
		r.literal(r.stringEnd(n+1, true))
		return
	}
	r.sum.word(b[i:n])
	r.pos = n
}

// prefixed reads a string with something in front: N'x', E'x', X'1f', q'[x]',
// _utf8mb4'x'.
func (r *Reader) prefixed(p []byte, at int) bool {
	last := p[len(p)-1] | 0x20
	switch {
	case r.quote && last == 'q' && (len(p) == 1 || len(p) == 2 && p[0]|0x20 == 'n'):
		r.literal(alternativeEnd(r.sql, at))
	case len(p) == 1 && last == 'e':
		r.literal(r.stringEnd(at, false))
	case len(p) == 1 && (last == 'n' || last == 'x' || last == 'b'), p[0] == '_':
		r.literal(r.stringEnd(at, !r.rules.backslash || r.PlainBackslash))
	default:
		return false
	}
	return true
}

// literal replaces what goes from pos to end by a question mark.
func (r *Reader) literal(end int) {
	r.flush(r.pos)
	r.put('?')
	r.pos, r.from = end, end
	r.sum.literal()
}

// name passes over a quoted name that goes from pos to end.
func (r *Reader) name(end int) {
	r.sum.quoted(r.sql[r.pos:end])
	r.pos = end
}

// cut leaves out what goes from pos to end.
func (r *Reader) cut(end int) {
	r.flush(r.pos)
	r.pos, r.from = end, end
}

// flush writes what was passed over up to end.
func (r *Reader) flush(end int) {
	if n := min(end-r.from, maxQuery-len(r.st.Query)); n > 0 {
		r.st.Query = append(r.st.Query, r.sql[r.from:r.from+n]...)
	}
	r.from = end
}

func (r *Reader) put(c byte) {
	if len(r.st.Query) < maxQuery {
		r.st.Query = append(r.st.Query, c)
	}
}

// trim takes white space off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && classes[b[len(b)-1]] == space {
		b = b[:len(b)-1]
	}
	n := 0
	for n < len(b) && classes[b[n]] == space {
		n++
	}
	return b[:copy(b, b[n:])] // in place: the buffer is used again
}
