package tds

import (
	"github.com/wirespan/wirespan/l7/cursor"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// insertBulk is what drivers send before a BULK LOAD: INSERT BULK table
// (columns). It is no statement of Transact-SQL that others may send.
const insertBulk = "insert bulk "

// bulk corrects target and summary of an INSERT BULK, for which general reading
// of SQL takes BULK for the table.
func (p *parser) bulk(st *sqltext.Statement) {
	q := st.Query
	if !cursor.HasPrefixFold(q, insertBulk) {
		return
	}
	q = q[len(insertBulk):]
	p.target = append(p.target[:0], "INSERT "...)
	quoted := false
	for _, c := range q[:min(len(q), maxTarget)] {
		switch {
		case c == '[' || c == ']' || c == '"':
			quoted = c == '[' || c == '"' && !quoted
			continue
		case !quoted && (c == ' ' || c == '('):
			st.Summary, st.Table = p.target, p.target[len("INSERT "):]
			return
		}
		p.target = append(p.target, c)
	}
}

// maxTarget is how long the name of a table may be, with schema and quotes.
const maxTarget = 240
