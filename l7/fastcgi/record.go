package fastcgi

import "encoding/binary"

// headSize is the size of a record's header (section 3.3).
const headSize = 8

// Record types (section 8).
const (
	beginRequest = 1 + iota
	abortRequest
	endRequest
	params
	stdin
	stdout
	stderr
	data
	getValues
	getValuesResult
	unknownType
)

// Roles (section 6) and the flag of a BEGIN_REQUEST.
const (
	responder  = 1
	authorizer = 2
	filter     = 3
)

// record is the header of a record.
type record struct {
	kind uint8
	id   uint16
	size int // of the content
	pad  int
}

// readRecord reads a header; ok is false if it is none that travels in this direction.
func readRecord(b []byte, toServer bool) (r record, ok bool) {
	r = record{kind: b[1], id: binary.BigEndian.Uint16(b[2:]), size: int(binary.BigEndian.Uint16(b[4:])), pad: int(b[6])}
	if b[0] != 1 {
		return r, false
	}
	switch r.kind {
	case beginRequest:
		return r, toServer && r.id != 0 && r.size == 8
	case abortRequest:
		return r, toServer && r.id != 0
	case params, stdin, data:
		return r, toServer && r.id != 0
	case getValues:
		return r, toServer && r.id == 0
	case endRequest:
		return r, !toServer && r.id != 0 && r.size == 8
	case stdout, stderr:
		return r, !toServer && r.id != 0
	case getValuesResult, unknownType:
		return r, !toServer && r.id == 0
	}
	return r, false
}

// pair reads a name and its value from b (section 3.4); rest is what follows.
func pair(b []byte) (name, value, rest []byte, ok bool) {
	n, b, ok := length(b)
	if !ok {
		return nil, nil, nil, false
	}
	v, b, ok := length(b)
	if !ok || n+v > len(b) {
		return nil, nil, nil, false
	}
	return b[:n], b[n : n+v], b[n+v:], true
}

func length(b []byte) (n int, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	if b[0] < 0x80 {
		return int(b[0]), b[1:], true
	}
	if len(b) < 4 {
		return 0, nil, false
	}
	return int(binary.BigEndian.Uint32(b) &^ (1 << 31)), b[4:], true
}
