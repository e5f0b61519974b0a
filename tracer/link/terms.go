package link

import (
	"bytes"
	"encoding/binary"

	"github.com/wirespan/wirespan/tracer/span"
)

// maxTerms bounds the names that are remembered by key; then the oldest goes.
const maxTerms = 8192

// terms are what protocols call things by keys that are the same on all
// connections (l7.Term): the one that tells a name is often not the one that
// uses the key. Names are completed when a span leaves.
type terms struct {
	byKey map[[16]byte]string
	order [][16]byte // a ring, in the order in which they came
	next  int        // the oldest, once the ring is full
	gone  uint64
	key   span.Key // messaging.destination.name
	known bool     // some protocol has that attribute
}

func (t *terms) init(keys *span.Keys) {
	t.byKey = map[[16]byte]string{}
	t.key, t.known = keys.Lookup("messaging.destination.name")
}

// learn takes the names among the terms of an exchange.
func (t *terms) learn(b []byte) {
	for len(b) > 0 {
		var key [16]byte
		var name []byte
		if key, name, b = cutTerm(b); len(name) > 0 {
			t.set(key, name)
		}
	}
}

func (t *terms) set(key [16]byte, name []byte) {
	have, ok := t.byKey[key]
	switch {
	case ok && have == string(name):
		return
	case ok:
	case len(t.order) < maxTerms:
		t.order = append(t.order, key)
	default:
		delete(t.byKey, t.order[t.next])
		t.order[t.next] = key
		t.next = (t.next + 1) % maxTerms
		t.gone++
	}
	t.byKey[key] = string(name)
}

// asked returns the name that an exchange asks for, empty if nobody told it. A
// response knows better than its request.
func (t *terms) asked(b []byte) (name string) {
	for len(b) > 0 {
		var key [16]byte
		var told []byte
		if key, told, b = cutTerm(b); len(told) == 0 {
			name = t.byKey[key]
		}
	}
	return name
}

// term returns the name that completes the destination of an exchange, empty if
// it has one.
func (w *writer) term(r *Facts) (name string) {
	t := &w.l.terms
	if name = t.asked(w.l.piece(r, Answers)); name == "" || !t.known {
		return ""
	}
	for a := range span.Attrs(w.l.piece(r, Attrs)).All {
		if a.Key == t.key {
			return ""
		}
	}
	return name
}

// appendNamed appends a span name, Op and what it is about, with another name for
// the latter.
func appendNamed(b, was []byte, name string) []byte {
	if i := bytes.IndexByte(was, ' '); i >= 0 {
		was = was[:i]
	}
	return append(append(append(b, was...), ' '), name...)
}

// AppendTerm encodes a term for the piece Answers: key, length, name.
func AppendTerm(b []byte, key *[16]byte, name []byte) []byte {
	name = name[:min(len(name), 1<<16-1)]
	b = append(b, key[:]...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
	return append(b, name...)
}

// cutTerm takes the first term off; one that was cut short is none.
func cutTerm(b []byte) (key [16]byte, name, rest []byte) {
	const head = 16 + 2
	if len(b) < head {
		return key, nil, nil
	}
	copy(key[:], b)
	n := int(binary.LittleEndian.Uint16(b[16:]))
	if n > len(b)-head {
		return [16]byte{}, nil, nil
	}
	return key, b[head : head+n], b[head+n:]
}
