package mqtt

import "github.com/wirespan/wirespan/l7"

// Properties that are looked at (2.2.2.2).
const (
	propResponseTopic = 0x08
	propCorrelation   = 0x09
	propAssignedID    = 0x12
	propAlias         = 0x23
	propUser          = 0x26
)

// shape is the type of a property's value.
type shape uint8

const (
	none shape = iota
	aByte
	twoBytes
	fourBytes
	aVarint
	aText
	aPair
)

// shapes of the properties by their identifier.
var shapes = [...]shape{
	0x01: aByte, 0x02: fourBytes, 0x03: aText, propResponseTopic: aText, propCorrelation: aText, 0x0b: aVarint,
	0x11: fourBytes, propAssignedID: aText, 0x13: twoBytes, 0x15: aText, 0x16: aText, 0x17: aByte, 0x18: fourBytes, 0x19: aByte,
	0x1a: aText, 0x1c: aText, 0x1f: aText, 0x21: twoBytes, 0x22: twoBytes, propAlias: twoBytes, 0x24: aByte, 0x25: aByte,
	propUser: aPair, 0x27: fourBytes, 0x28: aByte, 0x29: aByte, 0x2a: aByte,
}

// properties are those of one packet, borrowed from the input.
type properties struct {
	user          []byte // the list itself, for identify
	responseTopic []byte
	correlation   []byte
	assigned      []byte
	alias         int
}

// readProperties reads a list of properties; ok is false if it is damaged.
func readProperties(list []byte) (p properties, ok bool) {
	f := fields{list, true}
	for len(f.b) > 0 && f.ok {
		id, v, n := f.property()
		switch id {
		case propResponseTopic:
			p.responseTopic = v
		case propCorrelation:
			p.correlation = v
		case propAssignedID:
			p.assigned = v
		case propAlias:
			p.alias = n
		}
	}
	p.user = list
	return p, f.ok
}

// property reads one property: text is its value or the name of a pair, of
// which the value is left to be read, and n a number of two bytes.
func (f *fields) property() (id byte, text []byte, n int) {
	id = f.byte()
	if int(id) >= len(shapes) {
		f.ok = false
		return id, nil, 0
	}
	switch shapes[id] {
	case none:
		f.ok = false
	case aByte:
		f.byte()
	case twoBytes:
		n = f.uint16()
	case fourBytes:
		f.take(4)
	case aVarint:
		f.varint()
	case aText:
		text = f.text()
	case aPair:
		text = f.text()
		f.text()
	}
	return id, text, n
}

// identify takes IDs from user properties (3.3.2.3.7).
func (p *parser) identify(m *l7.Message, list []byte) {
	f := fields{list, true}
	for len(f.b) > 0 && f.ok {
		if f.b[0] != propUser {
			f.property()
			continue
		}
		f.byte()
		name, value := f.text(), f.text()
		if !f.ok {
			return
		}
		if c := p.ids.Match(name); c != l7.IDNone {
			m.ID(c, name, value)
		}
	}
}
