package l7

import "slices"

// Emitter owns the one scratch Message of an engine and its arrays.
type Emitter struct {
	m       Message
	here    Stamp
	dir     Dir
	pending bool
	side    bool // one of the fields of aside is set
	aside   aside
}

// Reset prepares the Emitter for a call of Parse, End or Finish whose b[0] is
// at here. The engine calls it.
func (e *Emitter) Reset(here Stamp) {
	e.here = here
	e.pending = false
}

// Begin clears the scratch Message and returns it. First is the place of b[0];
// a parser whose message began in an earlier call sets it to what Here said then.
func (e *Emitter) Begin(k Kind) *Message {
	m := &e.m
	ids, attrs, answers, terms := m.IDs[:0], m.Attrs[:0], m.Answers[:0], m.Terms[:0]
	*m = Message{} // cleared in place; a literal with values would be copied
	m.Kind, m.Size, m.First = k, -1, e.here
	m.IDs, m.Attrs, m.Answers, m.Terms = ids, attrs, answers, terms
	return m
}

// Here is the place of b[0].
func (e *Emitter) Here() Stamp { return e.here }

// Emit hands the Message on when Parse returns.
func (e *Emitter) Emit(dir Dir) { e.dir, e.pending = dir, true }

// Take returns the emitted Message, if there is one. The engine calls it.
func (e *Emitter) Take() (m *Message, dir Dir, ok bool) {
	ok, e.pending = e.pending, false
	return &e.m, e.dir, ok
}

// Str adds a string attribute.
func (m *Message) Str(key uint8, v []byte) {
	a := m.attr()
	a.Key, a.Str, a.Num = key, v, 0
}

// Int adds an integer attribute.
func (m *Message) Int(key uint8, v int64) {
	a := m.attr()
	a.Key, a.Str, a.Num = key, nil, v
}

// Bool adds a boolean attribute.
func (m *Message) Bool(key uint8, v bool) {
	n := int64(0)
	if v {
		n = 1
	}
	m.Int(key, n)
}

// attr adds an attribute of which every field is to be set.
func (m *Message) attr() *Attr {
	n := len(m.Attrs)
	if n == cap(m.Attrs) {
		m.Attrs = slices.Grow(m.Attrs, 1)
	}
	m.Attrs = m.Attrs[:n+1]
	return &m.Attrs[n]
}

// ID adds an ID.
func (m *Message) ID(c IDClass, name, value []byte) {
	n := len(m.IDs)
	if n == cap(m.IDs) {
		m.IDs = slices.Grow(m.IDs, 1)
	}
	m.IDs = m.IDs[:n+1]
	id := &m.IDs[n]
	id.Class, id.Name, id.Value = c, name, value
}
