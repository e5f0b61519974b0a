package memcached

import be "encoding/binary"

// headSize is the size of a binary header ("Packet Structure").
const headSize = 24

// Magic bytes.
const (
	magicRequest  = 0x80
	magicResponse = 0x81
)

// head is a binary header.
type head struct {
	opcode uint8
	key    int
	extras int
	status uint16 // of responses
	body   int64  // extras, key and value
	opaque uint32
}

// readHead reads a header of 24 bytes. What no peer sends is refused: key and
// extras that do not fit the body, data types and commands that do not exist.
func readHead(b []byte, magic byte) (h head, ok bool) {
	h = head{
		opcode: b[1],
		key:    int(be.BigEndian.Uint16(b[2:])),
		extras: int(b[4]),
		status: be.BigEndian.Uint16(b[6:]),
		body:   int64(be.BigEndian.Uint32(b[8:])),
		opaque: be.BigEndian.Uint32(b[12:]),
	}
	o := operations[h.opcode]
	if b[0] != magic || b[5] > 7 || o.name == "" || int64(h.key+h.extras) > h.body || h.body > maxBody || h.key > maxKey {
		return h, false
	}
	if magic == magicResponse {
		return h, h.answers()
	}
	if h.extras != int(o.extras) && (h.extras != 0 || o.extras != flushExtras) {
		return h, false
	}
	return h, (h.key > 0) == needsKey(h.opcode) || h.opcode == 0x10 // of statistics: which
}

// answers reports whether a response may look like this: flags stand only in
// front of a value, keys only where they were asked for, errors are short texts.
func (h *head) answers() bool {
	value := isGet(h.opcode) && h.status == 0
	switch {
	case statusName(h.status) == unknownStatus:
		return false
	case value != (h.extras == 4) && h.opcode != 0x1c || h.extras != 0 && h.extras != 4:
		return false
	case h.status != 0:
		return h.body < 512
	case value || h.opcode == 0x10:
		return true
	case h.opcode == 0x05 || h.opcode == 0x06:
		return h.key == 0 && h.body == 8
	}
	return h.key == 0 && h.body < 512
}

// needsKey reports whether a command is about a key.
func needsKey(opcode uint8) bool {
	switch opcode {
	case 0x07, 0x08, 0x0a, 0x0b, 0x10, 0x17, 0x18, 0x1b, 0x20:
		return false
	}
	return true
}

// operation is a command of the binary protocol ("Command Opcodes"), named as
// Wireshark does.
type operation struct {
	name   string
	extras uint8 // bytes of extras in a request
	quiet  bool  // answered only when there is something to say
}

var operations = [256]operation{
	0x00: {name: "get"}, 0x01: {name: "set", extras: 8}, 0x02: {name: "add", extras: 8}, 0x03: {name: "replace", extras: 8},
	0x04: {name: "delete"}, 0x05: {name: "increment", extras: 20}, 0x06: {name: "decrement", extras: 20}, 0x07: {name: "quit"},
	0x08: {name: "flush", extras: flushExtras}, 0x09: {name: "get quietly", quiet: true}, 0x0a: {name: "no-op"}, 0x0b: {name: "version"},
	0x0c: {name: "get key"}, 0x0d: {name: "get key quietly", quiet: true}, 0x0e: {name: "append"}, 0x0f: {name: "prepend"},
	0x10: {name: "statistics"}, 0x11: {name: "set quietly", extras: 8, quiet: true}, 0x12: {name: "add quietly", extras: 8, quiet: true},
	0x13: {name: "replace quietly", extras: 8, quiet: true}, 0x14: {name: "delete quietly", quiet: true},
	0x15: {name: "increment quietly", extras: 20, quiet: true}, 0x16: {name: "decrement quietly", extras: 20, quiet: true},
	0x17: {name: "quit quietly", quiet: true}, 0x18: {name: "flush quietly", extras: flushExtras, quiet: true},
	0x19: {name: "append quietly", quiet: true}, 0x1a: {name: "prepend quietly", quiet: true}, 0x1b: {name: "verbosity", extras: 4},
	0x1c: {name: "touch", extras: 4}, 0x1d: {name: "get and touch", extras: 4}, 0x1e: {name: "get and touch quietly", extras: 4, quiet: true},
	0x20: {name: "sasl list mechanisms"}, 0x21: {name: "sasl authenticate"}, 0x22: {name: "sasl step"},
	0x23: {name: "get and touch key", extras: 4}, 0x24: {name: "get and touch key quietly", extras: 4, quiet: true},
}

// flushExtras stands for extras that may be absent.
const flushExtras = 4

// statusName names those of the binary protocol ("Response Status").
func statusName(s uint16) string {
	switch s {
	case 0x00:
		return "No error"
	case 0x01:
		return "Key not found"
	case 0x02:
		return "Key exists"
	case 0x03:
		return "Value too large"
	case 0x04:
		return "Invalid arguments"
	case 0x05:
		return "Item not stored"
	case 0x06:
		return "Non-numeric value"
	case 0x20:
		return "Authentication error"
	case 0x21:
		return "Authentication continue"
	case 0x81:
		return "Unknown command"
	case 0x82:
		return "Out of memory"
	case 0x83:
		return "Not supported"
	case 0x84:
		return "Internal error"
	case 0x85:
		return "Busy"
	case 0x86:
		return "Temporary failure"
	}
	return unknownStatus
}

const unknownStatus = "Unknown status"

// failure reports whether a status is an error and not an outcome.
func failure(s uint16) bool {
	switch s {
	case 0x00, 0x01, 0x02, 0x05, 0x21:
		return false
	}
	return true
}
