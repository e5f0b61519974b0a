package oracle

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// kept is a copy of what may be shown of a statement, in buffers that are used
// again.
type kept struct {
	cursor int
	rows   uint64 // fetched so far
	plan   sqltext.Statement
	bytes  []byte // of ids
}

// set copies a statement.
func (k *kept) set(st *sqltext.Statement) {
	t := &k.plan
	t.Query = append(t.Query[:0], st.Query...)
	t.Op = append(t.Op[:0], st.Op...)
	t.Summary = append(t.Summary[:0], st.Summary...)
	t.Table = append(t.Table[:0], st.Table...)
	t.IDs, k.bytes, k.rows, k.cursor = t.IDs[:0], k.bytes[:0], 0, 0
	for _, id := range st.IDs {
		k.bytes = append(append(k.bytes, id.Name...), id.Value...)
	}
	at := 0
	own := func(b []byte) []byte {
		at += len(b)
		return k.bytes[at-len(b) : at]
	}
	for _, id := range st.IDs {
		t.IDs = append(t.IDs, l7.ID{Class: id.Class, Name: own(id.Name), Value: own(id.Value)})
	}
}

// shelf has the statements of a connection by their cursors.
type shelf struct {
	byCursor map[int]*kept
	order    []*kept // as they came
	bytes    int
}

// get returns the statement of a cursor, nil if it is not known.
func (s *shelf) get(cursor int) *kept { return s.byCursor[cursor] }

// put keeps a statement under the cursor that the server gave it. It takes k's
// buffers and gives it others.
func (s *shelf) put(cursor int, k *kept) {
	if s.byCursor == nil {
		s.byCursor = make(map[int]*kept)
	}
	old := s.byCursor[cursor]
	if old == nil {
		old = s.room(k.plan.Size())
		old.cursor = cursor
		s.byCursor[cursor] = old
		s.order = append(s.order, old)
	} else {
		s.bytes -= old.plan.Size()
	}
	s.bytes += k.plan.Size()
	*old, *k = *k, *old
	old.cursor = cursor
}

// room returns an entry to be filled: a new one, or the oldest.
func (s *shelf) room(size int) *kept {
	k := &kept{}
	for len(s.order) > 0 && (len(s.order) >= maxCursors || s.bytes+size > maxKept) {
		k = s.order[0]
		s.order = append(s.order[:0], s.order[1:]...)
		s.bytes -= k.plan.Size()
		delete(s.byCursor, k.cursor)
	}
	return k
}

// queries and changes report what kind of statement an operation begins.
func queries(op []byte) bool { return bytes.Equal(op, opSelect) || bytes.Equal(op, opWith) }

func changes(op []byte) bool {
	for _, o := range [...][]byte{opInsert, opUpdate, opDelete, opMerge} {
		if bytes.Equal(op, o) {
			return true
		}
	}
	return false
}

var (
	opSelect = []byte("SELECT")
	opWith   = []byte("WITH")
	opInsert = []byte("INSERT")
	opUpdate = []byte("UPDATE")
	opDelete = []byte("DELETE")
	opMerge  = []byte("MERGE")
)
