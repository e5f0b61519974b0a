package cassandra

import "encoding/binary"

// Opcodes (section 2.4).
const (
	opError         = 0x00
	opStartup       = 0x01
	opReady         = 0x02
	opAuthenticate  = 0x03
	opOptions       = 0x05
	opSupported     = 0x06
	opQuery         = 0x07
	opResult        = 0x08
	opPrepare       = 0x09
	opExecute       = 0x0a
	opRegister      = 0x0b
	opEvent         = 0x0c
	opBatch         = 0x0d
	opAuthChallenge = 0x0e
	opAuthResponse  = 0x0f
	opAuthSuccess   = 0x10
)

// Flags of frames (section 2.2).
const (
	flagCompressed = 0x01
	flagTracing    = 0x02
	flagPayload    = 0x04
	flagWarning    = 0x08
	knownFlags     = 0x1f
)

// Sizes (section 2): no body is longer than 256 MB.
const (
	headLen   = 9
	maxBody   = 256 << 20
	response  = 0x80
	eventID   = 0xffff // stream -1
	minServed = 3      // versions
	maxServed = 5
)

// frame is the header of a frame, which version 5 calls an envelope.
type frame struct {
	version, flags, op byte
	stream             uint16
	size               int // with the header
}

// readFrame reads the header of which b has all bytes. asked says whether the
// client sends it; ok whether it may be one.
func readFrame(asked bool, b []byte) (f frame, ok bool) {
	f = frame{version: b[0] &^ response, flags: b[1], op: b[4], stream: binary.BigEndian.Uint16(b[2:])}
	n := binary.BigEndian.Uint32(b[5:])
	f.size = headLen + int(n)
	return f, asked == (b[0]&response == 0) && f.version >= minServed && f.version <= maxServed &&
		f.flags&^knownFlags == 0 && n <= maxBody && fits(asked, f.op)
}

// fits reports whether an opcode is sent in a direction.
func fits(asked bool, op byte) bool {
	switch op {
	case opStartup, opOptions, opQuery, opPrepare, opExecute, opRegister, opBatch, opAuthResponse:
		return asked
	case opError, opReady, opAuthenticate, opSupported, opResult, opEvent, opAuthChallenge, opAuthSuccess:
		return !asked
	}
	return false
}

// operations are the names of requests.
var operations = [...][]byte{
	opStartup: []byte("STARTUP"), opOptions: []byte("OPTIONS"), opQuery: []byte("QUERY"), opPrepare: []byte("PREPARE"),
	opExecute: []byte("EXECUTE"), opRegister: []byte("REGISTER"), opEvent: []byte("EVENT"), opBatch: []byte("BATCH"),
	opAuthResponse: []byte("AUTH_RESPONSE"),
}

// versions are the values of network.protocol.version.
var versions = [...][]byte{3: []byte("3"), 4: []byte("4"), 5: []byte("5")}

// consistencies are the levels (section 3, [consistency]).
var consistencies = [...][]byte{
	[]byte("any"), []byte("one"), []byte("two"), []byte("three"), []byte("quorum"), []byte("all"), []byte("local_quorum"),
	[]byte("each_quorum"), []byte("serial"), []byte("local_serial"), []byte("local_one"),
}
