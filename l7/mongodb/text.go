package mongodb

import "unicode/utf8"

// maxText bounds db.query.text.
const maxText = 4 << 10

// text writes db.query.text: the fields of a command, values replaced by ?.
type text struct {
	b     []byte
	comma bool
}

func (t *text) reset() { t.b, t.comma = t.b[:0], false }

// open and shut frame the fields of all sections.
func (t *text) open() { t.put("{") }

func (t *text) shut() {
	if len(t.b) <= 1 {
		t.b = t.b[:0]
		return
	}
	t.put("}")
}

// put adds what fits.
func (t *text) put(s string) {
	if len(t.b)+len(s) <= maxText {
		t.b = append(t.b, s...)
	}
}

// name adds a name, without what could not be shown in quotes.
func (t *text) name(b []byte) {
	if len(t.b)+len(b) > maxText {
		return
	}
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r < 0x20 || r == '"' || r == '\\' || r == utf8.RuneError && n == 1 {
			r = '_'
		}
		t.b = utf8.AppendRune(t.b, r)
		b = b[n:]
	}
}

// key adds the name of a field.
func (t *text) key(b []byte) {
	if t.comma {
		t.put(",")
	}
	t.put(`"`)
	t.name(b)
	t.put(`":`)
	t.comma = true
}

// command adds the document of a command, behind the namespace if there is one.
func (t *text) command(d elements) {
	t.space()
	t.put("{")
	t.comma = false
	t.members(d, 0)
	t.put("}")
}

// document adds a document of which every value is hidden.
func (t *text) document(d elements) {
	t.space()
	t.put("{")
	t.comma = false
	t.members(d, 1)
	t.put("}")
}

func (t *text) space() {
	if len(t.b) > 0 {
		t.put(" ")
	}
}

// sequence adds a section of documents by the first of them.
func (t *text) sequence(name []byte, d elements) {
	t.key(name)
	t.put("[{")
	t.comma = false
	t.members(d, 1)
	t.put("}]")
	t.comma = true
}

// members adds the fields of a document. At depth 0 they are of the command:
// names are shown there, and what every command has is left out.
func (t *text) members(d elements, depth int) {
	first, getMore := true, false
	for len(t.b) < maxText {
		e, ok := d.next()
		if !ok {
			return
		}
		if depth == 0 && noise(e.name) {
			continue
		}
		t.key(e.name)
		known := subject(hidden)
		if depth == 0 && first {
			known = subjectOf(e.name)
			getMore = string(e.name) == "getMore"
		}
		switch {
		case known == wrapped:
			t.nested(&e, 0)
		case known != hidden && e.text() != nil,
			depth == 0 && string(e.name) == "$db" && e.text() != nil,
			getMore && string(e.name) == "collection" && e.text() != nil:
			t.put(`"`)
			t.name(e.text())
			t.put(`"`)
		default:
			t.value(&e, depth+1)
		}
		t.comma = true
		first = false
	}
}

// noise reports whether a field says nothing of a command.
func noise(name []byte) bool {
	switch string(name) {
	case "lsid", "$clusterTime", "$readPreference", "comment", "apiVersion", "apiStrict", "apiDeprecationErrors":
		return true
	}
	return false
}

// nested adds a command within another.
func (t *text) nested(e *element, depth int) {
	d, ok := e.inner()
	if !ok || e.kind != typeDocument {
		t.put("?")
		return
	}
	t.put("{")
	t.comma = false
	first := true
	for len(t.b) < maxText {
		in, ok := d.next()
		if !ok {
			break
		}
		t.key(in.name)
		if first && subjectOf(in.name) != hidden && in.text() != nil {
			t.put(`"`)
			t.name(in.text())
			t.put(`"`)
		} else {
			t.value(&in, depth+2)
		}
		t.comma, first = true, false
	}
	t.put("}")
}

// value adds the shape of a value.
func (t *text) value(e *element, depth int) {
	d, ok := e.inner()
	if !ok || depth >= maxDepth {
		t.put("?")
		return
	}
	if e.kind == typeDocument {
		t.put("{")
		t.comma = false
		t.members(d, depth)
		t.put("}")
		return
	}
	t.array(d, depth, depth == 1 && string(e.name) != "pipeline")
}

// array adds the documents of an array, only the first of those that are alike;
// other values are one question mark.
func (t *text) array(d elements, depth int, alike bool) {
	t.put("[")
	plain, comma := false, false
	for len(t.b) < maxText {
		e, ok := d.next()
		if !ok {
			break
		}
		nested := e.kind == typeDocument || e.kind == typeArray
		if !nested && plain {
			continue
		}
		plain = plain || !nested
		if comma {
			t.put(",")
		}
		t.value(&e, depth+1)
		comma = true
		if nested && alike {
			break
		}
	}
	t.put("]")
}
