package l7

// Emitter owns the one scratch Message of an engine and its arrays.
type Emitter struct {
	m       Message
	here    Stamp
	dir     Dir
	pending bool
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
	ids, attrs, answers := e.m.IDs[:0], e.m.Attrs[:0], e.m.Answers[:0]
	e.m = Message{Kind: k, Size: -1, IDs: ids, Attrs: attrs, Answers: answers, First: e.here}
	return &e.m
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
func (m *Message) Str(key uint8, v []byte) { m.Attrs = append(m.Attrs, Attr{Key: key, Str: v}) }

// Int adds an integer attribute.
func (m *Message) Int(key uint8, v int64) { m.Attrs = append(m.Attrs, Attr{Key: key, Num: v}) }

// Bool adds a boolean attribute.
func (m *Message) Bool(key uint8, v bool) {
	a := Attr{Key: key}
	if v {
		a.Num = 1
	}
	m.Attrs = append(m.Attrs, a)
}

// ID adds an ID.
func (m *Message) ID(c IDClass, name, value []byte) {
	m.IDs = append(m.IDs, ID{Class: c, Name: name, Value: value})
}
