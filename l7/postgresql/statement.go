package postgresql

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// statement is what is kept of a prepared statement: a copy, redacted. The
// unnamed one is written over again and again.
type statement struct {
	name []byte
	st   sqltext.Statement // in buf
	buf  []byte
	life uint32 // counts the texts that it had
	held bool   // it has a text
}

// set copies a text that was read.
func (s *statement) set(from *sqltext.Statement) {
	n := len(from.Query) + len(from.Op) + len(from.Summary) + len(from.Table)
	for _, id := range from.IDs {
		n += len(id.Name) + len(id.Value)
	}
	if cap(s.buf) < n {
		s.buf = make([]byte, 0, n)
	}
	s.buf = s.buf[:0]
	s.st.Query, s.st.Op = s.own(from.Query), s.own(from.Op)
	s.st.Summary, s.st.Table = s.own(from.Summary), s.own(from.Table)
	s.st.IDs = s.st.IDs[:0]
	for _, id := range from.IDs {
		s.st.IDs = append(s.st.IDs, l7.ID{Class: id.Class, Name: s.own(id.Name), Value: s.own(id.Value)})
	}
	s.life++
	s.held = true
}

// own copies into buf, which has room.
func (s *statement) own(p []byte) []byte {
	at := len(s.buf)
	s.buf = append(s.buf, p...)
	return s.buf[at:len(s.buf):len(s.buf)]
}

func (s *statement) forget() {
	s.held = false
	s.life++
}

// bound is a portal: a statement as it was when it was bound.
type bound struct {
	of   *statement
	life uint32
}

// statement is nil if it has another text now.
func (p bound) statement() *statement {
	if p.of == nil || p.of.life != p.life || !p.of.held {
		return nil
	}
	return p.of
}

// shelf has the statements and portals of a connection.
type shelf struct {
	unnamed statement
	named   map[string]*statement
	order   []*statement // named ones as they came, also those that were closed
	bytes   int
	portal  bound // the unnamed one
	portals map[string]bound
}

// put keeps a statement. Names beyond the bounds push the oldest out.
func (s *shelf) put(name []byte, st *sqltext.Statement) *statement {
	if len(name) == 0 {
		s.unnamed.set(st)
		return &s.unnamed
	}
	s.close(name)
	if s.named == nil {
		s.named = make(map[string]*statement)
	}
	e := &statement{name: append([]byte(nil), name...)}
	e.set(st)
	for len(s.order) > 0 && (len(s.order) >= maxStatements || s.bytes+cap(e.buf) > maxPrepared) {
		s.evict()
	}
	s.named[string(name)] = e
	s.order = append(s.order, e)
	s.bytes += cap(e.buf)
	return e
}

// evict forgets the statement that came first.
func (s *shelf) evict() {
	e := s.order[0]
	s.order = append(s.order[:0], s.order[1:]...)
	s.bytes -= cap(e.buf)
	if s.named[string(e.name)] == e {
		delete(s.named, string(e.name))
	}
	e.forget()
}

// get returns a statement, nil if its text is not known.
func (s *shelf) get(name []byte) *statement {
	if len(name) > 0 {
		return s.named[string(name)]
	}
	if s.unnamed.held {
		return &s.unnamed
	}
	return nil
}

// close forgets a statement.
func (s *shelf) close(name []byte) {
	if e := s.get(name); e != nil {
		e.forget()
		delete(s.named, string(name))
	}
}

// bind makes a portal.
func (s *shelf) bind(portal []byte, st *statement) {
	var b bound
	if st != nil {
		b = bound{st, st.life}
	}
	switch {
	case len(portal) == 0:
		s.portal = b
		return
	case s.portals == nil:
		s.portals = make(map[string]bound)
	case len(s.portals) >= maxPortals:
		clear(s.portals)
	}
	s.portals[string(portal)] = b
}

// of returns the statement of a portal, nil if it is not known.
func (s *shelf) of(portal []byte) *statement {
	if len(portal) == 0 {
		return s.portal.statement()
	}
	return s.portals[string(portal)].statement()
}

// closePortal forgets a portal.
func (s *shelf) closePortal(portal []byte) {
	if len(portal) == 0 {
		s.portal = bound{}
		return
	}
	delete(s.portals, string(portal))
}

// lose forgets what lost bytes may have changed: names of statements are used
// once by drivers, portals and the unnamed statement are not.
func (s *shelf) lose() {
	s.unnamed.forget()
	s.portal = bound{}
	clear(s.portals)
}
