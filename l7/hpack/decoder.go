package hpack

// Tag is what a user of the package calls a field name, so that it is looked at
// once and not in every block. 0 is for names that nobody asks for: their values
// are not decoded.
type Tag uint8

// Tags gives names their tags.
type Tags struct {
	static [StaticSize + 1]Tag
	of     func(name []byte) Tag
}

// NewTags asks for the tags of the static table and keeps of for other names.
func NewTags(of func(name []byte) Tag) *Tags {
	t := &Tags{of: of}
	for i := 1; i <= StaticSize; i++ {
		t.static[i] = of(staticText[i].name)
	}
	return t
}

// Field is a header field. Name and Value are borrowed until the next Begin.
type Field struct {
	Name, Value []byte
	Tag         Tag
	// Unknown says that the field refers to an entry of the dynamic table that
	// was not seen: Name is nil. Value means something only where
	// Tag is not 0.
	Unknown bool
}

// Decoder reads the header blocks of one direction of a connection, one after
// the other.
type Decoder struct {
	tags *Tags
	t    table
	b    []byte
	text []byte // strings of the block that were coded and are not in the table
	bad  bool
}

// Init makes a Decoder ready.
func (d *Decoder) Init(tags *Tags) { d.tags, d.t.max = tags, usualMax }

// Begin starts a header block. All of it must be at hand.
func (d *Decoder) Begin(block []byte) {
	d.t.settle()
	d.b, d.text, d.bad = block, d.text[:0], false
}

// Bad reports whether the block ended before its end: it is damaged, or not all
// of it is there. What was read until then is right.
func (d *Decoder) Bad() bool { return d.bad }

// Forget says that header blocks, or the end of one, were lost: no index refers
// to anything known until new entries come.
func (d *Decoder) Forget() { d.t.clear() }

// Next reads the next field. It returns false at the end of the block.
func (d *Decoder) Next(f *Field) bool {
	for len(d.b) > 0 {
		c := d.b[0]
		switch {
		case c >= 0x80: // RFC 7541, 6.1
			i, n := uint64(c&0x7f), 1
			if i == 0x7f {
				i, n = integer(d.b, 0x7f)
			}
			if i == 0 || n == 0 {
				return d.fail()
			}
			d.b = d.b[n:]
			d.indexed(f, i)
			return true
		case c >= 0x40: // 6.2.1
			return d.insert(f)
		case c >= 0x20: // 6.3
			v, n := integer(d.b, 0x1f)
			if n == 0 {
				return d.fail()
			}
			d.b = d.b[n:]
			d.t.resize(v)
		default: // 6.2.2, 6.2.3
			return d.literal(f)
		}
	}
	return false
}

func (d *Decoder) fail() bool {
	d.b, d.bad = nil, true
	return false
}

// indexed takes name and value from a table.
func (d *Decoder) indexed(f *Field, i uint64) {
	if i <= StaticSize {
		s := &staticText[i]
		f.Name, f.Value, f.Tag, f.Unknown = s.name, s.value, d.tags.static[i], false
		return
	}
	e := d.t.find(i - StaticSize - 1)
	if e == nil {
		*f = Field{Unknown: true}
		return
	}
	f.Name, f.Value = d.t.text(e)
	if f.Tag, f.Unknown = e.tag, e.nameless; e.tag == 0 {
		f.Value = nil // perhaps it was not decoded
	}
	if e.nameless {
		f.Name = nil
	}
}

// literal reads a field that does not go into the table.
func (d *Decoder) literal(f *Field) bool {
	i, n := integer(d.b, 0x0f)
	if n == 0 {
		return d.fail()
	}
	d.b = d.b[n:]
	var ok bool
	if i > 0 {
		d.indexed(f, i)
	} else {
		if f.Name, ok = d.str(); !ok {
			return false
		}
		f.Tag, f.Unknown = d.tags.of(f.Name), false
	}
	if f.Value = nil; f.Tag == 0 {
		_, _, ok = d.raw()
		return ok
	}
	f.Value, ok = d.str()
	return ok
}

// str reads a string literal (RFC 7541, 5.2).
func (d *Decoder) str() (s []byte, ok bool) {
	s, coded, ok := d.raw()
	if !ok || !coded {
		return s, ok
	}
	from := len(d.text)
	if d.text, ok = appendHuffman(d.text, s); !ok {
		return nil, d.fail()
	}
	return d.text[from:len(d.text):len(d.text)], true
}

// raw cuts a string literal off the block.
func (d *Decoder) raw() (s []byte, coded, ok bool) {
	b := d.b
	if len(b) == 0 {
		return nil, false, d.fail()
	}
	v, n := uint64(b[0]&0x7f), 1
	if v == 0x7f {
		v, n = integer(b, 0x7f)
	}
	if n == 0 || v > uint64(len(b)-n) {
		return nil, false, d.fail()
	}
	end := n + int(v)
	s, coded = b[n:end], b[0]&0x80 != 0
	d.b = b[end:]
	return s, coded, true
}

// insert reads a field that goes into the table.
func (d *Decoder) insert(f *Field) bool {
	i, n := integer(d.b, 0x3f)
	if n == 0 {
		return d.fail()
	}
	d.b = d.b[n:]
	t := &d.t
	from := len(t.data)
	if t.full() {
		t.clear()
		return d.fail()
	}
	e := entry{at: t.base + uint32(from)}
	if i > 0 {
		d.indexed(f, i)
		e.tag, e.nameless = f.Tag, f.Unknown
		t.data = append(t.data, f.Name...)
	} else if !d.take() {
		return false
	} else {
		e.tag = d.tags.of(t.data[from:])
	}
	e.name = uint32(len(t.data) - from)
	if e.tag == 0 && d.pass(&e) {
		f.Name, _ = t.text(&e)
		if f.Value, f.Tag, f.Unknown = nil, 0, e.nameless; e.nameless {
			f.Name = nil
		}
		t.insert(e)
		return true
	}
	if d.bad || !d.take() {
		t.data = t.data[:from]
		return false
	}
	e.value = uint32(len(t.data)-from) - e.name
	f.Name, f.Value = t.text(&e)
	if f.Tag, f.Unknown = e.tag, e.nameless; e.nameless {
		f.Name = nil
	}
	t.insert(e)
	return true
}

// pass leaves a value undecoded, unless it must be known whether the entry fits
// into the table: a coded string is at most 8/5 as long when it is decoded.
func (d *Decoder) pass(e *entry) bool {
	b := d.b
	s, _, ok := d.raw()
	if !ok {
		return false
	}
	if e.name+overhead+uint32(len(s))*8/5+1 > d.t.max {
		d.b = b
		return false
	}
	e.unread = uint32(len(s))
	return true
}

// take reads a string literal into the table's bytes.
func (d *Decoder) take() (ok bool) {
	s, coded, ok := d.raw()
	if !ok {
		return false
	}
	if !coded {
		d.t.data = append(d.t.data, s...)
		return true
	}
	n := len(d.t.data)
	if d.t.data, ok = appendHuffman(d.t.data, s); !ok {
		d.t.data = d.t.data[:n]
		return d.fail()
	}
	return true
}
