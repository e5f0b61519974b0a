package mongodb

import (
	"bytes"
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// Flags of OP_QUERY.
const queryExhaust = 1 << 6

// request tells a request. b is its body, which has room bytes if it is whole.
func (p *parser) request(h *header, code uint32, compressor int, b []byte, room int, out *l7.Emitter) bool {
	p.cmd = command{}
	p.text.reset()
	if !p.readRequest(h, code, b, room) {
		return false
	}
	c := &p.cmd
	if len(c.name) == 0 {
		if len(b) >= room {
			return false // it is whole and has no name: no command
		}
		return true // cut before its name: no message can be told
	}
	kind := l7.Request
	if c.oneWay {
		kind = l7.OneWay
	}
	m := out.Begin(kind)
	m.Match = uint64(h.id)
	m.Op, m.Resource = c.name, c.collection
	m.Size = int64(h.size - headLen)
	m.HeadSize = min(h.size, packedLen)
	m.Str(keySystem, system)
	m.Str(keyOperation, c.name)
	if len(p.text.b) > 0 {
		m.Str(keyQuery, p.text.b)
	}
	put(m, keyCollection, c.collection)
	put(m, keyNamespace, c.db)
	put(m, keyApplication, c.application)
	m.Str(keyOpcode, opcodes[code])
	if compressor >= 0 {
		m.Str(keyCompressor, compressors[compressor])
	}
	p.ids(m)
	p.found = true
	p.remember(h.id)
	out.Emit(l7.ToServer)
	return true
}

// remember notes what the reply to a request needs.
func (p *parser) remember(id uint32) {
	if p.cmd.oneWay {
		p.silent.add(id)
		return
	}
	p.silent.drop(id)
	if p.cmd.writes {
		p.writes.add(id)
	} else {
		p.writes.drop(id)
	}
	p.asked.add(id)
	p.stream = p.stream || p.cmd.exhaust
}

// opcodes are the names as attributes have them.
var opcodes = map[uint32][]byte{
	opMsg: []byte("OP_MSG"), opQuery: []byte("OP_QUERY"), opInsert: []byte("OP_INSERT"), opUpdate: []byte("OP_UPDATE"),
	opDelete: []byte("OP_DELETE"), opGetMore: []byte("OP_GET_MORE"), opKillCursors: []byte("OP_KILL_CURSORS"), opCommand: []byte("OP_COMMAND"),
}

// put sets an attribute that has a value.
func put(m *l7.Message, key uint8, v []byte) {
	if len(v) > 0 {
		m.Str(key, v)
	}
}

// readRequest fills command and text.
func (p *parser) readRequest(h *header, code uint32, b []byte, room int) bool {
	if code == opMsg {
		return p.readMsg(b, room)
	}
	return p.readLegacy(code, b)
}

// readMsg reads the sections of an OP_MSG.
func (p *parser) readMsg(b []byte, room int) bool {
	if len(b) < 5 {
		return len(b) < room
	}
	flags := binary.LittleEndian.Uint32(b)
	if flags&0xffff&^knownFlags != 0 {
		return false
	}
	p.cmd.oneWay, p.cmd.exhaust = flags&flagMore != 0, flags&flagExhaust != 0
	if flags&flagChecksum != 0 { // CRC-32C of all of it
		room -= 4
	}
	b, room = b[4:min(len(b), max(room, 4))], room-4
	p.text.open()
	for room > 0 && len(b) >= 5 {
		n := 0
		switch b[0] {
		case 0:
			d, size, ok := document(b[1:])
			if !ok || 1+size > room {
				return false
			}
			p.cmd.read(d)
			p.text.members(d, 0)
			n = 1 + size
		case 1:
			size := int64(binary.LittleEndian.Uint32(b[1:]))
			if size < 5 || size >= int64(room) {
				return false
			}
			n = 1 + int(size)
			p.sequence(b[5:min(n, len(b))])
		default:
			return false
		}
		b, room = b[min(n, len(b)):], room-n
	}
	p.text.shut()
	p.cmd.settle()
	return true
}

// sequence reads a section of documents: its name, and the first of them.
func (p *parser) sequence(b []byte) {
	name, docs := cursor.Cut(b, 0)
	if len(name) > 64 {
		return
	}
	p.cmd.sequence = name
	d, _, ok := document(docs)
	if ok {
		p.text.sequence(name, d)
	}
}

// readLegacy reads the opcodes of old clients.
func (p *parser) readLegacy(code uint32, b []byte) bool {
	c := &p.cmd
	if code == opCommand {
		return p.readCommand(b)
	}
	if code == opKillCursors {
		c.name, c.oneWay = killCursors, true
		return true
	}
	if len(b) < 4 {
		return true
	}
	flags := binary.LittleEndian.Uint32(b)
	i := bytes.IndexByte(b[4:min(len(b), 4+maxName)], 0)
	if i < 0 {
		return len(b) < 4+maxName
	}
	space, rest := b[4:4+i], b[5+i:]
	c.db, c.collection = cursor.Cut(space, '.')
	p.text.name(space)
	switch code {
	case opInsert:
		c.name, c.oneWay = insert, true
		p.show(rest)
	case opUpdate, opDelete:
		c.name, c.oneWay = update, true
		if code == opDelete {
			c.name = remove
		}
		if len(rest) > 4 {
			n := p.show(rest[4:])
			if code == opUpdate && n > 0 {
				p.show(rest[4+n:])
			}
		}
	case opGetMore:
		c.name = getMore
	case opQuery:
		c.exhaust = flags&queryExhaust != 0
		if len(rest) > 8 {
			p.query(rest[8:])
		} else {
			c.name, c.collection = nil, nil
		}
	}
	return true
}

// show adds a document to the text and gives its size, 0 if it is not whole.
func (p *parser) show(b []byte) int {
	d, n, ok := document(b)
	if !ok {
		return 0
	}
	p.cmd.search(d)
	p.text.document(d)
	if n > len(b) {
		return 0
	}
	return n
}

// query reads the document of an OP_QUERY: a query, or a command.
func (p *parser) query(b []byte) {
	c := &p.cmd
	d, _, ok := document(b)
	if !ok {
		return
	}
	if string(c.collection) != "$cmd" {
		c.name = find
		c.search(d)
		p.text.document(d)
		return
	}
	c.collection = nil
	inner := d
	if e, ok := inner.next(); ok && (string(e.name) == "$query" || string(e.name) == "query") {
		if q, ok := e.inner(); ok {
			c.search(d)
			d = q
		}
	}
	db := c.db
	c.read(d)
	c.settle()
	if len(c.db) == 0 {
		c.db = db
	}
	p.text.command(d)
}

// readCommand reads an OP_COMMAND: database, name, arguments, metadata.
func (p *parser) readCommand(b []byte) bool {
	c := &p.cmd
	i := bytes.IndexByte(b, 0)
	if i < 0 {
		return true
	}
	c.db = b[:i]
	b = b[i+1:]
	if i = bytes.IndexByte(b, 0); i <= 0 {
		return i != 0
	}
	name := b[:i]
	if d, n, ok := document(b[i+1:]); ok {
		first := d
		if e, ok := first.next(); !ok || !bytes.Equal(e.name, name) { // 3.2 has the metadata first
			if k := i + 1 + n; k < len(b) {
				d, _, _ = document(b[k:])
			}
		}
		db := c.db
		c.read(d)
		c.settle()
		c.db = db
		p.text.command(d)
	}
	c.name = name
	return true
}
