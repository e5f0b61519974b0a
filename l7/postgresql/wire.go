package postgresql

import (
	"bytes"
	"encoding/binary"
)

// Messages of the frontend (55.7, "Message Formats").
const (
	fBind     = 'B'
	fClose    = 'C'
	fCopyData = 'd'
	fCopyDone = 'c'
	fCopyFail = 'f'
	fDescribe = 'D'
	fExecute  = 'E'
	fFlush    = 'H'
	fFunction = 'F'
	fParse    = 'P'
	fPassword = 'p' // PasswordMessage, SASLInitialResponse, SASLResponse, GSSResponse
	fQuery    = 'Q'
	fSync     = 'S'
	fEnd      = 'X'
)

// Messages of the backend (55.7).
const (
	bAuthentication = 'R'
	bKeyData        = 'K'
	bBindComplete   = '2'
	bCloseComplete  = '3'
	bComplete       = 'C'
	bCopyData       = 'd'
	bCopyDone       = 'c'
	bCopyIn         = 'G'
	bCopyOut        = 'H'
	bCopyBoth       = 'W'
	bRow            = 'D'
	bEmpty          = 'I'
	bError          = 'E'
	bFunction       = 'V'
	bNegotiate      = 'v'
	bNoData         = 'n'
	bNotice         = 'N'
	bNotification   = 'A'
	bParameters     = 't'
	bStatus         = 'S'
	bParseComplete  = '1'
	bSuspended      = 's'
	bReady          = 'Z'
	bRowDescription = 'T'
)

// Codes where a start-up packet has its version (55.7, StartupMessage,
// SSLRequest, GSSENCRequest, CancelRequest).
const (
	codeCancel = 1234<<16 | 5678
	codeSSL    = 1234<<16 | 5679
	codeGSS    = 1234<<16 | 5680
	majorOurs  = 3
)

// header is the type of a message and its length, which counts itself.
const header = 5

// maxStartup is MAX_STARTUP_PACKET_LENGTH of the server.
const maxStartup = 10000

// sizes are the lengths that a message of a type may have, header included.
type sizes struct{ least, most int }

const huge = 1<<30 + 1 // PQ_LARGE_MESSAGE_LIMIT

// front and back are the messages of the two sides; most is 0 for bytes that
// begin none.
var front = [256]sizes{
	fBind: {header + 8, huge}, fClose: {header + 2, huge}, fCopyData: {header, huge}, fCopyDone: {header, header},
	fCopyFail: {header + 1, huge}, fDescribe: {header + 2, huge}, fExecute: {header + 5, huge}, fFlush: {header, header},
	fFunction: {header + 10, huge}, fParse: {header + 4, huge}, fPassword: {header, 1 << 20}, fQuery: {header + 1, huge},
	fSync: {header, header}, fEnd: {header, header},
}

var back = [256]sizes{
	bAuthentication: {header + 4, 1 << 20}, bKeyData: {header + 8, header + 4 + 256}, bBindComplete: {header, header},
	bCloseComplete: {header, header}, bComplete: {header + 1, maxTag}, bCopyData: {header, huge}, bCopyDone: {header, header},
	bCopyIn: {header + 3, header + 3 + 2*1664}, bCopyOut: {header + 3, header + 3 + 2*1664}, bCopyBoth: {header + 3, header + 3 + 2*1664},
	bRow: {header + 2, huge}, bEmpty: {header, header}, bError: {header + 1, 1 << 24}, bFunction: {header + 4, huge},
	bNegotiate: {header + 8, 1 << 16}, bNoData: {header, header}, bNotice: {header + 1, 1 << 24}, bNotification: {header + 6, 1 << 16},
	bParameters: {header + 2, header + 2 + 4<<16}, bStatus: {header + 2, 1 << 20}, bParseComplete: {header, header},
	bSuspended: {header, header}, bReady: {header + 1, header + 1}, bRowDescription: {header + 2, 1 << 24},
}

// size is the length of the message that begins b, of at least header bytes;
// ok is false if it is none of those.
func size(of *[256]sizes, b []byte) (n int, ok bool) {
	s := &of[b[0]]
	u := binary.BigEndian.Uint32(b[1:])
	if u >= huge {
		return 0, false
	}
	n = int(u) + 1
	return n, n >= s.least && n <= s.most
}

// cstring cuts a string off its terminating zero; ok is false if there is none.
func cstring(b []byte) (s, rest []byte, ok bool) {
	i := bytes.IndexByte(b, 0)
	if i < 0 {
		return b, nil, false
	}
	return b[:i], b[i+1:], true
}

// before compares sequence numbers (RFC 9293, section 3.4).
func before(a, b uint32) bool { return int32(a-b) < 0 }
