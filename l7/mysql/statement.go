package mysql

import (
	"encoding/binary"
	"slices"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// Bounds of the prepared statements that a connection is remembered to have.
const (
	maxStatements     = 1024
	maxStatementBytes = 512 << 10
)

// lastPrepared as an id means the statement that was prepared last (MariaDB,
// "COM_STMT_EXECUTE").
const lastPrepared = 1<<32 - 1

// statement is a prepared one.
type statement struct {
	id   uint32
	text *sqltext.Statement
}

// statements are those of a connection in the order of their ids, which the
// server counts up.
type statements struct {
	list  []statement
	bytes int
	last  *sqltext.Statement // sent in the last PREPARE
}

func (s *statements) find(id uint32) (int, bool) {
	return slices.BinarySearchFunc(s.list, id, func(a statement, id uint32) int {
		switch {
		case a.id < id:
			return -1
		case a.id > id:
			return 1
		}
		return 0
	})
}

// get returns the text of a statement, nil if its PREPARE was not seen.
func (s *statements) get(id uint32) *sqltext.Statement {
	if id == lastPrepared {
		return s.last
	}
	if i, ok := s.find(id); ok {
		return s.list[i].text
	}
	return nil
}

// put adds a statement; the oldest are given up for it.
func (s *statements) put(id uint32, text *sqltext.Statement) {
	s.drop(id)
	for len(s.list) > 0 && (len(s.list) >= maxStatements || s.bytes+text.Size() > maxStatementBytes) {
		s.drop(s.list[0].id)
	}
	i, _ := s.find(id)
	s.list = slices.Insert(s.list, i, statement{id, text})
	s.bytes += text.Size()
}

func (s *statements) drop(id uint32) {
	if i, ok := s.find(id); ok {
		s.bytes -= s.list[i].text.Size()
		s.list = slices.Delete(s.list, i, i+1)
	}
}

// describeStatement adds the statement that a command is about.
func (p *parser) describeStatement(m *l7.Message, code byte, b []byte) {
	id := uint32(0)
	known := len(b) >= 4
	if known {
		id = binary.LittleEndian.Uint32(b)
	}
	var text *sqltext.Statement
	if known {
		text = p.stmts.get(id)
	}
	switch {
	case text == nil:
		p.operation(m, code)
	case code == comStmtExecute || code == comBulkExecute:
		p.describeText(m, code, text)
	default:
		text.DescribeAs(m, sqlKeys(), names[code])
		m.Name = names[code]
	}
	if known && id != lastPrepared {
		m.Int(keyStatement, int64(id))
	}
	switch code {
	case comStmtExecute:
		p.executeAttributes(m, b)
	case comStmtClose:
		p.stmts.drop(id)
	}
}
