package sqltext

import (
	"github.com/wirespan/wirespan/l7"
)

// Bounds of what is told of a text, in bytes.
const (
	maxQuery   = 8 << 10
	maxSummary = 255
	maxOp      = 32
	maxIDs     = 16
	maxValue   = 512 // of an id
)

// Statement is what is told of a SQL text.
type Statement struct {
	Query   []byte // literals replaced by ?, comments cut; at most 8 KiB
	Op      []byte // the first keyword in upper case: SELECT
	Summary []byte // operations and targets: SELECT orders; at most 255 bytes
	Table   []byte // the only table that is named, without quotes; empty if there are several
	IDs     []l7.ID
}

// Keys are the attribute numbers, in the Proto of the caller, that Describe
// sets.
type Keys struct {
	Operation  uint8 // db.operation.name
	Query      uint8 // db.query.text
	Summary    uint8 // db.query.summary
	Collection uint8 // db.collection.name
}

// Describe puts the statement into a message: operation, target, span name,
// attributes and ids. The message borrows from s.
func (s *Statement) Describe(m *l7.Message, k Keys) {
	s.DescribeAs(m, k, s.Op)
	m.Name = s.Summary
}

// DescribeAs is Describe for a message that does something else with the
// statement than run it: op is the operation, and the caller names the span.
func (s *Statement) DescribeAs(m *l7.Message, k Keys, op []byte) {
	m.Op, m.Resource = op, s.Table
	if len(op) > 0 {
		m.Str(k.Operation, op)
	}
	if len(s.Query) > 0 {
		m.Str(k.Query, s.Query)
	}
	if len(s.Summary) > 0 {
		m.Str(k.Summary, s.Summary)
	}
	if len(s.Table) > 0 {
		m.Str(k.Collection, s.Table)
	}
	for _, id := range s.IDs {
		m.ID(id.Class, id.Name, id.Value)
	}
}

// Size is about how many bytes a Clone keeps.
func (s *Statement) Size() int {
	n := len(s.Query) + len(s.Op) + len(s.Summary) + len(s.Table)
	for _, id := range s.IDs {
		n += len(id.Name) + len(id.Value) + 56
	}
	return n + 120
}

// Clone returns a copy that may be kept: the text of a prepared statement.
func (s *Statement) Clone() *Statement {
	var n int
	for _, p := range [...][]byte{s.Query, s.Op, s.Summary, s.Table} {
		n += len(p)
	}
	for _, id := range s.IDs {
		n += len(id.Name) + len(id.Value)
	}
	b := make([]byte, 0, n)
	own := func(p []byte) []byte {
		at := len(b)
		b = append(b, p...)
		return b[at:len(b):len(b)]
	}
	c := &Statement{Query: own(s.Query), Op: own(s.Op), Summary: own(s.Summary), Table: own(s.Table)}
	for _, id := range s.IDs {
		c.IDs = append(c.IDs, l7.ID{Class: id.Class, Name: own(id.Name), Value: own(id.Value)})
	}
	return c
}
