package clickhouse

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/store"
)

// Arrays leave the server as one string per row, in which each element has its length in
// front ("5:hello"): to read arrays of strings element by element would take most
// of the time of a question. packed reads such a string; what it yields are parts
// of it.
type packed struct{ rest string }

// word reads one element.
func (p *packed) word() (string, bool) {
	digits, rest, ok := strings.Cut(p.rest, ":")
	n, err := strconv.ParseUint(digits, 10, 31)
	if !ok || err != nil || n > uint64(len(rest)) {
		return "", false
	}
	p.rest = rest[n:]
	return rest[:n], true
}

// attrs reads triples of type (one digit), key and value. ok is false when the
// string is damaged; what stood before that is returned.
func unpackAttrs(text string) (attrs []store.Attr, ok bool) {
	p := packed{text}
	for p.rest != "" {
		t := store.Type(p.rest[0] - '0')
		p.rest = p.rest[1:]
		key, ok1 := p.word()
		value, ok2 := p.word()
		if !ok1 || !ok2 || t >= store.NumTypes {
			return attrs, false
		}
		attrs = append(attrs, store.Attr{Key: key, Value: parseValue(t, value)})
	}
	return attrs, true
}

// unpackEvents reads triples of time, name and attributes.
func unpackEvents(text string) (events []store.Event, ok bool) {
	p := packed{text}
	for p.rest != "" {
		at, ok1 := p.word()
		name, ok2 := p.word()
		attrs, ok3 := p.word()
		n, err := strconv.ParseInt(at, 10, 64)
		if !ok1 || !ok2 || !ok3 || err != nil {
			return events, false
		}
		events = append(events, store.Event{Time: n, Name: name, Attrs: parseMap(attrs)})
	}
	return events, true
}

// unpackLinks reads triples of trace and span id in hexadecimal digits, and attributes.
func unpackLinks(text string) (links []store.Link, ok bool) {
	p := packed{text}
	for p.rest != "" {
		trace, ok1 := p.word()
		id, ok2 := p.word()
		attrs, ok3 := p.word()
		var l store.Link
		if !ok1 || !ok2 || !ok3 || !unhex(l.Trace[:], trace) || !unhex(l.ID[:], id) {
			return links, false
		}
		l.Attrs = parseMap(attrs)
		links = append(links, l)
	}
	return links, true
}

func unhex(dst []byte, text string) bool {
	if len(text) != 2*len(dst) {
		return false
	}
	_, err := hex.Decode(dst, []byte(text))
	return err == nil
}
