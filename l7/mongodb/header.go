package mongodb

import "encoding/binary"

// Opcodes (wire protocol, "Opcodes"; legacy opcodes).
const (
	opReply        = 1
	opUpdate       = 2001
	opInsert       = 2002
	opQuery        = 2004
	opGetMore      = 2005
	opDelete       = 2006
	opKillCursors  = 2007
	opCommand      = 2010 // 3.2 to 4.0, between servers
	opCommandReply = 2011
	opCompressed   = 2012
	opMsg          = 2013
)

// Sizes of messages ("Standard Message Header"; maxMessageSizeBytes of hello).
const (
	headLen = 16
	maxSize = 48_000_000 + 16<<10
	maxCode = 3000 // no opcode is as large
)

// header is the standard message header.
type header struct {
	size       int
	id, answer uint32 // requestID, responseTo
	code       uint32
}

// readHeader reads the header of which b has all bytes; ok says whether it may
// be one.
func readHeader(b []byte) (h header, ok bool) {
	h.size = int(binary.LittleEndian.Uint32(b))
	h.id = binary.LittleEndian.Uint32(b[4:])
	h.answer = binary.LittleEndian.Uint32(b[8:])
	h.code = binary.LittleEndian.Uint32(b[12:])
	return h, h.size >= headLen && h.size <= maxSize && h.code < maxCode
}

// opcode is the name of an opcode, empty if it has none.
func opcode(code uint32) string {
	switch code {
	case opReply:
		return "OP_REPLY"
	case opUpdate:
		return "OP_UPDATE"
	case opInsert:
		return "OP_INSERT"
	case opQuery:
		return "OP_QUERY"
	case opGetMore:
		return "OP_GET_MORE"
	case opDelete:
		return "OP_DELETE"
	case opKillCursors:
		return "OP_KILL_CURSORS"
	case opCommand:
		return "OP_COMMAND"
	case opCommandReply:
		return "OP_COMMANDREPLY"
	case opCompressed:
		return "OP_COMPRESSED"
	case opMsg:
		return "OP_MSG"
	}
	return ""
}

// asks reports whether only clients send an opcode, answers whether only servers do.
func asks(code uint32) bool    { return code >= opUpdate && code <= opCommand }
func answers(code uint32) bool { return code == opReply || code == opCommandReply }
