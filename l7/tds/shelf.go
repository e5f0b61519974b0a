package tds

import "github.com/wirespan/wirespan/l7/sqltext"

// statement is a prepared statement: a copy of what may be shown of it.
type statement struct {
	handle uint32
	name   string // of Sybase's
	text   *sqltext.Statement
}

// shelf has the prepared statements of a connection.
type shelf struct {
	byHandle map[uint32]*statement
	byName   map[string]*statement
	order    []*statement // as they came, also those that were closed
	bytes    int
}

// put keeps a statement under the number that the server gave it.
func (s *shelf) put(handle uint32, st *statement) {
	if s.byHandle == nil {
		s.byHandle = make(map[uint32]*statement)
	}
	st.handle = handle
	s.add(st)
	s.byHandle[handle] = st
}

// putNamed keeps one under the name that the client gave it.
func (s *shelf) putNamed(name []byte, t *sqltext.Statement) {
	if s.byName == nil {
		s.byName = make(map[string]*statement)
	}
	st := &statement{name: string(name), text: t.Clone()}
	s.add(st)
	s.byName[st.name] = st
}

// add makes room: the oldest go.
func (s *shelf) add(st *statement) {
	for len(s.order) > 0 && (len(s.order) >= maxStatements || s.bytes+st.text.Size() > maxPrepared) {
		old := s.order[0]
		s.order = append(s.order[:0], s.order[1:]...)
		s.bytes -= old.text.Size()
		if s.byHandle[old.handle] == old {
			delete(s.byHandle, old.handle)
		}
		if s.byName[old.name] == old {
			delete(s.byName, old.name)
		}
	}
	s.order = append(s.order, st)
	s.bytes += st.text.Size()
}

// getNamed returns a statement, nil if it is not known.
func (s *shelf) getNamed(name []byte) *statement { return s.byName[string(name)] }
